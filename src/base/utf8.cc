#include "src/base/utf8.h"

#include <array>
#include <cstring>

namespace peel {
namespace {

bool IsCharacter(uint32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

}  // namespace

Utf8Character FirstUtf8Character(std::string_view text) {
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<uint8_t>(text[i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  if (first < 0xC2 || first > 0xF4) return {};
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (size > text.size()) return {};
  uint32_t code = first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || !IsCharacter(code)) return {};
  return {code, size, true};
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    // Eight bytes of ASCII at a time: nearly all that comes.
    uint64_t eight = 0;
    while (text.size() >= 8) {
      std::memcpy(&eight, text.data(), 8);
      if ((eight & 0x8080808080808080u) != 0) break;
      text.remove_prefix(8);
    }
    if (text.empty()) break;
    const Utf8Character first = FirstUtf8Character(text);
    if (!first.is_valid) return false;
    text.remove_prefix(first.size);
  }
  return true;
}

void AppendUtf8(uint32_t code, std::string* to) {
  if (!IsCharacter(code)) code = 0xFFFD;
  const auto tail = [&](int shift) { *to += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    *to += static_cast<char>(code);
  } else if (code < 0x800) {
    *to += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    *to += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    *to += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace peel
