#pragma once

#include <string>

#include "src/server/api/api.h"

namespace peel::server {

// The description of all routes, OpenAPI 3.1, as JSON.
std::string OpenApi(const Facts& facts);

// The same for people: a page without scripts.
Response ApiPage(const Facts& facts);

}  // namespace peel::server
