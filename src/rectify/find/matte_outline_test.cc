#include "src/rectify/find/matte_outline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "src/rectify/find/test_drawing.h"

namespace peel::quads {
namespace {

using testing::CornerError;
using testing::CoverOf;

ImageU8 MatteOf(int width, int height, const std::vector<Quad>& parts) {
  ImageU8 matte = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double cover = 0;
      for (const Quad& q : parts) cover = std::max(cover, CoverOf(q, x, y));
      matte.row(y)[x] = static_cast<uint8_t>(std::lround(255 * cover));
    }
  }
  return matte;
}

const Quad kPage = {{{{30.4, 20.7}, {150.3, 32.2}, {141.6, 118.8}, {22.1, 130.5}}}};

TEST(MatteOutline, IsTheSheetBetweenPixels) {
  const ImageU8 matte = MatteOf(180, 150, {kPage});
  const auto found = QuadsAroundMatte(matte.view());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_LT(CornerError(found[0], kPage), 1.0);
}

TEST(MatteOutline, HolesDentsAndCoveredCornersDoNotCount) {
  ImageU8 matte = MatteOf(180, 150, {kPage});
  for (int y = 60; y < 80; ++y) {
    for (int x = 60; x < 180; ++x) matte.row(y)[x] = 0;  // a finger from the right
  }
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 48; ++x) matte.row(y)[x] = 0;  // over the top left corner
  }
  const auto found = QuadsAroundMatte(matte.view());
  ASSERT_FALSE(found.empty());
  EXPECT_LT(CornerError(found[0], kPage), 3.0);
}

TEST(MatteOutline, PartsComeLargestFirstAndSpecksNotAtAll) {
  const Quad small = {{{{150, 10}, {175, 10}, {175, 30}, {150, 30}}}};
  const Quad speck = {{{{160, 130}, {166, 130}, {166, 136}, {160, 136}}}};
  const ImageU8 matte = MatteOf(180, 150, {small, kPage, speck});
  const auto found = QuadsAroundMatte(matte.view());
  ASSERT_EQ(found.size(), 4u);
  EXPECT_LT(CornerError(found[0], kPage), 1.0);
  EXPECT_LT(CornerError(found[2], small), 1.0);
}

TEST(MatteOutline, NothingOfAnEmptyMatteAllOfAFullOne) {
  const ImageU8 none = MatteOf(40, 30, {});
  EXPECT_TRUE(QuadsAroundMatte(none.view()).empty());
  EXPECT_TRUE(QuadsAroundMatte({}).empty());
  const Quad all = {{{{0, 0}, {40, 0}, {40, 30}, {0, 30}}}};
  const ImageU8 full = MatteOf(40, 30, {all});
  const auto found = QuadsAroundMatte(full.view());
  ASSERT_FALSE(found.empty());
  EXPECT_LT(CornerError(found[0], all), 1.0);
}

TEST(MatteOutline, ReduceSidesGivesCutCornersBack) {
  const std::vector<Point> octagon = {{10, 0},   {90, 0},   {100, 10}, {100, 90},
                                      {90, 100}, {10, 100}, {0, 90},   {0, 10}};
  const auto four = ReduceSides(octagon, 4);
  ASSERT_EQ(four.size(), 4u);
  EXPECT_LT(CornerError({{four[0], four[1], four[2], four[3]}},
                        {{{{0, 0}, {100, 0}, {100, 100}, {0, 100}}}}),
            1e-6);
  // The sides of a triangle have no neighbours that meet beyond them.
  EXPECT_TRUE(ReduceSides({{0, 0}, {10, 0}, {5, 8}}, 2).empty());
}

TEST(MatteOutline, LeastRectangleTurnsWithTheShape) {
  const Quad turned = {{{{50, 0}, {100, 50}, {70, 80}, {20, 30}}}};
  const auto hull = ConvexHull({turned.corners.begin(), turned.corners.end()});
  EXPECT_LT(CornerError(LeastRectangle(hull), turned), 1e-6);
}

}  // namespace
}  // namespace peel::quads
