#include "src/pipeline/folder/film_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>

#include "src/base/lower.h"
#include "src/codec/sniff.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 24> kExtensions = {
    ".mp4", ".m4v", ".mov",  ".qt", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".f4v", ".3gp",
    ".3g2", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".vob", ".ogv", ".mxf", ".nut", ".y4m", ".dv"};

bool StartsLikeFilm(std::string_view head) {
  using namespace std::string_view_literals;
  const auto at = [&](size_t place, std::string_view mark) {
    return head.size() > place && head.substr(place).starts_with(mark);
  };
  // What Sniff does not know; a MOV may begin with any of these boxes.
  return at(4, "moov"sv) || at(4, "mdat"sv) || at(4, "wide"sv) || at(4, "styp"sv) ||
         at(0, "FLV\x01"sv) || at(0, "OggS"sv) || at(0, "\x00\x00\x01\xBA"sv) ||
         at(0, "\x00\x00\x01\xB3"sv) || at(0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv) ||
         (at(0, "\x47"sv) && at(188, "\x47"sv) && at(376, "\x47"sv)) || at(0, "YUV4MPEG2 "sv);
}

}  // namespace

bool HasFilmExtension(std::string_view file_name) {
  const std::string extension = LowerAscii(fs::path(file_name).extension().string());
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

bool IsFilmFile(const std::string& path) {
  std::error_code error;
  const fs::path place(path);
  if (!fs::is_regular_file(place, error)) return false;
  const bool named = HasFilmExtension(path);
  if (!named && LooksTemporary(place.filename().string())) return false;
  std::ifstream file(place, std::ios::binary);
  std::array<char, 1024> head;
  file.read(head.data(), head.size());
  const auto got = static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0));
  const Format format = Sniff({reinterpret_cast<const uint8_t*>(head.data()), got});
  if (format == Format::kVideo) return true;
  return !IsDecodable(format) && (named || StartsLikeFilm({head.data(), got}));
}

}  // namespace peel
