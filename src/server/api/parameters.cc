#include "src/server/api/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include "src/base/edit_distance.h"
#include "src/base/lower.h"

namespace peel::server {

std::optional<std::string> Parameters::Text(std::string_view name) const {
  for (const Fields* fields : {&form_, &query_}) {
    if (const std::string* value = fields->Find(name); value != nullptr && !value->empty()) {
      return *value;
    }
  }
  return std::nullopt;
}

Result<bool> Parameters::Bool(std::string_view name, bool otherwise) const {
  const auto text = Text(name);
  if (!text) return otherwise;
  if (const auto value = ParseBool(*text)) return *value;
  return InvalidArgument(std::string(name) + " is true or false");
}

Result<int> Parameters::Int(std::string_view name, int otherwise, int least, int most) const {
  const auto text = Text(name);
  if (!text) return otherwise;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least &&
      value <= most) {
    return value;
  }
  return InvalidArgument(std::string(name) + " is a whole number from " + std::to_string(least) +
                         " to " + std::to_string(most));
}

Result<std::string> Parameters::Choice(std::string_view name, std::string_view otherwise,
                                       const std::vector<std::string_view>& choices) const {
  const std::string value = LowerAscii(Text(name).value_or(std::string(otherwise)));
  if (std::ranges::find(choices, value) != choices.end()) return value;
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) list += i + 1 == choices.size() ? " or " : ", ";
    list += choices[i];
  }
  return InvalidArgument(std::string(name) + " is " + list);
}

std::string_view Parameters::PlaceOf(std::string_view name) const {
  return !form_.Has(name) && query_.Has(name) ? "query" : "body";
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string lower = LowerAscii(text);
  for (const char* yes : {"true", "1", "yes", "on", "t", "y"}) {
    if (lower == yes) return true;
  }
  for (const char* no : {"false", "0", "no", "off", "f", "n"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 64;
  if (name.size() > kLongest) return "";
  std::string nearest;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : names) {
    if (const size_t distance = EditDistance(name, candidate); distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace peel::server
