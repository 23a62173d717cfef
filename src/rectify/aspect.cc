#include "src/rectify/aspect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "src/rectify/directions.h"
#include "src/rectify/plane.h"

namespace peel {
namespace {

using quads::Directions;

// What lenses are like where nothing is known: phones' main cameras have a focal length of about
// 0.65 of the picture's diagonal, all that people photograph sheets with from half to twice that.
constexpr double kUsualFocal = 0.72;
constexpr double kUsualSpread = 0.35;     // standard deviation of its logarithm
constexpr double kGivenSpread = 0.06;     // of one that is given: EXIF rounds, phones crop a little
constexpr double kFoundSpread = 0.2;      // better than this, the vanishing points have told it
constexpr double kLeastPixelError = 0.7;  // of corners
constexpr double kPixelErrorShare = 0.0004;  // of the diagonal

// How much f changes, as a standard deviation, when each coordinate of a corner is off by `error`.
template <typename F>
double Propagated(const std::array<Point, 4>& corners, double error, F f) {
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    for (double Point::*axis : {&Point::x, &Point::y}) {
      std::array<Point, 4> more = corners, less = corners;
      more[i].*axis += error, less[i].*axis -= error;
      const double change = (f(Directions(more)) - f(Directions(less))) / 2;
      sum += change * change;
    }
  }
  return std::sqrt(sum);
}

}  // namespace

Aspect EstimateAspect(const Quad& quad, Size picture, double focal_px) {
  Aspect aspect;
  const double unit = std::hypot(picture.width, picture.height) / 2;
  if (!(unit > 0)) return aspect;
  std::array<Point, 4> corners;
  for (size_t i = 0; i < 4; ++i) {
    corners[i] = {(quad.corners[i].x - picture.width / 2.0) / unit,
                  (quad.corners[i].y - picture.height / 2.0) / unit};
  }
  const double error = std::max(kLeastPixelError / unit, 2 * kPixelErrorShare);
  const Directions directions(corners);
  const bool given = focal_px > 0 && std::isfinite(focal_px);
  const double usual = std::log(given ? focal_px / unit : 2 * kUsualFocal);
  const double spread = given ? kGivenSpread : kUsualSpread;

  // The likeliest focal length: that of the vanishing points as far as the corners' errors let them
  // tell it, else the usual one. Where a vanishing point is far away the angle hardly depends on
  // the focal length, and Zhang & He's closed form would divide zero by zero.
  const auto cost = [&](double log_focal) {
    const double focal = std::exp(log_focal);
    const double off = directions.Cosine(focal);
    const double error_of_angle =
        Propagated(corners, error, [focal](const Directions& d) { return d.Cosine(focal); });
    const double angle = off / std::max(error_of_angle, 1e-9);
    const double lens = (log_focal - usual) / spread;
    // Nothing that is far off is as unlikely as a normal distribution has it.
    return 2 * std::log1p(angle * angle / 2) + lens * lens;
  };
  constexpr int kSteps = 48;
  const double reach = 4 * spread;
  double best = usual, least = cost(usual);
  for (int i = 0; i <= kSteps; ++i) {
    const double at = usual - reach + 2 * reach * i / kSteps;
    const double value = cost(at);
    if (value < least) least = value, best = at;
  }
  double step = 2 * reach / kSteps;
  for (int i = 0; i < 24; ++i, step /= 1.6) {
    for (const double at : {best - step, best + step}) {
      const double value = cost(at);
      if (value < least) least = value, best = at;
    }
  }
  // Its spread, from how fast the cost rises on either side.
  double focal_spread = spread;
  for (const double off : {0.01, 0.02, 0.05, 0.1, 0.2, 0.3}) {
    if ((cost(best - off) + cost(best + off)) / 2 - least > 1) {
      focal_spread = std::min(off, spread);
      break;
    }
  }
  const double focal = std::exp(best);
  aspect.ratio = directions.Ratio(focal);
  if (!std::isfinite(aspect.ratio) || !(aspect.ratio > 0)) return Aspect{1, 0, 1};
  if (given || focal_spread <= kFoundSpread) aspect.focal_px = focal * unit;
  const double from_corners = Propagated(
      corners, 1 / unit, [focal](const Directions& d) { return std::log(d.Ratio(focal)); });
  const double from_focal = std::log(directions.Ratio(focal * std::exp(focal_spread)) /
                                     directions.Ratio(focal * std::exp(-focal_spread))) /
                            2;
  aspect.spread = std::hypot(from_corners, from_focal);
  if (!std::isfinite(aspect.spread)) aspect.spread = 1;
  return aspect;
}

}  // namespace peel
