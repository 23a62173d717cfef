#include "src/pipeline/folder/manifest_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <system_error>

#include "src/base/hash.h"

namespace peel {
namespace {

std::string Hex(uint64_t value, int digits) {
  std::array<char, 17> text = {};
  std::snprintf(text.data(), text.size(), "%0*" PRIx64, digits, value);
  return text.data();
}

bool Hexadecimal(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

uint64_t Checksum(std::string_view text) { return Hash64(text) & 0xFFFFFFFF; }

// The words of a line; more than there is room for are none.
size_t Split(std::string_view line, std::array<std::string_view, 5>& words) {
  size_t count = 0;
  while (!line.empty()) {
    if (count == words.size()) return 0;
    const size_t end = std::min(line.find(' '), line.size());
    words[count++] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return count;
}

}  // namespace

std::string EscapeName(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '%' || byte == 0x7F) {
      text.append("%").append(Hex(byte, 2));
    } else {
      text += c;
    }
  }
  return text;
}

std::string FormatManifestLine(const ManifestLine& line) {
  std::string text(line.whole ? "+ " : "- ");
  if (line.whole) {
    text.append(Hex(line.content, 16)).append(" ").append(Hex(line.settings, 16)).append(" ");
  }
  text.append(line.name);
  const std::string checksum = Hex(Checksum(text), 8);
  return text.append(" ").append(checksum).append("\n");
}

std::optional<ManifestLine> ParseManifestLine(std::string_view text) {
  std::array<std::string_view, 5> words;
  const size_t count = Split(text, words);
  if (count < 3) return std::nullopt;
  const std::string_view last = words[count - 1];
  uint64_t checksum = 0;
  if (!Hexadecimal(last, checksum)) return std::nullopt;
  if (checksum != Checksum(text.substr(0, text.size() - last.size() - 1))) return std::nullopt;
  ManifestLine line;
  line.name = words[count - 2];
  if (words[0] == "+" && count == 5) {
    line.whole = Hexadecimal(words[1], line.content) && Hexadecimal(words[2], line.settings);
  }
  return line;
}

std::string_view NameIn(std::string_view line) {
  const std::string_view before = line.substr(0, line.rfind(' '));
  return before.substr(before.rfind(' ') + 1);
}

size_t VisitManifestLines(std::string_view text,
                          const std::function<void(const ManifestLine&, std::string_view)>& visit) {
  size_t at = 0;
  for (;;) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return at;
    if (const auto line = ParseManifestLine(text.substr(at, end - at))) {
      visit(*line, text.substr(at, end + 1 - at));
    }
    at = end + 1;
  }
}

}  // namespace peel
