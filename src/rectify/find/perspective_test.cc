#include "src/rectify/find/perspective.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "src/rectify/quad.h"

namespace peel::quads {
namespace {

constexpr Size kPicture{1200, 900};

// A rectangle of this width and height 1, tilted about the picture's x axis and turned in its own
// plane, as a lens of this focal length sees it.
Quad Seen(double width, double focal, double tilt, double turn) {
  const std::array<Point, 4> flat = {
      {{-width / 2, -0.5}, {width / 2, -0.5}, {width / 2, 0.5}, {-width / 2, 0.5}}};
  Quad quad;
  for (size_t i = 0; i < 4; ++i) {
    const double x = std::cos(turn) * flat[i].x - std::sin(turn) * flat[i].y;
    const double y = std::sin(turn) * flat[i].x + std::cos(turn) * flat[i].y;
    const double depth = 3 + std::sin(tilt) * y;
    quad.corners[i] = {kPicture.width / 2.0 + focal * x / depth,
                       kPicture.height / 2.0 + focal * std::cos(tilt) * y / depth};
  }
  return quad;
}

TEST(Perspective, ARectangleHasRightAnglesAndItsOwnProportions) {
  for (const double tilt : {0.1, 0.5, 0.8}) {
    for (const double turn : {0.0, 0.3, 0.7}) {
      const Perspective seen = LookAtPerspective(Seen(1.2, 1000, tilt, turn), kPicture, 1000);
      EXPECT_LT(seen.skew, 1e-6) << tilt << ' ' << turn;
      EXPECT_LT(seen.odd, 1e-6);
      EXPECT_NEAR(seen.length, std::log(1.2), 1e-6);
      EXPECT_NEAR(seen.facing, std::cos(tilt), 1e-6);
    }
  }
}

TEST(Perspective, OfAnUnknownLensTheLikeliestIsTaken) {
  const Perspective seen = LookAtPerspective(Seen(1.2, 1050, 0.5, 0.5), kPicture, 0);
  EXPECT_LT(seen.skew, 0.03);
  EXPECT_LT(seen.odd, 1);
  EXPECT_NEAR(seen.length, std::log(1.2), 0.03);
}

TEST(Perspective, LinesThatHappenToMeetAreNoRectangle) {
  const Quad slanted = {{{{400, 300}, {700, 300}, {900, 500}, {600, 500}}}};
  EXPECT_GT(LookAtPerspective(slanted, kPicture, 0).skew, 0.3);
  EXPECT_GT(LookAtPerspective(slanted, kPicture, 0).odd, 3);
}

TEST(Perspective, ALensThatDoesNotFitIsOdd) {
  const Quad quad = Seen(1.2, 1000, 0.7, 0.6);
  EXPECT_GT(LookAtPerspective(quad, kPicture, 3000).odd, 1);
  EXPECT_LT(LookAtPerspective(quad, kPicture, 1000).odd, 0.01);
}

TEST(Perspective, PapersProportionsAreKnown) {
  EXPECT_GT(LookAtPerspective(Seen(std::sqrt(2.0), 1000, 0.4, 0.2), kPicture, 1000).known, 0.95);
  EXPECT_GT(LookAtPerspective(Seen(std::sqrt(0.5), 1000, 0.4, 0.2), kPicture, 1000).known, 0.95);
  EXPECT_LT(LookAtPerspective(Seen(1.15, 1000, 0.4, 0.2), kPicture, 1000).known, 0.01);
}

TEST(Perspective, DegenerateQuadsAreOddButNoTrouble) {
  const Quad point = {{{{5, 5}, {5, 5}, {5, 5}, {5, 5}}}};
  const Quad line = {{{{0, 0}, {10, 0}, {20, 0}, {30, 0}}}};
  for (const Quad& quad : {point, line}) {
    const Perspective seen = LookAtPerspective(quad, kPicture, 0);
    EXPECT_TRUE(std::isfinite(seen.skew) && std::isfinite(seen.odd) && std::isfinite(seen.length) &&
                std::isfinite(seen.facing) && std::isfinite(seen.known));
  }
  EXPECT_EQ(LookAtPerspective(point, {0, 0}, 0).odd, 8);
}

}  // namespace
}  // namespace peel::quads
