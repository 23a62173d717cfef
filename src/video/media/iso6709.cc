#include "src/video/media/iso6709.h"

#include <charconv>

namespace peel::video {
namespace {

struct Number {
  double value = 0;  // without its sign
  bool negative = false;
  size_t digits = 0;  // before the point
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes a number with its sign off the front.
std::optional<Number> TakeNumber(std::string_view* text) {
  if (!text->starts_with('+') && !text->starts_with('-')) return std::nullopt;
  Number number;
  number.negative = text->starts_with('-');
  size_t end = 1;
  while (end < text->size() && IsDigit((*text)[end])) ++end;
  number.digits = end - 1;
  if (number.digits == 0 || number.digits > 9) return std::nullopt;
  if (end < text->size() && (*text)[end] == '.') {
    const size_t point = end++;
    while (end < text->size() && IsDigit((*text)[end])) ++end;
    if (end == point + 1 || end - point > 20) return std::nullopt;
  }
  const auto [rest, error] =
      std::from_chars(text->data() + 1, text->data() + end, number.value, std::chars_format::fixed);
  if (error != std::errc() || rest != text->data() + end) return std::nullopt;
  text->remove_prefix(end);
  return number;
}

// `digits`: of the degrees alone.
std::optional<double> Degrees(const Number& number, size_t digits, double limit) {
  double value = number.value;
  if (number.digits == digits + 2 || number.digits == digits + 4) {
    const auto whole = static_cast<int64_t>(value);
    const double part = value - static_cast<double>(whole);
    const bool seconds = number.digits == digits + 4;
    const double last = static_cast<double>(whole % 100) + part;
    const auto minutes = static_cast<double>(seconds ? whole / 100 % 100 : 0);
    if (last >= 60 || minutes >= 60) return std::nullopt;
    const int64_t degrees = whole / (seconds ? 10000 : 100);
    value = static_cast<double>(degrees) + (seconds ? minutes / 60 + last / 3600 : last / 60);
  } else if (number.digits > digits) {
    return std::nullopt;
  }
  if (value > limit) return std::nullopt;
  return number.negative ? -value : value;
}

}  // namespace

std::optional<Place> ParseIso6709(std::string_view text) {
  const auto north = TakeNumber(&text);
  if (!north) return std::nullopt;
  const auto east = TakeNumber(&text);
  if (!east) return std::nullopt;
  const auto latitude = Degrees(*north, 2, 90), longitude = Degrees(*east, 3, 180);
  if (!latitude || !longitude) return std::nullopt;
  Place place{*latitude, *longitude, std::nullopt};
  if (text.starts_with('+') || text.starts_with('-')) {
    const auto height = TakeNumber(&text);
    if (!height) return std::nullopt;
    place.altitude = height->negative ? -height->value : height->value;
  }
  if (text.starts_with("CRS"))
    text.remove_prefix(text.find('/') == text.npos ? text.size() : text.find('/'));
  if (text != "/" && !text.empty()) return std::nullopt;
  return place;
}

}  // namespace peel::video
