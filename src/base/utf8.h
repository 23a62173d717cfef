#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace peel {

// What a text begins with.
struct Utf8Character {
  uint32_t code = 0;
  size_t size = 1;  // bytes; 1 where they are no character
  bool is_valid = false;
};

// By RFC 3629: no surrogates, nothing in more bytes than it needs, nothing above U+10FFFF. `text`
// has a byte at least.
Utf8Character FirstUtf8Character(std::string_view text);

bool IsUtf8(std::string_view text);

// What is no character (a surrogate, above U+10FFFF) is written as U+FFFD.
void AppendUtf8(uint32_t code, std::string* to);

}  // namespace peel
