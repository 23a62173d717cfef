#include "src/rectify/plane.h"

#include <gtest/gtest.h>

namespace peel::quads {
namespace {

Quad Rectangle(double x, double y, double width, double height) {
  return {{{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}}};
}

TEST(Plane, LinesMeetWhereTheyShould) {
  const auto p = Intersection(Line::Through({0, 0}, {10, 10}), Line::Through({0, 10}, {10, 0}));
  ASSERT_TRUE(p.has_value());
  EXPECT_NEAR(p->x, 5, 1e-12);
  EXPECT_NEAR(p->y, 5, 1e-12);
  EXPECT_FALSE(Intersection(Line::Through({0, 0}, {1, 1}), Line::Through({0, 5}, {1, 6})));
}

TEST(Plane, TheInsideOfAClockwiseQuadIsOnTheRightOfItsSides) {
  const Quad q = Rectangle(2, 3, 10, 5);
  EXPECT_EQ(SignedArea(q), 50);
  for (size_t i = 0; i < 4; ++i) EXPECT_GT(Side(q, i).Offset({7, 5}), 0);
}

TEST(Plane, ConvexMeansEveryCornerTurnsTheSameWay) {
  EXPECT_TRUE(IsConvex(Rectangle(0, 0, 4, 4)));
  EXPECT_FALSE(IsConvex({{{{0, 0}, {4, 0}, {1, 1}, {0, 4}}}}));  // a dent
  EXPECT_FALSE(IsConvex({{{{0, 0}, {4, 4}, {4, 0}, {0, 4}}}}));  // crossing
  EXPECT_FALSE(IsConvex({{{{0, 0}, {0, 4}, {4, 4}, {4, 0}}}}));  // anticlockwise
  EXPECT_FALSE(IsConvex({{{{0, 0}, {4, 0}, {8, 0.01}, {0, 4}}}}, 0.1));
}

TEST(Plane, OverlapIsIntersectionOverUnion) {
  const Quad q = Rectangle(0, 0, 10, 10);
  EXPECT_NEAR(Overlap(q, q), 1, 1e-12);
  EXPECT_NEAR(Overlap(q, Rectangle(5, 0, 10, 10)), 50.0 / 150, 1e-12);
  EXPECT_NEAR(Overlap(q, Rectangle(2, 2, 5, 4)), 0.2, 1e-12);
  EXPECT_EQ(Overlap(q, Rectangle(20, 0, 10, 10)), 0);
  // A diamond in a square of twice its area.
  EXPECT_NEAR(Overlap(q, {{{{5, 0}, {10, 5}, {5, 10}, {0, 5}}}}), 0.5, 1e-12);
}

TEST(Plane, NearDoesNotDependOnWhichCornerComesFirst) {
  const Quad q = Rectangle(0, 0, 10, 20);
  Quad turned = q;
  for (size_t i = 0; i < 4; ++i) turned.corners[i] = q.corners[(i + 3) % 4];
  turned.corners[1].x += 0.9;
  EXPECT_TRUE(AreNear(q, turned, 1));
  EXPECT_FALSE(AreNear(q, turned, 0.8));
}

TEST(Plane, UprightBeginsAtTheTopLeft) {
  const Quad q = {{{{10, 12}, {110, 2}, {120, 202}, {0, 190}}}};
  for (size_t turn = 0; turn < 4; ++turn) {
    Quad turned;
    for (size_t i = 0; i < 4; ++i) turned.corners[i] = q.corners[(i + turn) % 4];
    EXPECT_EQ(Upright(turned), q) << turn;
  }
}

}  // namespace
}  // namespace peel::quads
