#include "src/library/store/path_text.h"

#include <algorithm>
#include <cstddef>

#include "src/base/utf8.h"

namespace peel::library {
namespace {

uint8_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool LooksEscaped(std::string_view text, size_t at) {
  return at + 3 < text.size() && text[at] == '\\' && text[at + 1] == 'x' &&
         IsHexDigit(text[at + 2]) && IsHexDigit(text[at + 3]);
}

void AppendEscaped(uint8_t byte, std::string* to) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  *to += "\\x";
  *to += kDigits[byte >> 4];
  *to += kDigits[byte & 15];
}

}  // namespace

PathText TextOfPath(std::string_view path) {
  PathText result;
  result.text.reserve(path.size());
  for (size_t at = 0; at < path.size();) {
    const Utf8Character character = FirstUtf8Character(path.substr(at));
    if (!character.is_valid || LooksEscaped(path, at)) {
      AppendEscaped(ByteAt(path, at), &result.text);
      result.is_exact = false;
      ++at;
    } else {
      result.text += path.substr(at, character.size);
      at += character.size;
    }
  }
  return result;
}

std::string PathOfRow(std::string_view text, std::span<const uint8_t> path_bytes) {
  if (path_bytes.empty()) return std::string(text);
  return {path_bytes.begin(), path_bytes.end()};
}

}  // namespace peel::library
