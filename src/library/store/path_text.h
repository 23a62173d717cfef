#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace peel::library {

// A file's name as text. Names are bytes on most systems; where they are no UTF-8 each byte that
// belongs to no character is written \xE4, and the backslash of what looks like that in the name
// itself \x5C, so that two names never have one text.
struct PathText {
  std::string text;
  bool is_exact = true;  // false: the text is not the name itself
};
PathText TextOfPath(std::string_view path);

// The name of a row's `path` and `path_bytes`.
std::string PathOfRow(std::string_view text, std::span<const uint8_t> path_bytes);

}  // namespace peel::library
