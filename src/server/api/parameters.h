#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

// A request's parameters, from its form and its query; where both have one, the form wins. An empty
// value is none: clients send every field of their own forms.
class Parameters {
 public:
  Parameters(const Fields& form, const Fields& query) : form_(form), query_(query) {}

  // Absent: nullopt.
  std::optional<std::string> Text(std::string_view name) const;
  // kInvalidArgument names the parameter and what is possible.
  Result<bool> Bool(std::string_view name, bool otherwise) const;
  Result<int> Int(std::string_view name, int otherwise, int least, int most) const;
  Result<std::string> Choice(std::string_view name, std::string_view otherwise,
                             const std::vector<std::string_view>& choices) const;

  // Whether the value came in the query alone: "query" or "body", as FastAPI says it.
  std::string_view PlaceOf(std::string_view name) const;

 private:
  const Fields& form_;
  const Fields& query_;
};

// "true", "True", "1", "yes", "on" and their opposites.
std::optional<bool> ParseBool(std::string_view text);

// The name of `names` that `name` was most likely meant to be, for an error's advice; "": none.
std::string NearestName(std::string_view name, const std::vector<std::string>& names);

}  // namespace peel::server
