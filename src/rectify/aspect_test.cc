#include "src/rectify/aspect.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace peel {
namespace {

constexpr Size kPicture = {4000, 3000};

// What a camera with its principal point in the middle of kPicture sees of a width x height
// rectangle that is turned about the three axes (degrees) and moved.
Quad Photograph(double width, double height, double focal, double pitch, double yaw, double roll,
                double distance, double right = 0, double down = 0) {
  const double radian = std::acos(-1.0) / 180;
  const double cp = std::cos(pitch * radian), sp = std::sin(pitch * radian);
  const double cy = std::cos(yaw * radian), sy = std::sin(yaw * radian);
  const double cr = std::cos(roll * radian), sr = std::sin(roll * radian);
  Quad quad;
  const double signs[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
  for (size_t i = 0; i < 4; ++i) {
    double x = signs[i][0] * width / 2, y = signs[i][1] * height / 2, z = 0;
    const double rolled_x = cr * x - sr * y, rolled_y = sr * x + cr * y;
    x = rolled_x, y = cp * rolled_y - sp * z, z = sp * rolled_y + cp * z;
    const double yawed_x = cy * x + sy * z;
    z = -sy * x + cy * z, x = yawed_x;
    const double depth = z + distance;
    quad.corners[i] = {kPicture.width / 2.0 + focal * (x + right) / depth,
                       kPicture.height / 2.0 + focal * (y + down) / depth};
  }
  return quad;
}

TEST(Aspect, TwoVanishingPointsGiveRatioAndFocalLength) {
  for (const double focal : {2600.0, 3200.0, 5000.0}) {
    const Quad q = Photograph(210, 297, focal, 25, 20, 10, 450);
    const Aspect a = EstimateAspect(q, kPicture, 0);
    EXPECT_NEAR(a.ratio / (210.0 / 297), 1, 0.01) << focal;
    EXPECT_NEAR(a.focal_px / focal, 1, 0.06) << focal;
    EXPECT_LT(a.spread, 0.05);
  }
}

TEST(Aspect, FromStraightAboveTheFocalLengthDoesNotMatter) {
  const Quad q = Photograph(210, 297, 3200, 0, 0, 30, 500, 20, -10);
  const Aspect a = EstimateAspect(q, kPicture, 0);
  EXPECT_NEAR(a.ratio / (210.0 / 297), 1, 0.002);
  EXPECT_EQ(a.focal_px, 0);  // and cannot be told
}

TEST(Aspect, TheLensCountsWhereOneVanishingPointIsFarAway) {
  // Tilted about one axis alone: the angle between both sides is right for every focal length.
  const Quad q = Photograph(210, 297, 4600, 35, 0, 0, 800);
  const Aspect with = EstimateAspect(q, kPicture, 4600);
  EXPECT_NEAR(with.ratio / (210.0 / 297), 1, 0.005);
  EXPECT_NEAR(with.focal_px, 4600, 60);
  const Aspect without = EstimateAspect(q, kPicture, 0);
  EXPECT_NEAR(without.ratio / (210.0 / 297), 1, 0.12);
  EXPECT_EQ(without.focal_px, 0);
  EXPECT_GT(without.spread, with.spread);
}

TEST(Aspect, SmallErrorsOfCornersChangeLittle) {
  for (const double pitch : {0.0, 3.0, 15.0, 40.0}) {
    for (const double yaw : {0.0, 2.0, 12.0}) {
      Quad q = Photograph(297, 210, 3000, pitch, yaw, 5, 500);
      q.corners[0].x += 1, q.corners[1].y -= 1, q.corners[2].x += 1, q.corners[3].y += 1;
      const Aspect a = EstimateAspect(q, kPicture, 3000);
      EXPECT_NEAR(a.ratio / (297.0 / 210), 1, 0.01) << pitch << " " << yaw;
    }
  }
}

TEST(Aspect, DegenerateQuadsGiveAFiniteAnswer) {
  const Quad quads[] = {
      {},
      {{{{5, 5}, {5, 5}, {5, 5}, {5, 5}}}},
      {{{{0, 0}, {10, 0}, {20, 0}, {30, 0}}}},
      {{{{0, 0}, {1e300, 0}, {1e300, 1e300}, {0, 1e300}}}},
      {{{{NAN, 0}, {10, 0}, {10, 10}, {0, 10}}}},
  };
  for (const Quad& q : quads) {
    for (const Size picture : {kPicture, Size{1, 1}, Size{0, 0}}) {
      const Aspect a = EstimateAspect(q, picture, 0);
      EXPECT_TRUE(std::isfinite(a.ratio) && a.ratio > 0);
      EXPECT_TRUE(std::isfinite(a.focal_px) && std::isfinite(a.spread));
    }
  }
}

TEST(KnownRatio, IsFoundEitherWayRoundWithinTolerance) {
  ASSERT_NE(NearestKnownRatio(210.0 / 297), nullptr);
  EXPECT_EQ(std::string(NearestKnownRatio(210.0 / 297)->name), "a4");
  EXPECT_EQ(std::string(NearestKnownRatio(297.0 / 210)->name), "a4");
  EXPECT_EQ(NearestKnownRatio(1.414)->width_mm, 297);
  EXPECT_EQ(std::string(NearestKnownRatio(1.29)->name), "letter");
  EXPECT_EQ(std::string(NearestKnownRatio(1.60)->name), "id1");
  EXPECT_EQ(std::string(NearestKnownRatio(9 / 16.0)->name), "16:9");
  EXPECT_EQ(std::string(NearestKnownRatio(4 / 3.0)->name), "4:3");
  EXPECT_EQ(std::string(NearestKnownRatio(1.5)->name), "3:2");
  EXPECT_EQ(NearestKnownRatio(1.0), nullptr);
  EXPECT_EQ(NearestKnownRatio(3.0), nullptr);
  EXPECT_EQ(NearestKnownRatio(0), nullptr);
  EXPECT_EQ(NearestKnownRatio(NAN), nullptr);
  EXPECT_EQ(NearestKnownRatio(1.45, 0.01), nullptr);
}

}  // namespace
}  // namespace peel
