#include "apps/peel/arguments.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace peel {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 9 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::vector<std::string> CompleteArguments(std::vector<std::string> arguments,
                                           const std::vector<std::string>& commands) {
  if (arguments.empty()) return {"--help"};
  const std::string& first = arguments[0];
  const bool top_level =
      first == "-h" || first == "--help" || first == "-V" || first == "--version";
  if (!top_level && std::ranges::find(commands, first) == commands.end()) {
    arguments.insert(arguments.begin(), "cut");
  }
  if (arguments[0] != "cut") return arguments;
  for (size_t i = 1; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i] != "--crop") continue;
    const bool has_margin = i + 1 < arguments.size() && IsNumber(arguments[i + 1]);
    arguments[i].append("=").append(has_margin ? arguments[i + 1] : "0");
    if (has_margin) arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(i) + 1);
  }
  return arguments;
}

}  // namespace peel
