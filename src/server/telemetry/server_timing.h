#pragma once

#include <span>
#include <string>
#include <utility>

namespace peel::server {

// The value of a Server-Timing header: "queue;dur=0.3, decode;dur=12.1", milliseconds with one
// decimal. In a name, what is no letter, digit, "-" or "_" becomes "-"; negative and endless times
// are left out. "" for no stages.
std::string ServerTiming(std::span<const std::pair<std::string, double>> stages);

}  // namespace peel::server
