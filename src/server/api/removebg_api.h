#pragma once

#include <memory>

#include "src/server/api/api.h"

namespace peel::server {

// remove.bg's interface: POST /v1.0/removebg and GET /v1.0/account, with its parameters, headers
// and errors. Cut-outs are Peel's own; X-Type is always "other", for Peel does not say what it
// sees.
std::unique_ptr<Api> MakeRemoveBgApi(const Facts& facts);

}  // namespace peel::server
