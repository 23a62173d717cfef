#include "src/rectify/find/refinement.h"

#include <gtest/gtest.h>

#include <utility>

#include "src/rectify/find/test_drawing.h"

namespace peel::quads {
namespace {

using testing::AddNoise;
using testing::CornerError;
using testing::Fill;
using testing::Sheet;
using testing::Write;

const Quad kPage = {{{{60.3, 40.6}, {340.2, 60.1}, {330.7, 250.4}, {45.9, 260.2}}}};

Quad Moved(const Quad& quad) {
  Quad off = quad;
  off.corners[0].x += 3, off.corners[1].y -= 4, off.corners[2].x -= 3, off.corners[3].x -= 4;
  return off;
}

TEST(Refinement, FindsCornersToFractionsOfAPixel) {
  ImageU8 image = Sheet(400, 300, {70, 60, 50});
  Fill(image, kPage, {220, 225, 230});
  Write(image, kPage, 12, 0.1, {40, 40, 60});
  AddNoise(image, 8);
  const Refined refined = Refine(image.view(), Moved(kPage), 8, nullptr);
  EXPECT_LT(CornerError(refined.quad, kPage), 0.25);
  for (size_t side = 0; side < 4; ++side) {
    EXPECT_LT(refined.residual[side], 0.6);
    EXPECT_GT(refined.support[side], 0.8);
  }
}

TEST(Refinement, PassesOverFingersOnASide) {
  ImageU8 image = Sheet(400, 300, {70, 60, 50});
  Fill(image, kPage, {220, 225, 230});
  Fill(image, {{{{120, 20}, {150, 20}, {150, 110}, {120, 110}}}}, {210, 160, 140});
  Fill(image, {{{{200, 30}, {225, 30}, {220, 90}, {196, 90}}}}, {210, 160, 140});
  EXPECT_LT(CornerError(Refine(image.view(), Moved(kPage), 8, nullptr).quad, kPage), 0.4);
}

TEST(Refinement, KeepsASideWithoutAnEdge) {
  const ImageU8 image = Sheet(400, 300, {70, 60, 50});
  EXPECT_EQ(Refine(image.view(), kPage, 8, nullptr).quad, kPage);
}

TEST(Refinement, CornersMayLieOutsideOfThePicture) {
  const Quad page = {{{{-20.5, 30.2}, {250.3, 35.8}, {245.1, 260.6}, {-25.7, 255.3}}}};
  ImageU8 image = Sheet(300, 300, {70, 60, 50});
  Fill(image, page, {220, 225, 230});
  Quad off = page;
  off.corners[1].x += 3, off.corners[2].y += 3;
  const Refined refined = Refine(image.view(), off, 8, nullptr);
  EXPECT_LT(Distance(refined.quad.corners[1], page.corners[1]), 0.3);
  EXPECT_LT(Distance(refined.quad.corners[2], page.corners[2]), 0.3);
  EXPECT_LT(Distance(refined.quad.corners[0], page.corners[0]), 1.5);
}

TEST(Refinement, FollowsASlightBend) {
  // The upper side as many short quads along a parabola.
  ImageU8 image = Sheet(400, 300, {70, 60, 50});
  const auto top = [](double x) { return 60 + 5 * ((x - 200) / 140) * ((x - 200) / 140); };
  for (int x = 60; x < 340; x += 4) {
    Fill(image, {{{{1.0 * x, top(x)}, {x + 4.0, top(x + 4)}, {x + 4.0, 240}, {1.0 * x, 240}}}},
         {220, 225, 230});
  }
  const Quad truth = {{{{60, 65}, {340, 65}, {340, 240}, {60, 240}}}};
  EXPECT_LT(CornerError(Refine(image.view(), truth, 10, nullptr).quad, truth), 0.7);
}

TEST(Refinement, IsTheSameAtEveryNumberOfThreads) {
  ImageU8 image = Sheet(400, 300, {70, 60, 50});
  Fill(image, kPage, {220, 225, 230});
  AddNoise(image, 20);
  ThreadPool pool(3);
  EXPECT_EQ(Refine(image.view(), Moved(kPage), 8, nullptr).quad,
            Refine(image.view(), Moved(kPage), 8, &pool).quad);
}

TEST(Refinement, TinyPicturesAreNoReasonToCrash) {
  const ImageU8 image = Sheet(9, 8, {70, 60, 50});
  const Quad q = {{{{1, 1}, {8, 1}, {8, 7}, {1, 7}}}};
  EXPECT_EQ(Refine(image.view(), q, 8, nullptr).quad, q);
}

}  // namespace
}  // namespace peel::quads
