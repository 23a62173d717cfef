#include "src/library/search/folded_words.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace peel::library {
namespace {

// The letters below the accents of U+00C0 to U+017F; "" divides words.
constexpr std::array<const char*, 192> kLatin = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   // C0
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss",  // D0
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   // E0
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y",   // F0
    "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d",   // 100
    "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g",   // 110
    "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i",   // 120
    "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l",   // 130
    "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o",   // 140
    "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s",   // 150
    "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u",   // 160
    "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s"};  // 170

void AppendCharacter(std::string& word, uint32_t code) {
  if (code < 0x80) {
    word += static_cast<char>(code);
  } else if (code < 0x800) {
    word += static_cast<char>(0xC0 | code >> 6);
    word += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    word += static_cast<char>(0xE0 | code >> 12);
    word += static_cast<char>(0x80 | (code >> 6 & 63));
    word += static_cast<char>(0x80 | (code & 63));
  } else {
    word += static_cast<char>(0xF0 | code >> 18);
    word += static_cast<char>(0x80 | (code >> 12 & 63));
    word += static_cast<char>(0x80 | (code >> 6 & 63));
    word += static_cast<char>(0x80 | (code & 63));
  }
}

struct Character {
  uint32_t code = 0;
  size_t size = 1;
};

// Code 0 for what is no character of UTF-8.
Character FirstCharacter(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {};
  uint32_t code = first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = code << 6 | (next & 0x3FU);
  }
  return {code, size};
}

bool DividesWords(uint32_t code) {
  if (code < 0x80) {
    return !((code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
             (code >= 'A' && code <= 'Z'));
  }
  return code < 0xC0 || (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3003);
}

uint32_t LowerGreekOrCyrillic(uint32_t code) {
  if (code >= 0x391 && code <= 0x3A9) return code + 0x20;
  if (code >= 0x410 && code <= 0x42F) return code + 0x20;
  if (code >= 0x400 && code <= 0x40F) return code + 0x50;
  return code;
}

}  // namespace

std::vector<std::string> FoldedWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    text.remove_prefix(c.size);
    if (c.code >= 0x300 && c.code < 0x370) continue;  // an accent of its own
    if (c.code >= 0xC0 && c.code < 0x180) {
      const std::string_view letters = kLatin[c.code - 0xC0];
      if (letters.empty()) end_word();
      word += letters;
    } else if (c.code == 0 || DividesWords(c.code)) {
      end_word();
    } else if (c.code >= 'A' && c.code <= 'Z') {
      word += static_cast<char>(c.code | 0x20);
    } else {
      AppendCharacter(word, LowerGreekOrCyrillic(c.code));
    }
  }
  end_word();
  return words;
}

}  // namespace peel::library
