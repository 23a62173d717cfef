#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>

#include "src/image/colour.h"
#include "src/image/css_names.h"

namespace peel {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::string Normalise(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<Rgba> ParseHex(std::string_view digits) {
  uint32_t v = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), v, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const auto byte = [&](int shift) { return static_cast<uint8_t>(v >> shift & 0xff); };
  const auto nibble = [&](int shift) { return static_cast<uint8_t>((v >> shift & 0xf) * 17); };
  switch (digits.size()) {
    case 3:
      return Rgba{nibble(8), nibble(4), nibble(0), 255};
    case 4:
      return Rgba{nibble(12), nibble(8), nibble(4), nibble(0)};
    case 6:
      return Rgba{byte(16), byte(8), byte(0), 255};
    case 8:
      return Rgba{byte(24), byte(16), byte(8), byte(0)};
    default:
      return std::nullopt;
  }
}

// Reads numbers, percent signs and separators off the front of an argument list.
class Arguments {
 public:
  explicit Arguments(std::string_view text) : rest_(text) {}

  // A number, scaled so that `full` stands for 100 %. Plain numbers are taken as they are.
  std::optional<double> Number(double full) {
    SkipBlanks();
    double v = 0;
    if (!rest_.empty() && rest_.front() == '+') rest_.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), v);
    if (error != std::errc() || !std::isfinite(v)) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (!rest_.empty() && rest_.front() == '%') {
      rest_.remove_prefix(1);
      v = v / 100 * full;
    }
    return v;
  }

  // Between two values: a comma or blanks; before an alpha also a slash.
  bool Separator(bool slash) {
    const bool blank = SkipBlanks();
    if (!rest_.empty() && (rest_.front() == ',' || (slash && rest_.front() == '/'))) {
      rest_.remove_prefix(1);
      return true;
    }
    return blank && !rest_.empty();
  }

  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }

 private:
  bool SkipBlanks() {
    const size_t before = rest_.size();
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
    return rest_.size() != before;
  }
  std::string_view rest_;
};

uint8_t ToByte(double v) { return static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 255.0))); }

std::optional<Rgba> ParseFunction(std::string_view text) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') return std::nullopt;
  const std::string_view name = text.substr(0, open);
  if (name != "rgb" && name != "rgba") return std::nullopt;
  Arguments arguments(text.substr(open + 1, text.size() - open - 2));
  uint8_t channels[3];
  for (int c = 0; c < 3; ++c) {
    if (c > 0 && !arguments.Separator(false)) return std::nullopt;
    const auto v = arguments.Number(255);
    if (!v) return std::nullopt;
    channels[c] = ToByte(*v);
  }
  uint8_t alpha = 255;
  if (!arguments.AtEnd()) {
    if (!arguments.Separator(true)) return std::nullopt;
    const auto a = arguments.Number(1);
    if (!a || !arguments.AtEnd()) return std::nullopt;
    alpha = ToByte(*a * 255);
  }
  return Rgba{channels[0], channels[1], channels[2], alpha};
}

std::optional<Rgba> ParseName(std::string_view name) {
  if (name == "transparent") return Rgba{0, 0, 0, 0};
  const auto* found = std::lower_bound(
      std::begin(kCssNames), std::end(kCssNames), name,
      [](const CssName& entry, std::string_view wanted) { return entry.name < wanted; });
  if (found == std::end(kCssNames) || found->name != name) return std::nullopt;
  return Rgba{static_cast<uint8_t>(found->rgb >> 16), static_cast<uint8_t>(found->rgb >> 8 & 0xff),
              static_cast<uint8_t>(found->rgb & 0xff), 255};
}

}  // namespace

Result<Rgba> ParseColour(std::string_view text) {
  const std::string clean = Normalise(text);
  std::optional<Rgba> colour;
  if (clean.starts_with('#')) {
    colour = ParseHex(std::string_view{clean}.substr(1));
  } else if (clean.ends_with(')')) {
    colour = ParseFunction(clean);
  } else {
    colour = ParseName(clean);
  }
  if (colour) return *colour;
  std::string quoted = "\"";
  quoted.append(text);
  return InvalidArgument(quoted +
                         "\" is not a colour; write a CSS name such as white, #rgb, #rrggbb, "
                         "#rrggbbaa, rgb(255, 255, 255) or rgba(255, 255, 255, 0.5)");
}

}  // namespace peel
