#include "src/pipeline/cut/rectify_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/rectify_find.h"
#include "src/pipeline/cut/rectify_result.h"

namespace peel {
namespace {

using testing::HasSubstr;

const Quad kQuad = {{{{10, 20}, {110, 22}, {108, 220}, {12, 218}}}};

TEST(RectifyChoices, CornersAreEightNumbers) {
  const auto quad = ParseCorners("10,20, 110,22 ,108,220,12.5,-218e0");
  ASSERT_TRUE(quad.ok()) << quad.status().message();
  EXPECT_EQ(quad->corners[1], (Point{110, 22}));
  EXPECT_EQ(quad->corners[3], (Point{12.5, -218}));
  for (const char* text : {"", "1", "1,2,3,4,5,6,7", "1,2,3,4,5,6,7,8,9", "1,2,3,4,5,6,7,8,",
                           "1,2,3,4,5,6,7,x", "1,2,3,4,5,6,7,nan", "1,2,3,4,5,6,7,inf",
                           "1,2,3,4,5,6,7,1e9", "1 2 3 4 5 6 7 8", ",1,2,3,4,5,6,7,8"}) {
    const auto refused = ParseCorners(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_THAT(refused.status().message(), HasSubstr("four corners"));
  }
}

TEST(RectifyChoices, WordsAreThoseOfTheOptions) {
  EXPECT_EQ(*ParseQuadKind("screen"), QuadKind::kScreen);
  EXPECT_STREQ(KindName(QuadKind::kProduct), "product");
  EXPECT_EQ(*ParseEnhancement("bw"), Enhancement::kBilevel);
  EXPECT_EQ(*ParseEnhancement("gray"), *ParseEnhancement("grey"));
  EXPECT_EQ(*ParseTurn("auto"), std::nullopt);
  EXPECT_EQ(*ParseTurn("270"), 270);
  EXPECT_THAT(ParseQuadKind("cat").status().message(), HasSubstr("document"));
  EXPECT_THAT(ParseEnhancement("").status().message(), HasSubstr("bw"));
  EXPECT_THAT(ParseTurn("45").status().message(), HasSubstr("180"));
}

TEST(RectifyChoices, SizesMayLeaveASideOpen) {
  EXPECT_EQ(*ParseResultSize("800x600"), (Size{800, 600}));
  EXPECT_EQ(*ParseResultSize("800x"), (Size{800, 0}));
  EXPECT_EQ(*ParseResultSize("x600"), (Size{0, 600}));
  for (const char* text : {"", "x", "800", "0x5", "-3x5", "70000x2", "axb", "3x4x5", "3 x4"}) {
    EXPECT_FALSE(ParseResultSize(text).ok()) << text;
  }
}

TEST(RectifyChoices, WhatMakesNoSenseIsRefused) {
  RectifyChoices choices;
  EXPECT_TRUE(CheckRectify(choices).ok());
  choices.corners = kQuad;
  EXPECT_TRUE(CheckRectify(choices).ok());
  choices.all = true;
  EXPECT_THAT(CheckRectify(choices).message(), HasSubstr("--all"));
  choices.all = false;
  std::swap(choices.corners->corners[0], choices.corners->corners[1]);
  EXPECT_THAT(CheckRectify(choices).message(), HasSubstr("the corners"));
  choices = {};
  choices.turn = 45;
  EXPECT_FALSE(CheckRectify(choices).ok());
  choices = {};
  choices.focal_px = -1;
  EXPECT_FALSE(CheckRectify(choices).ok());
  choices = {};
  choices.draw = true;
  EXPECT_TRUE(CheckRectify(choices).ok());
  choices.margin = Length(3);
  EXPECT_THAT(CheckRectify(choices).message(), HasSubstr("--draw"));
}

TEST(RectifyChoices, WithoutACutOutNothingOfOnesIsTaken) {
  CutOptions options;
  options.rectify.emplace();
  EXPECT_TRUE(CheckOptions(options).ok());
  options.compose.mask_only = true;
  EXPECT_THAT(CheckOptions(options).message(), HasSubstr("cut"));
  options.rectify->cutout = true;
  EXPECT_TRUE(CheckOptions(options).ok());
  options.compose.mask_only = false;
  options.matte.model.mode = MatteMode::kRembg;
  EXPECT_THAT(CheckOptions(options).message(), HasSubstr("rembg"));
}

TEST(RectifyChoices, CornersMayLieOutsideButNotFar) {
  EXPECT_TRUE(CheckCorners({{{{-90, -90}, {190, 0}, {190, 190}, {0, 190}}}}, {100, 100}).ok());
  const Status far = CheckCorners({{{{0, 0}, {201, 0}, {90, 90}, {0, 90}}}}, {100, 100});
  EXPECT_THAT(far.message(), HasSubstr("201, 0"));
  EXPECT_THAT(far.message(), HasSubstr("100x100"));
}

TEST(RectifyChoices, ATurnRelabelsTheCorners) {
  FoundQuad found;
  found.quad = kQuad;
  found.ratio = 0.5;
  const FoundQuad quarter = Turned(found, 90);
  // Clockwise: what was at the bottom left comes to the top left.
  EXPECT_EQ(quarter.quad.corners[0], kQuad.corners[3]);
  EXPECT_EQ(quarter.quad.corners[1], kQuad.corners[0]);
  EXPECT_EQ(quarter.ratio, 2);
  const FoundQuad half = Turned(quarter, 90);
  EXPECT_EQ(half.quad.corners[0], kQuad.corners[2]);
  EXPECT_EQ(half.ratio, 0.5);
  EXPECT_EQ(Turned(half, 180).quad, kQuad);
  EXPECT_EQ(Turned(found, 0).quad, kQuad);
}

}  // namespace
}  // namespace peel
