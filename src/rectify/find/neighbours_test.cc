#include "src/rectify/find/neighbours.h"

#include <gtest/gtest.h>

#include <vector>

namespace peel::quads {
namespace {

Quad Box(double left, double top, double right, double bottom) {
  return {{{{left, top}, {right, top}, {right, bottom}, {left, bottom}}}};
}

// All that a strong candidate has.
Evidence Strong(double cover = 1) {
  Evidence e;
  e[Evidence::kWeakerCover] = cover;
  e[Evidence::kWeakerStep] = 1;
  return e;
}

TEST(Neighbours, WhatLiesWithinAnotherKnowsIt) {
  std::vector<Evidence> e = {Strong(0.9), Strong(0.6)};
  LookAround({Box(0, 0, 100, 80), Box(20, 20, 60, 50)}, e);
  EXPECT_EQ(e[0][Evidence::kEnclosed], 0);
  EXPECT_DOUBLE_EQ(e[0][Evidence::kEncloses], 0.6);
  EXPECT_DOUBLE_EQ(e[1][Evidence::kEnclosed], 0.9);
  EXPECT_EQ(e[1][Evidence::kEncloses], 0);
  for (const Evidence& one : e) {
    EXPECT_EQ(one[Evidence::kRival], 0);
    EXPECT_EQ(one[Evidence::kExtended], 0);
    EXPECT_EQ(one[Evidence::kShortened], 0);
  }
}

TEST(Neighbours, WhatThePictureHardlyShowsHasLittleToSay) {
  std::vector<Evidence> e = {Strong(), Strong()};
  e[0][Evidence::kUnseen] = 0.3;
  LookAround({Box(0, 0, 100, 80), Box(20, 20, 60, 50)}, e);
  EXPECT_NEAR(e[1][Evidence::kEnclosed], 0.25, 1e-9);
  EXPECT_NEAR(e[0][Evidence::kEncloses], 0.25, 1e-9);
}

TEST(Neighbours, APageWithABandAcrossItIsTheLongerOfTwo) {
  std::vector<Evidence> e = {Strong(0.9), Strong(0.7)};
  LookAround({Box(0, 0, 100, 80), Box(0, 20, 100, 80)}, e);
  EXPECT_DOUBLE_EQ(e[0][Evidence::kShortened], 0.7);
  EXPECT_EQ(e[0][Evidence::kExtended], 0);
  EXPECT_DOUBLE_EQ(e[1][Evidence::kExtended], 0.9);
  EXPECT_EQ(e[1][Evidence::kShortened], 0);
}

TEST(Neighbours, TheLargerOfTwoSideBySideIsTheGreaterRival) {
  std::vector<Evidence> e = {Strong(), Strong()};
  LookAround({Box(0, 0, 30, 10), Box(40, 0, 50, 10)}, e);
  EXPECT_DOUBLE_EQ(e[0][Evidence::kRival], 0.25);
  EXPECT_DOUBLE_EQ(e[1][Evidence::kRival], 0.75);
  EXPECT_EQ(e[0][Evidence::kEnclosed], 0);
}

TEST(Neighbours, NoneAndOneHaveNoNeighbours) {
  std::vector<Evidence> e;
  LookAround({}, e);
  e = {Strong()};
  LookAround({Box(0, 0, 10, 10)}, e);
  EXPECT_EQ(e[0][Evidence::kRival], 0);
}

}  // namespace
}  // namespace peel::quads
