#pragma once

#include <string>
#include <string_view>

namespace peel {

// Puts one more warning behind those that are there: "this. that". Nothing for an empty one, nor
// for one that was said already, as the frames of an animation say the same again and again.
inline void AddSentence(std::string_view text, std::string* all) {
  if (text.empty() || all->find(text) != std::string::npos) return;
  if (!all->empty()) *all += ". ";
  *all += text;
}

}  // namespace peel
