#include "src/rectify/homography.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

namespace peel {
namespace {

Quad Rectangle(double x, double y, double width, double height) {
  return {{{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}}};
}

// A convex quad clockwise: a rectangle whose corners are pushed about.
Quad RandomQuad(std::mt19937& random, double size) {
  std::uniform_real_distribution<double> push(-0.2, 0.2), place(-0.5, 0.5);
  Quad quad = Rectangle(place(random) * size, place(random) * size, size, 0.7 * size);
  for (Point& p : quad.corners) {
    p.x += push(random) * size;
    p.y += push(random) * 0.7 * size;
  }
  return quad;
}

// The eight coefficients from the eight equations, by Gauss with full pivoting in long double.
std::array<long double, 9> Solve(const Quad& quad, Size size) {
  long double a[8][9] = {};
  const Quad to = Rectangle(0, 0, size.width, size.height);
  for (int i = 0; i < 4; ++i) {
    const Point p = quad.corners[static_cast<size_t>(i)], q = to.corners[static_cast<size_t>(i)];
    const long double x = p.x, y = p.y, u = q.x, v = q.y;
    const long double first[9] = {x, y, 1, 0, 0, 0, -u * x, -u * y, u};
    const long double second[9] = {0, 0, 0, x, y, 1, -v * x, -v * y, v};
    std::copy_n(first, 9, a[2 * i]);
    std::copy_n(second, 9, a[2 * i + 1]);
  }
  int column_of[8];
  bool used[8] = {};
  for (int step = 0; step < 8; ++step) {
    int row = step, column = 0;
    long double largest = -1;
    for (int r = step; r < 8; ++r) {
      for (int c = 0; c < 8; ++c) {
        if (!used[c] && std::abs(a[r][c]) > largest) {
          largest = std::abs(a[r][c]);
          row = r;
          column = c;
        }
      }
    }
    std::swap_ranges(a[row], a[row] + 9, a[step]);
    used[column] = true;
    column_of[step] = column;
    for (int r = 0; r < 8; ++r) {
      if (r == step) continue;
      const long double f = a[r][column] / a[step][column];
      for (int c = 0; c < 9; ++c) a[r][c] -= f * a[step][c];
    }
  }
  std::array<long double, 9> h{};
  for (int step = 0; step < 8; ++step) {
    h[static_cast<size_t>(column_of[step])] = a[step][8] / a[step][column_of[step]];
  }
  h[8] = 1;
  return h;
}

TEST(Homography, APictureOntoItselfIsTheIdentityExactly) {
  for (const Size size : {Size{1, 1}, Size{640, 480}, Size{4000, 3000}, Size{1, 20000}}) {
    const auto h = QuadToRectangle(Rectangle(0, 0, size.width, size.height), size);
    ASSERT_TRUE(h.ok());
    EXPECT_EQ(h->m, Homography{}.m) << size.width << " x " << size.height;
  }
}

TEST(Homography, WholePixelCropsAreExactTranslations) {
  const auto h = QuadToRectangle(Rectangle(37, 1203, 611, 47), {611, 47});
  ASSERT_TRUE(h.ok());
  EXPECT_EQ(h->m, (std::array<double, 9>{1, 0, -37, 0, 1, -1203, 0, 0, 1}));
  const auto back = Inverse(*h);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->m, (std::array<double, 9>{1, 0, 37, 0, 1, 1203, 0, 0, 1}));
}

TEST(Homography, CornersMeetTheRectangles) {
  // A trapezium whose map is known: 1 / (1 - y / 4) wide.
  const Quad quad{{{{1, 2}, {3, 2}, {4, 0}, {0, 0}}}};
  EXPECT_FALSE(QuadToRectangle(quad, {10, 10}).ok());  // anticlockwise
  const Quad turned{{{{0, 0}, {4, 0}, {3, 2}, {1, 2}}}};
  const auto h = QuadToRectangle(turned, {10, 10});
  ASSERT_TRUE(h.ok());
  const Point middle = (*h)({2, 4.0 / 3});  // where the diagonals meet
  EXPECT_NEAR(middle.x, 5, 1e-12);
  EXPECT_NEAR(middle.y, 5, 1e-12);
  EXPECT_DOUBLE_EQ(h->m[8], 1);
}

TEST(Homography, AgreesWithLongDouble) {
  std::mt19937 random(20);
  for (int i = 0; i < 2000; ++i) {
    const double size = std::pow(10.0, std::uniform_real_distribution<double>(0, 5)(random));
    const Quad quad = RandomQuad(random, size);
    const Size to{1 + static_cast<int>(random() % 5000), 1 + static_cast<int>(random() % 5000)};
    const auto h = QuadToRectangle(quad, to);
    ASSERT_TRUE(h.ok()) << h.status().message();
    const auto exact = Solve(quad, to);
    const Quad corners = Rectangle(0, 0, to.width, to.height);
    for (int k = 0; k < 20; ++k) {
      // Places inside, where all denominators have one sign.
      std::uniform_real_distribution<double> part(0, 1);
      double x = 0, y = 0, total = 0;
      for (const Point& p : quad.corners) {
        const double weight = part(random);
        x += weight * p.x;
        y += weight * p.y;
        total += weight;
      }
      x /= total;
      y /= total;
      const long double w = exact[6] * x + exact[7] * y + exact[8];
      const Point got = (*h)({x, y});
      const double tolerance = 1e-10 * std::max(to.width, to.height);
      ASSERT_NEAR(got.x, static_cast<double>((exact[0] * x + exact[1] * y + exact[2]) / w),
                  tolerance);
      ASSERT_NEAR(got.y, static_cast<double>((exact[3] * x + exact[4] * y + exact[5]) / w),
                  tolerance);
    }
    for (size_t k = 0; k < 4; ++k) {
      const Point got = (*h)(quad.corners[k]);
      ASSERT_NEAR(got.x, corners.corners[k].x, 1e-9 * to.width);
      ASSERT_NEAR(got.y, corners.corners[k].y, 1e-9 * to.height);
    }
    const auto back = Inverse(*h);
    ASSERT_TRUE(back.ok());
    const Point there = (*h)({quad.corners[0].x, quad.corners[0].y});
    ASSERT_NEAR((*back)(there).x, quad.corners[0].x, 1e-9 * size);
    const Homography one = *h * *back;
    for (const Point p : {Point{0, 0}, Point{1.0 * to.width, 0.5 * to.height}}) {
      ASSERT_NEAR(one(p).x, p.x, 1e-8 * to.width);
      ASSERT_NEAR(one(p).y, p.y, 1e-8 * to.height);
    }
  }
}

TEST(Homography, ProductsApplyTheSecondFirst) {
  const Homography twice{{2, 0, 0, 0, 2, 0, 0, 0, 1}}, right{{1, 0, 10, 0, 1, 0, 0, 0, 1}};
  EXPECT_EQ((twice * right)({1, 1}), (Point{22, 2}));
  EXPECT_EQ((right * twice)({1, 1}), (Point{12, 2}));
}

TEST(Homography, PointsNearTheHorizonAreFarAway) {
  const Homography h{{1, 0, 0, 0, 1, 0, 1, 0, 1}};
  EXPECT_GT(std::abs(h({-1 + 1e-12, 1}).x), 1e11);
  EXPECT_TRUE(std::isinf(h({-1, 1}).x));
}

TEST(Homography, SingularOnesHaveNoInverse) {
  EXPECT_FALSE(Inverse({{1, 2, 3, 2, 4, 6, 0, 0, 1}}).ok());
  EXPECT_FALSE(Inverse({{0, 0, 0, 0, 0, 0, 0, 0, 0}}).ok());
  EXPECT_FALSE(Inverse({{1, 0, 0, 0, 1, 0, 0, 0, std::nan("")}}).ok());
  EXPECT_FALSE(Inverse({{1, 0, 0, 0, HUGE_VAL, 0, 0, 0, 1}}).ok());
  EXPECT_TRUE(Inverse({{1, 0, 1e6, 0, 1, 1e6, 0, 0, 1}}).ok());
}

struct BadQuad {
  const char* name;
  Quad quad;
  const char* says;
};

class CheckQuadRefuses : public ::testing::TestWithParam<BadQuad> {};

TEST_P(CheckQuadRefuses, WithTheReason) {
  const Status status = CheckQuad(GetParam().quad);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(GetParam().says), std::string::npos) << status.message();
  EXPECT_FALSE(QuadToRectangle(GetParam().quad, {10, 10}).ok());
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();
INSTANTIATE_TEST_SUITE_P(
    All, CheckQuadRefuses,
    ::testing::Values(
        BadQuad{"NotANumber", {{{{0, 0}, {9, kNan}, {9, 9}, {0, 9}}}}, "corner 2 is no place"},
        BadQuad{"Infinite", {{{{0, 0}, {9, 0}, {9, 9}, {-kInfinite, 9}}}}, "corner 4 is no place"},
        BadQuad{"FarAway", {{{{0, 0}, {9, 0}, {2e9, 9}, {0, 9}}}}, "corner 3 is farther"},
        BadQuad{"AllTheSame", {{{{5, 5}, {5, 5}, {5, 5}, {5, 5}}}}, "corners 1 and 2 coincide"},
        BadQuad{"TwoTheSame", {{{{0, 0}, {9, 0}, {9, 9}, {9, 9}}}}, "corners 3 and 4 coincide"},
        BadQuad{"OppositeOnes", {{{{0, 0}, {9, 0}, {0, 0}, {0, 9}}}}, "corners 1 and 3 coincide"},
        BadQuad{"Triangle", {{{{0, 0}, {5, 0}, {9, 0}, {0, 9}}}}, "corner 2 lies in one line"},
        BadQuad{"Line", {{{{0, 0}, {1, 1}, {2, 2}, {3, 3}}}}, "in one line"},
        BadQuad{"Anticlockwise", {{{{0, 0}, {0, 9}, {9, 9}, {9, 0}}}}, "anticlockwise"},
        BadQuad{"Crossing", {{{{0, 0}, {9, 9}, {9, 0}, {0, 9}}}}, "cross"},
        BadQuad{"Concave", {{{{0, 0}, {9, 0}, {2, 2}, {0, 9}}}}, "concave"}),
    [](const auto& test) { return test.param.name; });

TEST(CheckQuad, AcceptsWhatLiesOutsideThePicture) {
  EXPECT_TRUE(CheckQuad({{{{-500, -20}, {9000, 3}, {8000, 7000}, {-1, 6000}}}}).ok());
  EXPECT_TRUE(CheckQuad(Rectangle(0, 0, 1e-3, 1e-3)).ok());
  EXPECT_TRUE(CheckQuad(Rectangle(0, 0, 1, 20000)).ok());
}

TEST(Homography, NeedsASize) {
  EXPECT_FALSE(QuadToRectangle(Rectangle(0, 0, 9, 9), {0, 9}).ok());
  EXPECT_FALSE(QuadToRectangle(Rectangle(0, 0, 9, 9), {9, -1}).ok());
}

}  // namespace
}  // namespace peel
