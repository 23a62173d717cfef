#include "src/library/store/path_text.h"

#include <algorithm>
#include <cstddef>

namespace peel::library {
namespace {

uint8_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// The length of the UTF-8 character that begins at `at` (RFC 3629: shortest form, no surrogates,
// up to U+10FFFF); 0 where none does.
size_t CharacterAt(std::string_view text, size_t at) {
  const uint8_t first = ByteAt(text, at);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((ByteAt(text, at + i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = ByteAt(text, at + 1);
  const bool too_small = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool too_large = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return too_small || too_large ? 0 : length;
}

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
    const size_t length = CharacterAt(path, at);
    if (length == 0 || LooksEscaped(path, at)) {
      AppendEscaped(ByteAt(path, at), &result.text);
      result.is_exact = false;
      ++at;
    } else {
      result.text += path.substr(at, length);
      at += length;
    }
  }
  return result;
}

std::string PathOfRow(std::string_view text, std::span<const uint8_t> path_bytes) {
  if (path_bytes.empty()) return std::string(text);
  return {path_bytes.begin(), path_bytes.end()};
}

}  // namespace peel::library
