#include "src/rectify/find/segments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "src/rectify/find/test_drawing.h"
#include "src/rectify/find/working_copy.h"

namespace peel::quads {
namespace {

using testing::AddNoise;
using testing::Fill;
using testing::Sheet;

std::vector<Segment> SegmentsOf(const ImageU8& image, ThreadPool* pool = nullptr) {
  const WorkingCopy copy = std::move(*MakeWorkingCopy(image.view(), 1 << 20, pool));
  EdgeMap edges = std::move(*MakeEdgeMap(copy, pool));
  return FindSegments(edges, 10);
}

const Quad kPage = {{{{40.3, 30.6}, {200.2, 45.1}, {190.7, 150.4}, {30.9, 160.2}}}};

// How far a side's best segment is from it, and how much of it that covers.
void ExpectSide(const std::vector<Segment>& segments, size_t side, double most_off, double share) {
  const Line line = Side(kPage, side);
  for (const Segment& s : segments) {
    const double off = std::max(std::abs(line.Offset(s.a)), std::abs(line.Offset(s.b)));
    if (off > most_off || s.length < share * SideLength(kPage, side)) continue;
    // The page is brighter: on the right of the segment, as the inside of the quad is.
    EXPECT_GT(Dot(Line::Through(s.a, s.b).along, line.along), 0.99);
    return;
  }
  ADD_FAILURE() << "no segment along side " << side;
}

TEST(Segments, FollowTheSidesOfASheetBetweenPixels) {
  ImageU8 image = Sheet(240, 200, {60, 70, 80});
  Fill(image, kPage, {230, 230, 225});
  const auto segments = SegmentsOf(image);
  for (size_t side = 0; side < 4; ++side) ExpectSide(segments, side, 0.35, 0.85);
}

TEST(Segments, AreFoundInNoise) {
  ImageU8 image = Sheet(240, 200, {90, 90, 90});
  Fill(image, kPage, {130, 130, 130});
  AddNoise(image, 12);
  const auto segments = SegmentsOf(image);
  for (size_t side = 0; side < 4; ++side) ExpectSide(segments, side, 1.2, 0.3);
}

TEST(Segments, SeeColourWhereLightnessIsTheSame) {
  // (R + 2 G + B) / 4 is 100 on both sides.
  ImageU8 image = Sheet(240, 200, {100, 100, 100});
  Fill(image, kPage, {200, 80, 40});
  const auto segments = SegmentsOf(image);
  for (size_t side = 0; side < 4; ++side) ExpectSide(segments, side, 0.6, 0.85);
}

TEST(Segments, NoiseAloneMakesNoLongOnes) {
  ImageU8 image = Sheet(400, 300, {120, 120, 120});
  AddNoise(image, 30);
  const auto segments = SegmentsOf(image);
  for (const Segment& s : segments) EXPECT_LT(s.length, 30);
}

TEST(Segments, NothingInAnEvenPictureOrATinyOne) {
  EXPECT_TRUE(SegmentsOf(Sheet(300, 200, {90, 10, 200})).empty());
  EXPECT_TRUE(SegmentsOf(Sheet(1, 1, {90, 10, 200})).empty());
  EXPECT_TRUE(SegmentsOf(Sheet(3, 4, {90, 10, 200})).empty());
  EXPECT_TRUE(SegmentsOf(Sheet(1, 3000, {90, 10, 200})).empty());
}

TEST(Segments, AreTheSameAtEveryNumberOfThreads) {
  ImageU8 image = Sheet(240, 200, {60, 70, 80});
  Fill(image, kPage, {230, 230, 225});
  AddNoise(image, 20);
  ThreadPool pool(3);
  const auto alone = SegmentsOf(image), together = SegmentsOf(image, &pool);
  ASSERT_EQ(alone.size(), together.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].a, together[i].a);
    EXPECT_EQ(alone[i].b, together[i].b);
  }
}

TEST(WorkingCopy, AveragesBlocksAndKeepsFractions) {
  ImageU8 image = Sheet(5, 4, {10, 20, 30});
  image.row(0)[0] = 14;  // red of one pixel of four: lightness by a quarter of a level
  const WorkingCopy copy = std::move(*MakeWorkingCopy(image.view(), 6, nullptr));
  ASSERT_EQ(copy.factor, 2);
  ASSERT_EQ(copy.width(), 3);  // the last block is cut off
  ASSERT_EQ(copy.height(), 2);
  EXPECT_EQ(copy.planes[0].row(0)[0], 20 * kLevelSteps + kLevelSteps / 4);
  EXPECT_EQ(copy.planes[0].row(0)[1], 20 * kLevelSteps);
  EXPECT_EQ(copy.planes[0].row(1)[2], 20 * kLevelSteps);
  EXPECT_EQ(copy.planes[1].row(1)[2], -5 * kLevelSteps);       // (R - G) / 2
  EXPECT_EQ(copy.planes[2].row(1)[2], 75 * kLevelSteps / 10);  // (2 B - R - G) / 4
}

TEST(WorkingCopy, SidesFitSixteenBits) {
  const ImageU8 strip = Sheet(4, 100000, {10, 20, 30});
  const WorkingCopy copy = std::move(*MakeWorkingCopy(strip.view(), 1 << 20, nullptr));
  EXPECT_EQ(copy.factor, 2);
  EXPECT_EQ(copy.height(), 50000);
}

TEST(WorkingCopy, WhatIsTransparentIsGrey) {
  ImageU8 image = std::move(*ImageU8::Allocate(2, 1, 4));
  const uint8_t pixels[] = {255, 0, 9, 0, 40, 40, 40, 255};
  std::copy(pixels, pixels + 8, image.row(0));
  const WorkingCopy copy = std::move(*MakeWorkingCopy(image.view(), 100, nullptr));
  EXPECT_EQ(copy.planes[0].row(0)[0], 128 * kLevelSteps);
  EXPECT_EQ(copy.planes[1].row(0)[0], 0);
  EXPECT_EQ(copy.planes[0].row(0)[1], 40 * kLevelSteps);
}

TEST(Segments, OfLittleMoreThanTheLeastLengthAreFound) {
  ImageU8 image = Sheet(120, 100, {60, 70, 80});
  for (const double at : {20.0, 60.0}) {
    Fill(image, {{{{at, at}, {at + 16, at}, {at + 16, at + 16}, {at, at + 16}}}}, {230, 230, 225});
  }
  EXPECT_EQ(SegmentsOf(image).size(), 8u);
}

}  // namespace
}  // namespace peel::quads
