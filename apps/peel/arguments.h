#pragma once

#include <string>
#include <vector>

namespace peel {

// The arguments (without the program's name) with what users may leave out put in: "cut" before
// them unless they begin with a command or ask for --help or --version, and --crop with its margin
// attached, since the word after it may be a picture ("--crop photo.jpg" is "--crop=0 photo.jpg").
std::vector<std::string> CompleteArguments(std::vector<std::string> arguments,
                                           const std::vector<std::string>& commands);

}  // namespace peel
