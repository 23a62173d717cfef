#pragma once

#include <cstddef>
#include <string_view>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

struct JsonLimits {
  size_t max_fields = 1000;
  size_t max_value = 48 << 20;  // bytes of one value's text
  int max_depth = 32;           // of arrays and objects, 64 at most
};

// The members of a JSON object (RFC 8259) as text: strings decoded, numbers as written, "true" and
// "false", arrays and objects as their JSON; null is as if it were not there, and of members of one
// name the last counts. At memory speed, as a picture comes in a string of many megabytes, and
// without a tree, as a tree of what 48 MB can say takes ten times that.
// kInvalidArgument with the place and what is wrong there; kLimit.
Result<Fields> ParseJsonObject(std::string_view text, const JsonLimits& limits = {});

}  // namespace peel::server
