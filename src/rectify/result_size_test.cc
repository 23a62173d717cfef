#include "src/rectify/result_size.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace peel {
namespace {

Quad Rectangle(double width, double height) {
  return {{{{10, 20}, {10 + width, 20}, {10 + width, 20 + height}, {10, 20 + height}}}};
}

PlannedSize Plan(const Quad& quad, double ratio, const SizeRequest& request = {}) {
  const auto plan = PlanSize(quad, ratio, request);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *plan : PlannedSize{};
}

std::string Refusal(const Quad& quad, double ratio, const SizeRequest& request = {}) {
  const auto plan = PlanSize(quad, ratio, request);
  EXPECT_FALSE(plan.ok());
  return plan.status().message();
}

RatioChoice Ratio(const char* text) {
  const auto ratio = ParseRatio(text);
  EXPECT_TRUE(ratio.ok()) << ratio.status().message();
  return ratio.ok() ? *ratio : RatioChoice{};
}

TEST(PlanSize, WhatFacesTheCameraKeepsItsSize) {
  const PlannedSize plan = Plan(Rectangle(640, 480), 640.0 / 480);
  EXPECT_EQ(plan.size, (Size{640, 480}));
  EXPECT_EQ(plan.known, nullptr);
  EXPECT_EQ(plan.dpi_x, 0);
  EXPECT_EQ(plan.distortion, 0);
}

TEST(PlanSize, TheLongerSidesKeepTheirPixels) {
  // 1000 and 600 across, 316 down: square, foreshortened by lying flat.
  const Quad quad{{{{200, 0}, {800, 0}, {1000, 245}, {0, 245}}}};
  EXPECT_EQ(Plan(quad, 1).size, (Size{1000, 1000}));
  EXPECT_EQ(Plan(quad, 2).size, (Size{1000, 500}));
  // So wide that the sides down are what was resolved best.
  const PlannedSize wide = Plan(quad, 8);
  EXPECT_NEAR(wide.size.height, std::hypot(200, 245), 1);
  EXPECT_NEAR(wide.size.width, 8 * std::hypot(200, 245), 1);
}

TEST(PlanSize, ToldRatiosAreTaken) {
  const Quad quad = Rectangle(1000, 700);
  const PlannedSize given = Plan(quad, 1000.0 / 700, {.ratio = Ratio("2:1")});
  EXPECT_EQ(given.size, (Size{1400, 700}));
  EXPECT_EQ(given.ratio, 2);
  EXPECT_NEAR(given.distortion, 0.4, 1e-9);
  // Paper is taken the way round that the picture shows it.
  EXPECT_NEAR(Plan(quad, 1.43, {.ratio = Ratio("a4")}).ratio, 297.0 / 210, 1e-12);
  EXPECT_NEAR(Plan(Rectangle(700, 1000), 0.7, {.ratio = Ratio("a4")}).ratio, 210.0 / 297, 1e-12);
  EXPECT_STREQ(Plan(quad, 1.43, {.ratio = Ratio("id1")}).known->name, "id1");
}

TEST(PlanSize, AutoSnapsOnlyWhereItIsCertain) {
  const Quad quad = Rectangle(1000, 707);
  // 1.4 is 1 % below A4 and 5 % from the next.
  EXPECT_STREQ(Plan(quad, 1.4, {.spread = 0.006}).known->name, "a4");
  EXPECT_NEAR(Plan(quad, 1.4, {.spread = 0.006}).ratio, 297.0 / 210, 1e-12);
  EXPECT_EQ(Plan(quad, 1.4, {.ratio = Ratio("free"), .spread = 0.006}).known, nullptr);
  EXPECT_EQ(Plan(quad, 1.4).known, nullptr) << "unknown spread";
  EXPECT_EQ(Plan(quad, 1.4, {.spread = 0.002}).known, nullptr) << "surely not A4";
  EXPECT_EQ(Plan(quad, 1.4, {.spread = 0.02}).known, nullptr) << "too vague";
  // Letter (1.294) and 4:3 (1.333) are 3 % apart: between them nothing is certain.
  EXPECT_EQ(Plan(quad, 1.313, {.spread = 0.01}).known, nullptr);
  EXPECT_STREQ(Plan(quad, 1.295, {.spread = 0.004}).known->name, "letter");
  EXPECT_EQ(Plan(quad, 2.5, {.spread = 0.01}).known, nullptr) << "far from all";
}

TEST(PlanSize, PapersHaveAResolution) {
  const PlannedSize plan = Plan(Rectangle(2100, 2970), 210.0 / 297, {.ratio = Ratio("a4")});
  EXPECT_NEAR(plan.dpi_x, 254, 0.2);
  EXPECT_NEAR(plan.dpi_y, 254, 0.2);
  EXPECT_EQ(Plan(Rectangle(400, 300), 4.0 / 3, {.spread = 0.005}).dpi_x, 0) << "4:3 is no paper";
  // Told pixels of paper that is known: dots that are not square, where they are told so.
  const PlannedSize told =
      Plan(Rectangle(2100, 2970), 210.0 / 297, {.ratio = Ratio("a4"), .size = {827, 2339}});
  EXPECT_NEAR(told.dpi_x, 100, 0.1);
  EXPECT_NEAR(told.dpi_y, 200, 0.1);
}

TEST(PlanSize, AResolutionGivesTheSize) {
  const PlannedSize plan = Plan(Rectangle(900, 1200), 0.72, {.ratio = Ratio("a4"), .dpi = 300});
  EXPECT_EQ(plan.size, (Size{2480, 3508}));
  EXPECT_EQ(plan.dpi_x, 300);
  EXPECT_EQ(Plan(Rectangle(900, 1200), 0.71, {.spread = 0.005, .dpi = 100}).size,
            (Size{827, 1169}));
  EXPECT_NE(Refusal(Rectangle(900, 1200), 0.72, {.dpi = 300}).find("--ratio a4"),
            std::string::npos);
  EXPECT_NE(Refusal(Rectangle(900, 1200), 0.72, {.ratio = Ratio("4:3"), .dpi = 300}).find("paper"),
            std::string::npos);
  // Beside a told size it is written into the file and nothing else.
  const PlannedSize both = Plan(Rectangle(900, 1200), 0.72, {.size = {60, 80}, .dpi = 300});
  EXPECT_EQ(both.size, (Size{60, 80}));
  EXPECT_EQ(both.dpi_y, 300);
}

TEST(PlanSize, ToldSizesAreExact) {
  const PlannedSize plan = Plan(Rectangle(900, 1200), 0.75, {.size = {123, 45}});
  EXPECT_EQ(plan.size, (Size{123, 45}));
  EXPECT_NEAR(plan.ratio, 123.0 / 45, 1e-12);
  EXPECT_EQ(Plan(Rectangle(900, 1200), 0.75, {.size = {300, 0}}).size, (Size{300, 400}));
  EXPECT_EQ(Plan(Rectangle(900, 1200), 0.75, {.size = {0, 40}}).size, (Size{30, 40}));
}

TEST(PlanSize, LimitsReduceWhatIsPlannedAndRefuseWhatIsAskedFor) {
  const PlannedSize plan = Plan(Rectangle(4000, 2000), 2, {.max_pixels = 1'000'000});
  EXPECT_LE(plan.size.width * plan.size.height, 1'000'000);
  EXPECT_GT(plan.size.width * plan.size.height, 990'000);
  EXPECT_NEAR(static_cast<double>(plan.size.width) / plan.size.height, 2, 0.005);
  EXPECT_EQ(Plan(Rectangle(4000, 2000), 2, {.max_side = 1000}).size, (Size{1000, 500}));
  EXPECT_EQ(Plan(Rectangle(5e8, 5e8), 1, {.max_pixels = 1}).size, (Size{1, 1}));
  EXPECT_LE(Plan(Rectangle(900, 900000), 0.001, {.max_pixels = 7}).size.height, 7);

  const auto asked = PlanSize(Rectangle(9, 9), 1, {.size = {2000, 2000}, .max_pixels = 3'999'999});
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.status().code(), StatusCode::kLimit);
  EXPECT_NE(asked.status().message().find("2000 x 2000"), std::string::npos);
  EXPECT_EQ(PlanSize(Rectangle(9, 9), 1, {.size = {0, 2000}, .max_side = 1999}).status().code(),
            StatusCode::kLimit);
  EXPECT_EQ(PlanSize(Rectangle(9, 9), 1, {.ratio = Ratio("a4"), .dpi = 99999}).status().code(),
            StatusCode::kLimit);
}

TEST(PlanSize, RefusesWhatMakesNoSense) {
  EXPECT_NE(Refusal({}, 1).find("coincide"), std::string::npos);
  for (const double ratio : {0.0, -1.0, std::nan(""), HUGE_VAL, 1e-300}) {
    EXPECT_NE(Refusal(Rectangle(9, 9), ratio).find("thinner"), std::string::npos);
  }
  Refusal(Rectangle(9, 9), 1, {.size = {-1, 5}});
  Refusal(Rectangle(9, 9), 1, {.dpi = -1});
  Refusal(Rectangle(9, 9), 1, {.dpi = std::nan("")});
  Refusal(Rectangle(9, 9), 1, {.ratio = {.kind = RatioChoice::Kind::kGiven, .ratio = 1e9}});
  Refusal(Rectangle(9, 9), 1, {.ratio = {.kind = RatioChoice::Kind::kPaper}});
  Refusal(Rectangle(9, 9), 1, {.max_pixels = 0});
}

TEST(ParseRatio, UnderstandsTheContract) {
  EXPECT_EQ(Ratio("auto").kind, RatioChoice::Kind::kAuto);
  EXPECT_EQ(Ratio("free").kind, RatioChoice::Kind::kFree);
  EXPECT_EQ(Ratio("letter").kind, RatioChoice::Kind::kPaper);
  EXPECT_EQ(Ratio("16:9").kind, RatioChoice::Kind::kGiven);
  EXPECT_NEAR(Ratio("16:9").ratio, 16.0 / 9, 1e-12);
  EXPECT_NEAR(Ratio("1:1.5").ratio, 1 / 1.5, 1e-12);
  for (const char* bad : {"", "A4", "a5", ":", "4:", ":3", "0:1", "-4:3", "4:3:2", "101:1", "nan:1",
                          "inf:inf", "4x3", "1e400:1", "4 : 3"}) {
    const auto ratio = ParseRatio(bad);
    EXPECT_FALSE(ratio.ok()) << bad;
    EXPECT_NE(ratio.status().message().find("letter"), std::string::npos);
  }
}

TEST(KnownRatios, AreFoundByNameAndNearness) {
  EXPECT_STREQ(NearestKnownRatio(1.5)->name, "3:2");
  EXPECT_STREQ(NearestKnownRatio(1 / 1.5)->name, "3:2");
  EXPECT_EQ(NearestKnownRatio(1.0), nullptr);
  EXPECT_EQ(NearestKnownRatio(std::nan("")), nullptr);
  EXPECT_EQ(NearestKnownRatio(1.70), nullptr);
  EXPECT_STREQ(NearestKnownRatio(1.70, 0.05)->name, "16:9");
  EXPECT_EQ(FindKnownRatio("a4")->height_mm, 210);
  EXPECT_EQ(FindKnownRatio("a3"), nullptr);
}

}  // namespace
}  // namespace peel
