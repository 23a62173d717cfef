#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace peel {

// What a library says about a file, made fit for one line in a message of Peel's: control
// characters and what is no ASCII become blanks, which stand alone and never at an end; no full
// stop behind it; at most 200 characters; empty for a text that counts with numbers of all ones
// ("row 4294967295").
std::string LibraryText(std::string_view text);

// " (text)" with the text above, or nothing where nothing is left of it.
std::string InParentheses(std::string_view text);

// "1.15.1" as numbers that compare; parts that are missing or unreadable are 0.
struct LibraryVersion {
  int major = 0, minor = 0, patch = 0;

  static LibraryVersion Parse(std::string_view text);
  // NOLINTNEXTLINE(modernize-use-nullptr): takes the 0 that the comparison is made of for a pointer
  auto operator<=>(const LibraryVersion&) const = default;
  std::string Text() const;
};

// "this libheif 1.15.1 is too old for it; 1.17.0 or newer reads it".
std::string TooOld(std::string_view library, std::string_view version, std::string_view since);

}  // namespace peel
