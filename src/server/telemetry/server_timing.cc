#include "src/server/telemetry/server_timing.h"

#include <array>
#include <charconv>
#include <cmath>

namespace peel::server {
namespace {

constexpr double kMost = 1e12;  // milliseconds

std::string Token(const std::string& name) {
  std::string token;
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    token += fits ? c : '-';
  }
  return token;
}

}  // namespace

std::string ServerTiming(std::span<const std::pair<std::string, double>> stages) {
  std::string text;
  for (const auto& [name, milliseconds] : stages) {
    if (name.empty() || !std::isfinite(milliseconds) || milliseconds < 0 || milliseconds > kMost) {
      continue;
    }
    std::array<char, 32> number;
    const auto [end, error] = std::to_chars(number.data(), number.data() + number.size(),
                                            milliseconds, std::chars_format::fixed, 1);
    if (!text.empty()) text += ", ";
    text.append(Token(name)).append(";dur=").append(number.data(), end);
  }
  return text;
}

}  // namespace peel::server
