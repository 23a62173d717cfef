#include "src/rectify/find/perspective.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "src/rectify/aspect.h"
#include "src/rectify/directions.h"

namespace peel::quads {
namespace {

// Focal lengths in units of half the diagonal: phones have about 1.4.
constexpr int kFocals = 12;
constexpr double kShortest = 0.84, kLongest = 2.5;
constexpr double kUsual = 1.44, kSpread = 0.35;  // the latter of the logarithm
constexpr double kSkewOfCorners = 0.03;          // what corners off by a pixel or two make of 0
constexpr double kMostSkew = 0.6, kMostOdd = 8, kMostLength = 2.5;
constexpr double kNearKnown = 0.015;  // of the logarithm of a ratio

const std::array<double, kFocals>& LensFocals() {
  static const std::array<double, kFocals> focals = [] {
    std::array<double, kFocals> f{};
    for (size_t i = 0; i < f.size(); ++i) {
      f[i] = kShortest * std::pow(kLongest / kShortest, static_cast<double>(i) / (kFocals - 1));
    }
    return f;
  }();
  return focals;
}

}  // namespace

Perspective LookAtPerspective(const Quad& quad, Size picture, double focal_px) {
  Perspective best;
  best.skew = kMostSkew, best.odd = kMostOdd;
  const double unit = std::hypot(picture.width, picture.height) / 2;
  if (!(unit > 0)) return best;
  std::array<Point, 4> corners;
  for (size_t i = 0; i < 4; ++i) {
    corners[i] = {(quad.corners[i].x - picture.width / 2.0) / unit,
                  (quad.corners[i].y - picture.height / 2.0) / unit};
  }
  const Directions directions(corners);
  double focal = 0, least = 1e300;
  const auto weigh = [&](double f, double lens) {
    const double skew = std::abs(directions.Cosine(f));
    const double off = skew / kSkewOfCorners;
    const double odd = std::log1p(off * off / 2) + lens;
    if (!(odd < least)) return;  // nor what is no number
    least = odd, focal = f;
    best.skew = std::min(skew, kMostSkew);
    best.odd = std::min(odd, kMostOdd);
  };
  if (focal_px > 0 && std::isfinite(focal_px)) {
    weigh(focal_px / unit, 0);
  } else {
    for (const double f : LensFocals()) {
      const double lens = std::log(f / kUsual) / kSpread;
      weigh(f, lens * lens / 2);
    }
  }
  if (focal == 0) return best;
  const double ratio = directions.Ratio(focal), facing = directions.Facing(focal);
  if (!(ratio > 0) || !std::isfinite(ratio) || !std::isfinite(facing)) return best;
  best.length = std::min(std::abs(std::log(ratio)), kMostLength);
  best.facing = facing;
  if (const KnownRatio* known = NearestKnownRatio(ratio, 4 * kNearKnown); known != nullptr) {
    const double off = (best.length - std::log(known->ratio)) / kNearKnown;
    best.known = std::exp(-off * off);
  }
  return best;
}

}  // namespace peel::quads
