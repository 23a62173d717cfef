#pragma once

#include <string>
#include <vector>

namespace peel {

// The arguments (without the program's name) with what users may leave out put in: "cut" before
// them unless they begin with a command or ask for --help or --version, --crop and --shadow with
// their values attached, since the word after them may be a picture ("--crop photo.jpg" is
// "--crop=0 photo.jpg"), and rembg's -af, -ab and -ae in full.
std::vector<std::string> CompleteArguments(std::vector<std::string> arguments,
                                           const std::vector<std::string>& commands);

}  // namespace peel
