#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace peel::library {

// A text's words as a search compares them: letters and digits in lower case, Latin ones without
// their accents ("Québec" is "quebec", "Straße" is "strasse"), Greek and Cyrillic in lower case,
// everything else as it is. What is no UTF-8 divides words.
std::vector<std::string> FoldedWords(std::string_view text);

}  // namespace peel::library
