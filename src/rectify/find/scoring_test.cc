#include "src/rectify/find/scoring.h"

#include <gtest/gtest.h>

#include <utility>

#include "src/rectify/find/confidence.h"
#include "src/rectify/find/kinds.h"
#include "src/rectify/find/test_drawing.h"

namespace peel::quads {
namespace {

using testing::CoverOf;
using testing::Fill;
using testing::Sheet;
using testing::Write;

const Quad kPage = {{{{40, 30}, {200, 45}, {190, 150}, {30, 160}}}};
const Quad kInner = {{{{60, 50}, {180, 61}, {170, 134}, {54, 141}}}};

struct Scene {
  WorkingCopy copy;
  EdgeMap edges;
};

Scene SceneOf(const ImageU8& image) {
  Scene scene;
  scene.copy = std::move(*MakeWorkingCopy(image.view(), 1 << 20, nullptr));
  scene.edges = std::move(*MakeEdgeMap(scene.copy, nullptr));
  return scene;
}

// A page with a black frame on it.
ImageU8 FramedPage() {
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, kPage, {230, 230, 230});
  Fill(image, kInner, {20, 20, 20});
  Fill(image, {{{{62, 52}, {178, 63}, {168, 132}, {56, 139}}}}, {230, 230, 230});
  return image;
}

TEST(Scoring, TheRimOfAPageSeparatesColoursAFrameOnItDoesNot) {
  const Scene scene = SceneOf(FramedPage());
  const Scorer scorer(scene.copy, scene.edges, {});
  const Evidence page = scorer.Look(kPage), frame = scorer.Look(kInner);
  EXPECT_GT(page[Evidence::kLeastCover], 0.85);
  EXPECT_GT(frame[Evidence::kLeastCover], 0.85);
  EXPECT_GT(page[Evidence::kLeastStep], 0.8);
  EXPECT_LT(frame[Evidence::kStep], 0.5);
  EXPECT_NEAR(page[Evidence::kOneSign], 1, 0.1);
  EXPECT_GT(page[Evidence::kAlike], 0.7);
  EXPECT_GT(page[Evidence::kArea], frame[Evidence::kArea]);
  EXPECT_GT(LogOdds(page), LogOdds(frame));
}

TEST(Scoring, TheWeakerOfOppositeSidesCounts) {
  const Scene scene = SceneOf(FramedPage());
  const Scorer scorer(scene.copy, scene.edges, {});
  Quad wrong = kPage;  // its right side lies where there is no edge
  wrong.corners[1].x += 20, wrong.corners[2].x += 20;
  const Evidence e = scorer.Look(wrong), right = scorer.Look(kPage);
  EXPECT_LT(e[Evidence::kLeastCover], 0.3);
  EXPECT_LT(e[Evidence::kWeakerCover], e[Evidence::kCover]);
  EXPECT_LT(LogOdds(e), LogOdds(right) - 1);
}

TEST(Scoring, EdgesBeyondTheCornersAreOfAFloor) {
  // Bars that cross: lines go on.
  ImageU8 image = Sheet(240, 200, {60, 60, 60});
  Fill(image, {{{{0, 60}, {240, 60}, {240, 140}, {0, 140}}}}, {120, 120, 120});
  Fill(image, {{{{80, 0}, {160, 0}, {160, 200}, {80, 200}}}}, {180, 180, 180});
  const Scene scene = SceneOf(image);
  const Scorer scorer(scene.copy, scene.edges, {});
  const Evidence e = scorer.Look({{{{80, 60}, {160, 60}, {160, 140}, {80, 140}}}});
  EXPECT_GT(e[Evidence::kBeyond], 0.3);
  const Scene page = SceneOf(FramedPage());
  EXPECT_LT(Scorer(page.copy, page.edges, {}).Look(kPage)[Evidence::kBeyond], 0.2);
}

TEST(Scoring, TheMatteCountsWhereThereIsOne) {
  const Scene scene = SceneOf(FramedPage());
  ImageU8 matte = std::move(*ImageU8::Allocate(240, 200, 1));
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 240; ++x) {
      matte.row(y)[x] = static_cast<uint8_t>(255 * CoverOf(kPage, x, y));
    }
  }
  const Evidence with = Scorer(scene.copy, scene.edges, matte.view()).Look(kPage);
  EXPECT_GT(with[Evidence::kMatte], 0.97);
  EXPECT_GT(with[Evidence::kMatteSides], 0.9);
  const Evidence inner = Scorer(scene.copy, scene.edges, matte.view()).Look(kInner);
  EXPECT_LT(inner[Evidence::kMatte], 0.6);
  EXPECT_LT(inner[Evidence::kMatteSides], 0.1);
  const Evidence without = Scorer(scene.copy, scene.edges, {}).Look(kPage);
  EXPECT_EQ(without[Evidence::kHasMatte], 0);
  EXPECT_EQ(without[Evidence::kMatte], 0);
}

TEST(Scoring, ASideAlongThePicturesBorderIsUnseen) {
  const Scene scene = SceneOf(FramedPage());
  const Scorer scorer(scene.copy, scene.edges, {});
  for (const double off : {-1e-9, 0.0, 1e-9, 1.0}) {
    const Evidence e = scorer.Look({{{{30, off}, {200, off}, {190, 150}, {30, 160}}}});
    EXPECT_GT(e[Evidence::kUnseen], 0.24) << off;
  }
}

TEST(Scoring, SidesOutsideOfThePictureAreUnseen) {
  const Scene scene = SceneOf(FramedPage());
  Quad outside = kPage;
  outside.corners[0].x -= 100, outside.corners[3].x -= 100;
  const Evidence e = Scorer(scene.copy, scene.edges, {}).Look(outside);
  EXPECT_GT(e[Evidence::kUnseen], 0.25);
  EXPECT_EQ(Scorer(scene.copy, scene.edges, {}).Look(kPage)[Evidence::kUnseen], 0);
}

TEST(Confidence, IsAProbability) {
  EXPECT_LT(Probability(0), 0.5);
  EXPECT_GT(Probability(3), 0.5);
  EXPECT_NEAR(Probability(90), 1, 1e-9);
  EXPECT_NEAR(Probability(-90), 0, 1e-9);
}

TEST(Kinds, PaperIsADocument) {
  ImageU8 image = Sheet(500, 420, {110, 80, 60});
  const Quad sheet = {{{{80, 60}, {400, 90}, {380, 300}, {60, 320}}}};
  Fill(image, sheet, {230, 230, 226});
  Write(image, sheet, 14, 0.15, {30, 30, 30});
  const WorkingCopy paper = std::move(*MakeWorkingCopy(image.view(), 1 << 20, nullptr));
  const Surface page = LookAtSurface(paper, sheet);
  EXPECT_GT(page[Surface::kCommon], 0.5);
  EXPECT_NEAR(page[Surface::kCommonLight], 0.9, 0.05);
  EXPECT_EQ(KindOf(page), QuadKind::kDocument);
  EXPECT_GT(KindOdds(page, QuadKind::kDocument), KindOdds(page, QuadKind::kProduct));
  EXPECT_EQ(KindOdds(page, QuadKind::kAuto), 0);
}

}  // namespace
}  // namespace peel::quads
