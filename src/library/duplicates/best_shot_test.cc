#include "src/library/duplicates/best_shot.h"

#include <gtest/gtest.h>

#include <vector>

namespace peel::library {
namespace {

ShotFacts Shot() {
  ShotFacts shot;
  shot.width = 4000;
  shot.height = 3000;
  shot.bytes = 4000000;
  shot.format_rank = 1;
  shot.sharpness = 0.6f;
  return shot;
}

// The third of three has what `change` gives it.
template <typename F>
BestShot WithThird(BestShot (*choose)(std::span<const ShotFacts>), F change) {
  std::vector<ShotFacts> shots(3, Shot());
  change(&shots[2]);
  return choose(shots);
}

TEST(BestShotTest, OfOneCaptureTheOriginal) {
  const auto reason = [](auto change) {
    const BestShot best = WithThird(BestOfSameCapture, change);
    EXPECT_EQ(best.index, 2u);
    return best.reason;
  };
  EXPECT_EQ(reason([](ShotFacts* s) { s->rating = 5; }), "rated 5 stars");
  EXPECT_EQ(reason([](ShotFacts* s) { s->rating = 1; }), "rated 1 star");
  EXPECT_EQ(reason([](ShotFacts* s) { s->camera_metadata = true; }),
            "original: the one with its camera's metadata");
  EXPECT_EQ(reason([](ShotFacts* s) { s->has_film = true; }),
            "a live photo: the one with its film");
  EXPECT_EQ(reason([](ShotFacts* s) { s->width = 6000; }),
            "largest: 6000×3000, the next 4000×3000");
  EXPECT_EQ(reason([](ShotFacts* s) { s->format_rank = 3; }), "the camera's raw file");
  EXPECT_EQ(reason([](ShotFacts* s) { s->format_rank = 2; }), "the format that loses least");
  EXPECT_EQ(reason([](ShotFacts* s) { s->bytes = 6500000; }),
            "least compressed: 6.5 MB, the next 4.0 MB");
}

TEST(BestShotTest, OfShotsThatAreAllGoodTheMarkDecides) {
  std::vector<ShotFacts> shots(3, Shot());
  for (ShotFacts& shot : shots) shot.quality = 0.84f;
  shots[1].quality = 0.8431f;
  EXPECT_EQ(BestOfShots(shots).index, 1u);
  EXPECT_EQ(BestOfShots(shots).reason, "best quality: 0.8431, the next 0.8400");
  shots[2].width += 400;  // more pixels come first
  EXPECT_EQ(BestOfShots(shots).index, 2u);
}

TEST(BestShotTest, WhatAProgramSavedOrSomebodyRejectedIsLast) {
  std::vector<ShotFacts> shots(2, Shot());
  shots[0].edited = true;
  EXPECT_EQ(BestOfSameCapture(shots).index, 1u);
  EXPECT_EQ(BestOfSameCapture(shots).reason,
            "original: not saved again by a program that edits pictures");
  shots[1].rating = -1;
  EXPECT_EQ(BestOfSameCapture(shots).index, 0u);
  EXPECT_EQ(BestOfSameCapture(shots).reason, "the others are rated as rejected");
}

TEST(BestShotTest, WhatIsAlikeIsSaidToBe) {
  std::vector<ShotFacts> shots(3, Shot());
  shots[2].bytes -= 100;
  EXPECT_EQ(BestOfSameCapture(shots).index, 0u);
  EXPECT_EQ(BestOfSameCapture(shots).reason,
            "the first of 3 that are alike in all that was measured");
  shots[0].width = 2000;
  EXPECT_EQ(BestOfSameCapture(shots).index, 1u);
  EXPECT_EQ(BestOfSameCapture(shots).reason,
            "one of 2 that are best of 3 and alike in all that was measured");
}

TEST(BestShotTest, OfManyShotsTheOneWorthKeeping) {
  const auto reason = [](auto change) {
    const BestShot best = WithThird(BestOfShots, change);
    EXPECT_EQ(best.index, 2u);
    return best.reason;
  };
  EXPECT_EQ(reason([](ShotFacts* s) { s->sharpness = 0.9f; }),
            "sharpest of 3: 0.90, the next 0.60");
  EXPECT_EQ(reason([](ShotFacts* s) { s->faces = 3; }),
            "most faces: 3, the next 0; whether eyes are open is not judged");
  EXPECT_EQ(reason([](ShotFacts* s) { s->width = 5000; }),
            "largest: 5000×3000, the next 4000×3000");
  std::vector<ShotFacts> shots(2, Shot());
  shots[0].exposure = -0.5f;
  EXPECT_EQ(BestOfShots(shots).index, 1u);
  EXPECT_EQ(BestOfShots(shots).reason, "best lit: the next is too dark");
  shots[0].exposure = 0.5f;
  EXPECT_EQ(BestOfShots(shots).reason, "best lit: the next is too bright");
  shots[0].exposure = 0;
  shots[0].cut_off = true;
  EXPECT_EQ(BestOfShots(shots).index, 1u);
  EXPECT_EQ(BestOfShots(shots).reason, "the one whose subject is not cut off");
  // A little sharper is none, and what was not measured is no sharper.
  shots[0].cut_off = false;
  shots[1].sharpness = 0.65f;
  EXPECT_EQ(BestOfShots(shots).index, 0u);
  shots[1].sharpness = -1;
  EXPECT_EQ(BestOfShots(shots).index, 0u);
  EXPECT_EQ(BestOfShots(shots).reason, "sharpest of 2: 0.60");
}

}  // namespace
}  // namespace peel::library
