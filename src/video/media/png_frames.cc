#include "src/video/media/png_frames.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "src/base/os/file.h"
#include "src/base/os/unique_fd.h"

namespace peel::video {
namespace {

uint32_t Big(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
         static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
}

std::string_view View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::string PngFrameName(int64_t number) {
  std::array<char, 40> name = {};
  std::snprintf(name.data(), name.size(), "%06lld.png", static_cast<long long>(number));
  return name.data();
}

Status CheckPngFrames(const std::string& folder, int64_t frames, int width, int height,
                      bool alpha) {
  int64_t found = 0;
  ListFolder(folder, [&](std::string_view, FileKind) { ++found; });
  if (found != frames) {
    return Corrupt("the frames were read back: " + std::to_string(found) + " files instead of " +
                   std::to_string(frames));
  }
  for (int64_t i = 1; i <= frames; ++i) {
    const std::string name = PngFrameName(i);
    const UniqueFd file(OpenFile((std::filesystem::path(folder) / name).string(), kOpenRead));
    const auto info = file ? InfoOfOpen(file.get()) : std::nullopt;
    std::array<uint8_t, 26> head;
    std::array<uint8_t, 8> tail;  // the name and checksum of the last chunk
    const auto whole = static_cast<ptrdiff_t>(head.size());
    if (!info || info->size < 45 || ReadAt(file.get(), head.data(), head.size(), 0) != whole ||
        ReadAt(file.get(), tail.data(), tail.size(), info->size - tail.size()) != 8 ||
        View(head.data(), 8) != "\x89PNG\r\n\x1a\n" || View(tail.data(), 4) != "IEND") {
      return Corrupt("the frames were read back: " + name + " is torn");
    }
    if (Big(&head[16]) != static_cast<uint32_t>(width) ||
        Big(&head[20]) != static_cast<uint32_t>(height) || head[25] != (alpha ? 6 : 2)) {
      return Corrupt("the frames were read back: " + name + " has another size or colours");
    }
  }
  return OkStatus();
}

}  // namespace peel::video
