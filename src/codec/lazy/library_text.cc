#include "src/codec/lazy/library_text.h"

#include <algorithm>

namespace peel {

std::string LibraryText(std::string_view text) {
  constexpr size_t kMost = 200;
  // Numbers that stand for "none" in a library would stand for nonsense in a message.
  for (const std::string_view none : {"4294967295", "18446744073709551615"}) {
    if (text.find(none) != std::string_view::npos) return "";
  }
  std::string out;
  for (const char c : text) {
    const bool visible = c > ' ' && c < '\x7F';
    if (visible) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
    if (out.size() == kMost) break;
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.' || out.back() == ':')) {
    out.pop_back();
  }
  return out;
}

std::string InParentheses(std::string_view text) {
  const std::string clean = LibraryText(text);
  return clean.empty() ? "" : " (" + clean + ")";
}

LibraryVersion LibraryVersion::Parse(std::string_view text) {
  LibraryVersion version;
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 6) {
      *part = *part * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || digits == text.size() || text[digits] != '.') break;
    text.remove_prefix(digits + 1);
  }
  return version;
}

std::string LibraryVersion::Text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string TooOld(std::string_view library, std::string_view version, std::string_view since) {
  std::string text = "this ";
  text.append(library).append(" ").append(version).append(" is too old for it; ");
  text.append(since).append(" or newer reads it");
  return text;
}

}  // namespace peel
