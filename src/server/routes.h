#pragma once

#include <string>
#include <vector>

namespace peel::server {

// Every path that something answers, those of the APIs and the service's own; the page's files are
// "/". What metrics and logs tell apart: all others are "other".
std::vector<std::string> KnownRoutes();

}  // namespace peel::server
