#include "src/library/labels/words.h"

#include <utf8proc.h>

#include <cstddef>
#include <vector>

#include "src/base/utf8.h"

namespace peel::library {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalDottedI = 0x130, kDotAbove = 0x307;

}  // namespace

CharacterKind KindOf(char32_t character) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(character))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return CharacterKind::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterKind::kNumber;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterKind::kSpace;
    default:  // of the control characters those that Unicode calls white space
      return (character >= 0x09 && character <= 0x0D) || character == 0x85 ? CharacterKind::kSpace
                                                                           : CharacterKind::kOther;
  }
}

std::u32string FromUtf8(std::string_view text) {
  std::u32string characters;
  while (!text.empty()) {
    const Utf8Character next = FirstUtf8Character(text);
    characters += next.is_valid ? static_cast<char32_t>(next.code) : kReplacement;
    text.remove_prefix(next.size);
  }
  return characters;
}

std::string ToUtf8(char32_t character) {
  std::string text;
  AppendUtf8(character, &text);
  return text;
}

std::u32string LowercaseNfc(const std::u32string& text) {
  // Composing needs the decomposed characters in their canonical order first.
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  std::vector<utf8proc_int32_t> buffer;
  for (const char32_t character : text) {
    utf8proc_int32_t parts[32];
    int boundary = UTF8PROC_BOUNDCLASS_START;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(character), parts, 32,
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary);
    if (count > 0 && count <= 32) buffer.insert(buffer.end(), parts, parts + count);
  }
  for (size_t i = 1; i < buffer.size(); ++i) {  // marks by their class, ties in their order
    const auto mark_class = [&](size_t k) {
      return utf8proc_get_property(buffer[k])->combining_class;
    };
    for (size_t k = i; k > 0 && mark_class(k) != 0 && mark_class(k - 1) > mark_class(k); --k) {
      std::swap(buffer[k - 1], buffer[k]);
    }
  }
  const utf8proc_ssize_t composed = utf8proc_normalize_utf32(
      buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()), kOptions);
  std::u32string lower;
  for (utf8proc_ssize_t i = 0; i < composed; ++i) {
    const auto character = static_cast<char32_t>(buffer[static_cast<size_t>(i)]);
    if (character == kCapitalDottedI) {  // the one whose lower case is two characters
      lower += U'i';
      lower += kDotAbove;
    } else {
      lower += static_cast<char32_t>(utf8proc_tolower(buffer[static_cast<size_t>(i)]));
    }
  }
  return lower;
}

}  // namespace peel::library
