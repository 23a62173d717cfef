#pragma once

#include <string>
#include <string_view>

namespace peel {

// A to Z as a to z and every other byte as it is: for extensions and names of formats, whatever the
// locale.
inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace peel
