#include "src/rectify/find/edge_lines.h"

#include <gtest/gtest.h>

#include <utility>

#include "src/rectify/find/candidates.h"
#include "src/rectify/find/test_drawing.h"

namespace peel::quads {
namespace {

using testing::CornerError;
using testing::Fill;
using testing::Sheet;
using testing::Write;

const Quad kPage = {{{{40.3, 30.6}, {200.2, 45.1}, {190.7, 150.4}, {30.9, 160.2}}}};

struct Found {
  WorkingCopy copy;
  std::vector<EdgeLine> lines;
};

Found LinesOf(const ImageU8& image, size_t most = 60) {
  Found found;
  found.copy = std::move(*MakeWorkingCopy(image.view(), 1 << 20, nullptr));
  EdgeMap edges = std::move(*MakeEdgeMap(found.copy, nullptr));
  found.lines = FindEdgeLines(FindSegments(edges, 10), found.copy, most);
  return found;
}

// The best line along a side of the page.
const EdgeLine* Along(const std::vector<EdgeLine>& lines, size_t side) {
  const Quad& q = kPage;
  for (const EdgeLine& l : lines) {
    if (std::abs(l.line().Offset(q.corners[side])) < 1.5 &&
        std::abs(l.line().Offset(q.corners[(side + 1) % 4])) < 1.5) {
      return &l;
    }
  }
  return nullptr;
}

TEST(EdgeLine, KnowsWhereItIsCovered) {
  EdgeLine line(Line::Through({0, 50}, {1, 50}), 200, 100);
  EXPECT_EQ(line.first(), 0);
  EXPECT_EQ(line.last(), 200);
  line.Cover({{20, 50}, {60, 50}, 40, 1});
  line.Cover({{50, 50}, {70, 50}, 20, 1});  // twice covered is covered
  line.Finish();
  EXPECT_NEAR(line.Covered(0, 200), 50, 4);
  EXPECT_NEAR(line.Covered(24, 44), 20, 1e-3);
  EXPECT_NEAR(line.Covered(80, 180), 0, 1e-3);
  EXPECT_NEAR(line.Covered(-1000, 30), 10, 2);
}

TEST(EdgeLines, JoinWhatAFingerAndAChangingGroundTakeApart) {
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  // The ground is brighter than the page on the right half.
  Fill(image, {{{{120, 0}, {240, 0}, {240, 200}, {120, 200}}}}, {240, 240, 240});
  Fill(image, kPage, {150, 150, 150});
  Fill(image, {{{{70, 10}, {90, 10}, {90, 70}, {70, 70}}}}, {200, 150, 120});
  const Found found = LinesOf(image);
  const EdgeLine* top = Along(found.lines, 0);
  ASSERT_NE(top, nullptr);
  const Line& line = top->line();
  const double from = line.Position(kPage.corners[0]), to = line.Position(kPage.corners[1]);
  const double covered = top->Covered(std::min(from, to), std::max(from, to));
  EXPECT_GT(covered, 0.7 * SideLength(kPage, 0));
  EXPECT_LT(covered, 0.95 * SideLength(kPage, 0));
}

TEST(EdgeLines, SidesOfASheetDifferOverAWideBandLettersDoNot) {
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, kPage, {230, 230, 230});
  Write(image, kPage, 9, 0.15, {30, 30, 30});
  const Found found = LinesOf(image);
  double least_of_sides = 1;
  for (size_t side = 0; side < 4; ++side) {
    const EdgeLine* line = Along(found.lines, side);
    ASSERT_NE(line, nullptr) << side;
    least_of_sides = std::min(least_of_sides, line->step);
  }
  EXPECT_GT(least_of_sides, 0.6);
  int written = 0;
  for (const EdgeLine& l : found.lines) written += l.step < least_of_sides;
  EXPECT_GT(written, 2);
}

TEST(EdgeLines, NoMoreThanAskedFor) {
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, kPage, {230, 230, 230});
  Write(image, kPage, 9, 0.15, {30, 30, 30});
  EXPECT_EQ(LinesOf(image, 5).lines.size(), 5u);
}

TEST(Candidates, HoldTheSheetAndEachOnce) {
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, kPage, {230, 230, 230});
  Write(image, kPage, 9, 0.15, {30, 30, 30});
  const Found found = LinesOf(image);
  const auto candidates = CombineLines(found.lines, 240, 200, 50, nullptr);
  ASSERT_FALSE(candidates.empty());
  EXPECT_LE(candidates.size(), 50u);
  double best = 1e9;
  for (const Candidate& c : candidates) {
    best = std::min(best, CornerError(c.quad, kPage));
    EXPECT_TRUE(IsSensible(c.quad, 240, 200));
  }
  EXPECT_LT(best, 2);
  for (size_t i = 0; i < candidates.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(AreNear(candidates[i].quad, candidates[j].quad, 0.008 * std::hypot(240, 200)));
    }
  }
}

TEST(Candidates, TheBorderOfThePictureMayBeASide) {
  // The page goes on below the picture: three sides and the border.
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, {{{{50, 60}, {190, 60}, {200, 400}, {40, 400}}}}, {230, 230, 230});
  Found found = LinesOf(image);
  const Quad seen = {{{{50, 60}, {190, 60}, {194, 200}, {46, 200}}}};
  const auto has = [&](const std::vector<EdgeLine>& lines) {
    for (const Candidate& c : CombineLines(lines, 240, 200, 50, nullptr)) {
      if (CornerError(c.quad, seen) < 3) return true;
    }
    return false;
  };
  EXPECT_FALSE(has(found.lines));
  EdgeLine border(Line::Through({0, 200}, {1, 200}), 240, 200);
  border.Finish();
  border.is_border = true;
  found.lines.push_back(border);
  EXPECT_TRUE(has(found.lines));
}

TEST(Candidates, SensibleMeansConvexLargeEnoughAndNotFarOutside) {
  EXPECT_TRUE(IsSensible(kPage, 240, 200));
  EXPECT_FALSE(IsSensible(kPage, 6000, 5000));  // too small
  Quad far = kPage;
  far.corners[1].x = 500;
  EXPECT_FALSE(IsSensible(far, 240, 200));
  std::swap(far.corners[0], far.corners[2]);
  EXPECT_FALSE(IsSensible(far, 240, 200));
}

}  // namespace
}  // namespace peel::quads
