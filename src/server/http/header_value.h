#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace peel::server {

// A header's value with parameters: `multipart/form-data; boundary="x"`, `form-data; name="file";
// filename="a.png"; filename*=UTF-8''%C3%A4.png`.
struct HeaderValue {
  std::string value;  // in lower case, "form-data"
  // Names in lower case, without the '*' of RFC 5987 (RFC 8187), whose values are decoded and come
  // before the plain ones of the same name.
  std::vector<std::pair<std::string, std::string>> parameters;

  const std::string* Find(std::string_view name) const;  // the first; null
};

// As browsers and libraries write it: in quotes `\"` and `\\` stand for the second character, any
// other backslash for itself (old browsers send whole paths). kInvalidArgument with what is wrong.
Result<HeaderValue> ParseHeaderValue(std::string_view text);

}  // namespace peel::server
