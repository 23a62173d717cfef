#include "apps/peel/arguments.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace peel {
namespace {

// Options that may go without their value, what they then mean, and which characters a value is
// made of: the word behind may just as well be a picture.
struct Optional {
  const char* name;
  const char* absent;
  const char* characters;
};
constexpr Optional kOptional[] = {{"--crop", "0", "0123456789.,px%"},
                                  {"--shadow", "0.6%,1.2%,1.2%,45%", "0123456789.,-px%"}};

// rembg's short options of two letters.
constexpr std::pair<const char*, const char*> kLong[] = {
    {"-af", "--alpha-matting-foreground-threshold"},
    {"-ab", "--alpha-matting-background-threshold"},
    {"-ae", "--alpha-matting-erode-size"}};

bool IsValue(const std::string& text, const char* characters) {
  return !text.empty() && text.size() < 64 &&
         text.find_first_of("0123456789") == (text[0] == '-' ? 1u : 0u) &&
         text.find_first_not_of(characters) == std::string::npos;
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
  if (arguments[0] != "cut" && arguments[0] != "stream") return arguments;
  for (size_t i = 1; i < arguments.size() && arguments[i] != "--"; ++i) {
    for (const auto& [brief, full] : kLong) {
      if (arguments[i] == brief) arguments[i] = full;
    }
    for (const Optional& option : kOptional) {
      if (arguments[i] != option.name) continue;
      const bool given = i + 1 < arguments.size() && IsValue(arguments[i + 1], option.characters);
      arguments[i].append("=").append(given ? arguments[i + 1] : option.absent);
      if (given) arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(i) + 1);
      break;
    }
  }
  return arguments;
}

}  // namespace peel
