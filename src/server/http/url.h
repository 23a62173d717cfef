#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

// What "%41" and the like stand for. kInvalidArgument where a '%' has no two digits behind it, and
// for what decodes to no UTF-8 or to a NUL: neither is in any name or value that is meant.
enum class Plus { kIsPlus, kIsSpace };
Result<std::string> PercentDecode(std::string_view text, Plus plus);

// For a link or a header: all but letters, digits and "-._~" becomes "%41".
std::string PercentEncode(std::string_view text);

struct QueryLimits {
  size_t max_fields = 1000;
  size_t max_name = 1 << 10;    // bytes, encoded
  size_t max_value = 48 << 20;  // bytes, encoded
};

// A query or an urlencoded body, "a=1&b=x+y": in order, empty pairs left out, a name without '='
// has the value "". kInvalidArgument as above, kLimit.
Result<Fields> ParseQuery(std::string_view text, const QueryLimits& limits = {});

// A request's target: "/path?query", "http://host/path?query", or "*".
struct Target {
  std::string path;  // decoded
  Fields query;
};
Result<Target> ParseTarget(std::string_view target);

}  // namespace peel::server
