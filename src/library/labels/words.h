#pragma once

#include <string>
#include <string_view>

namespace peel::library {

// What a character is to a reader of words, by its Unicode category (utf8proc's tables).
enum class CharacterKind { kSpace, kLetter, kNumber, kOther };
CharacterKind KindOf(char32_t character);

// Bytes that are no UTF-8 become U+FFFD.
std::u32string FromUtf8(std::string_view text);
std::string ToUtf8(char32_t character);

// Composed (NFC) and then each character in lower case by itself, as Unicode maps it without regard
// to what stands beside it: a final sigma is a sigma.
std::u32string LowercaseNfc(const std::u32string& text);

}  // namespace peel::library
