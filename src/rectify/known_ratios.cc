#include <algorithm>
#include <cmath>
#include <string_view>

#include "src/rectify/aspect.h"

namespace peel {
namespace {

// ISO 216, ANSI Y14.1, ISO/IEC 7810, and what screens and photographs have.
constexpr KnownRatio kKnown[] = {
    {"a4", 297.0 / 210.0, 297, 210},    {"letter", 11.0 / 8.5, 279.4, 215.9},
    {"id1", 85.6 / 53.98, 85.6, 53.98}, {"4:3", 4.0 / 3.0, 0, 0},
    {"16:9", 16.0 / 9.0, 0, 0},         {"3:2", 3.0 / 2.0, 0, 0},
};

}  // namespace

const KnownRatio* NearestKnownRatio(double ratio, double tolerance) {
  if (!(ratio > 0) || !std::isfinite(ratio)) return nullptr;
  const double landscape = std::max(ratio, 1 / ratio);
  const KnownRatio* nearest = nullptr;
  double smallest = tolerance;
  for (const KnownRatio& known : kKnown) {
    const double off = std::abs(landscape / known.ratio - 1);
    if (off <= smallest) {
      smallest = off;
      nearest = &known;
    }
  }
  return nearest;
}

const KnownRatio* FindKnownRatio(std::string_view name) {
  for (const KnownRatio& known : kKnown) {
    if (name == known.name) return &known;
  }
  return nullptr;
}

}  // namespace peel
