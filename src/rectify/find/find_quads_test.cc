#include "src/rectify/find/find_quads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

#include "src/rectify/find/test_drawing.h"
#include "src/rectify/plane.h"

namespace peel {
namespace {

using testing::AddNoise;
using testing::CornerError;
using testing::CoverOf;
using testing::Fill;
using testing::Ink;
using testing::Sheet;
using testing::Write;

const Quad kPage = {{{{100.3, 60.6}, {420.2, 85.1}, {400.7, 400.4}, {70.9, 380.2}}}};
constexpr Ink kWood = {110, 80, 60}, kPaper = {225, 225, 220}, kInk = {40, 40, 50};

Findings Find(const ImageU8& image, const FindOptions& options = {},
              ImageView<const uint8_t> matte = {}, ThreadPool* pool = nullptr) {
  auto found = FindQuads(image.view(), matte, options, pool);
  EXPECT_TRUE(found.ok()) << found.status().message();
  return found.ok() ? std::move(*found) : Findings{};
}

ImageU8 PageOnWood() {
  ImageU8 image = Sheet(500, 460, kWood);
  Fill(image, kPage, kPaper);
  Write(image, kPage, 14, 0.12, kInk);
  AddNoise(image, 6);
  return image;
}

TEST(FindQuads, FindsAWrittenPage) {
  const Findings found = Find(PageOnWood());
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 0.5);
  // Clockwise from the top left.
  EXPECT_LT(quads::Distance(found.quads[0].quad.corners[0], kPage.corners[0]), 1);
  EXPECT_EQ(found.quads[0].kind, QuadKind::kDocument);
  EXPECT_GT(found.quads[0].confidence, 0.8);
  EXPECT_EQ(found.confidence, found.quads[0].confidence);
  EXPECT_TRUE(found.reason.empty());
  EXPECT_NEAR(found.quads[0].ratio, 1.0, 0.12);
}

TEST(FindQuads, WhitePaperOnAWhiteTable) {
  ImageU8 image = Sheet(500, 460, {214, 213, 210});
  Fill(image, kPage, {228, 228, 226});
  Write(image, kPage, 14, 0.12, kInk);
  AddNoise(image, 3);
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 2);
}

TEST(FindQuads, DarkOnDark) {
  ImageU8 image = Sheet(500, 460, {30, 30, 32});
  Fill(image, kPage, {45, 42, 40});
  AddNoise(image, 3);
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 2);
}

TEST(FindQuads, ACoveredCornerIsFoundWhereTheSidesMeet) {
  ImageU8 image = PageOnWood();
  Fill(image, {{{{360, 350}, {450, 340}, {460, 430}, {365, 440}}}}, {190, 140, 120});
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 1.5);
}

TEST(FindQuads, CornersMayLieOutsideOfThePicture) {
  const Quad page = {{{{-15.3, 60.6}, {380.2, 25.1}, {400.7, 400.4}, {40.9, 420.2}}}};
  ImageU8 image = Sheet(500, 460, kWood);
  Fill(image, page, kPaper);
  AddNoise(image, 6);
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, page), 2);
}

TEST(FindQuads, ThePageNotTheTableOnIt) {
  ImageU8 image = PageOnWood();
  const Quad frame = {{{{150, 150}, {360, 162}, {350, 330}, {140, 322}}}};
  Fill(image, frame, {20, 20, 20});
  Fill(image, {{{{153, 153}, {357, 165}, {347, 327}, {143, 319}}}}, {224, 224, 220});
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 1.5);
}

TEST(FindQuads, AllSheetsInReadingOrder) {
  ImageU8 image = Sheet(640, 520, kWood);
  const Quad sheets[] = {{{{{30, 40}, {280, 30}, {285, 220}, {35, 230}}}},
                         {{{{330, 60}, {600, 50}, {610, 240}, {340, 230}}}},
                         {{{{60, 280}, {300, 290}, {290, 490}, {50, 480}}}}};
  for (const Quad& sheet : sheets) {
    Fill(image, sheet, kPaper);
    Write(image, sheet, 8, 0.15, kInk);
  }
  AddNoise(image, 5);
  const Findings all = Find(image, {.all = true});
  ASSERT_EQ(all.quads.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(CornerError(all.quads[i].quad, sheets[i]), 1.5) << i;
  EXPECT_EQ(Find(image).quads.size(), 1u);
}

TEST(FindQuads, ThePageNotThePrintBesideIt) {
  // The print is crisp all around; a finger lies over the page, which is of the table's lightness.
  ImageU8 image = Sheet(640, 520, {150, 140, 132});
  const Quad page = {{{{190, 90}, {470, 100}, {475, 460}, {180, 455}}}};
  Fill(image, page, {178, 176, 170});
  Write(image, page, 12, 0.12, kInk);
  Fill(image, {{{{440, 240}, {640, 250}, {640, 290}, {440, 275}}}}, {190, 140, 120});
  Fill(image, {{{{30, 30}, {130, 32}, {130, 100}, {30, 98}}}}, {240, 240, 240});
  Fill(image, {{{{36, 36}, {124, 38}, {124, 94}, {36, 92}}}}, {30, 60, 90});
  AddNoise(image, 4);
  const Findings found = Find(image);
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, page), 2);
}

TEST(FindQuads, TheLensSaysWhatARectangleIs) {
  // A tilted page, turned on its table, as a lens of 600 pixels sees it; one of 3000 cannot have.
  constexpr double kFocal = 600, kTilt = 0.7, kTurn = 0.6;
  Quad page;
  for (size_t i = 0; i < 4; ++i) {
    const double u = i == 0 || i == 3 ? -0.6 : 0.6, v = i < 2 ? -0.5 : 0.5;
    const double x = std::cos(kTurn) * u - std::sin(kTurn) * v;
    const double y = std::sin(kTurn) * u + std::cos(kTurn) * v;
    const double scale = kFocal / (2.2 + std::sin(kTilt) * y);
    page.corners[i] = {250 + scale * x, 230 + scale * std::cos(kTilt) * y};
  }
  ImageU8 image = Sheet(500, 460, kWood);
  Fill(image, page, kPaper);
  AddNoise(image, 6);
  EXPECT_GT(Find(image, {.focal_px = kFocal}).confidence,
            Find(image, {.focal_px = 3000}).confidence + 0.02);
}

TEST(FindQuads, TheKindAskedForIsTheKindReported) {
  const ImageU8 image = PageOnWood();
  for (const QuadKind kind : {QuadKind::kDocument, QuadKind::kProduct, QuadKind::kScreen}) {
    const Findings found = Find(image, {.kind = kind});
    ASSERT_EQ(found.quads.size(), 1u) << found.reason;
    EXPECT_EQ(found.quads[0].kind, kind);
  }
}

TEST(FindQuads, AGivenFocalLengthIsUsed) {
  const ImageU8 image = PageOnWood();
  const Findings found = Find(image, {.focal_px = 480});
  ASSERT_EQ(found.quads.size(), 1u);
  EXPECT_NEAR(found.quads[0].focal_px, 480, 60);
  EXPECT_NE(found.quads[0].ratio, Find(image).quads[0].ratio);
}

// A matte of the subject that is not the sheet misleads no one; an empty one is no obstacle.
TEST(FindQuads, AWrongMatteDoesNotMislead) {
  const ImageU8 image = PageOnWood();
  const Quad elsewhere = {{{{10, 10}, {60, 10}, {60, 440}, {10, 440}}}};
  ImageU8 matte = std::move(*ImageU8::Allocate(500, 460, 1));
  for (const bool empty : {false, true}) {
    for (int y = 0; y < 460; ++y) {
      for (int x = 0; x < 500; ++x) {
        const double cover = empty ? 0 : CoverOf(elsewhere, x, y);
        matte.row(y)[x] = static_cast<uint8_t>(std::lround(255 * cover));
      }
    }
    const Findings found = Find(image, {}, matte.view());
    ASSERT_EQ(found.quads.size(), 1u) << found.reason;
    EXPECT_LT(CornerError(found.quads[0].quad, kPage), 0.5);
  }
}

// A matte of a third of the size says nearly what one of the whole size does.
TEST(FindQuads, AMatteMayBeSmaller) {
  const ImageU8 image = PageOnWood();
  const auto matte_of = [](int width, int height, double scale) {
    Quad page = kPage;
    for (auto& p : page.corners) p = {scale * p.x, scale * p.y};
    ImageU8 matte = std::move(*ImageU8::Allocate(width, height, 1));
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        matte.row(y)[x] = static_cast<uint8_t>(std::lround(255 * CoverOf(page, x, y)));
      }
    }
    return matte;
  };
  const ImageU8 whole = matte_of(500, 460, 1), third = matte_of(167, 153, 1 / 3.0);
  const double without = Find(image).confidence, with = Find(image, {}, whole.view()).confidence;
  const Findings found = Find(image, {}, third.view());
  ASSERT_EQ(found.quads.size(), 1u) << found.reason;
  EXPECT_LT(CornerError(found.quads[0].quad, kPage), 0.5);
  EXPECT_LT(std::abs(found.confidence - with), 0.1 * std::abs(with - without));
}

TEST(FindQuads, AbstainsWithAReason) {
  ImageU8 noise = Sheet(300, 200, {120, 120, 120});
  AddNoise(noise, 40);
  ImageU8 disc = Sheet(300, 200, kWood);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 300; ++x) {
      if (std::hypot((x - 150) / 1.3, y - 100) < 70) disc.row(y)[3 * x] = 250;
    }
  }
  const ImageU8 even = Sheet(300, 200, {90, 90, 90});
  for (const ImageU8* image : std::initializer_list<const ImageU8*>{&noise, &disc, &even}) {
    const Findings found = Find(*image);
    EXPECT_TRUE(found.quads.empty());
    EXPECT_FALSE(found.reason.empty());
    EXPECT_LT(found.confidence, 0.5);
  }
}

TEST(FindQuads, OddSizesAreNoReasonToCrash) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 20000}, {20000, 1}, {2, 2}, {7, 5}, {9, 9}, {16, 4000}, {3, 300}}) {
    ImageU8 image = Sheet(width, height, kWood);
    AddNoise(image, 60);
    Find(image, {.all = true});
    const ImageU8 matte = std::move(*ImageU8::Allocate(width, height, 1));
    for (int y = 0; y < height; ++y) {
      std::fill_n(const_cast<uint8_t*>(matte.row(y)), width, uint8_t{255});
    }
    Find(image, {}, matte.view());
  }
}

TEST(FindQuads, ShapesThatDoNotFitAreRefused) {
  const ImageU8 image = Sheet(30, 20, kWood);
  const ImageU8 matte = std::move(*ImageU8::Allocate(20, 30, 1));
  const auto code = [](const Result<Findings>& r) { return r.status().code(); };
  EXPECT_EQ(code(FindQuads({}, {}, {}, nullptr)), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(FindQuads(matte.view(), {}, {}, nullptr)), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(FindQuads(image.view(), matte.view(), {}, nullptr)), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(FindQuads(image.view(), image.view(), {}, nullptr)), StatusCode::kInvalidArgument);
}

TEST(FindQuads, IsTheSameAtEveryNumberOfThreads) {
  const ImageU8 image = PageOnWood();
  ThreadPool pool(3);
  const Findings alone = Find(image), together = Find(image, {}, {}, &pool);
  ASSERT_EQ(alone.quads.size(), together.quads.size());
  for (size_t i = 0; i < alone.quads.size(); ++i) {
    EXPECT_EQ(alone.quads[i].quad, together.quads[i].quad);
  }
  EXPECT_EQ(alone.confidence, together.confidence);
}

TEST(FindQuads, TransparencyIsNoObstacle) {
  const ImageU8 image = PageOnWood();
  ImageU8 rgba = std::move(*ImageU8::Allocate(500, 460, 4));
  for (int y = 0; y < 460; ++y) {
    for (int x = 0; x < 500; ++x) {
      for (int c = 0; c < 3; ++c) rgba.row(y)[4 * x + c] = image.row(y)[3 * x + c];
      rgba.row(y)[4 * x + 3] = 255;
    }
  }
  const Findings with = Find(rgba), without = Find(image);
  ASSERT_EQ(with.quads.size(), 1u);
  EXPECT_LT(CornerError(with.quads[0].quad, without.quads[0].quad), 0.05);
}

}  // namespace
}  // namespace peel
