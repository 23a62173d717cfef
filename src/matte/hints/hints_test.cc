#include "src/matte/hints/hints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "src/image/geometry.h"
#include "src/image/test_pixels.h"
#include "src/matte/hints/hint_spread.h"

namespace peel {
namespace {

constexpr int kWidth = 480, kHeight = 360;
constexpr uint8_t kGround[3] = {70, 110, 80}, kBody[3] = {40, 60, 160}, kArm[3] = {220, 170, 140},
                  kChair[3] = {150, 90, 40};

// How much of a pixel lies within `radius` of the segment, by the distance of its middle.
double Capsule(double x, double y, double x0, double y0, double x1, double y1, double radius) {
  const double dx = x1 - x0, dy = y1 - y0;
  const double t = std::clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
  return std::clamp(radius + 0.5 - std::hypot(x - x0 - t * dx, y - y0 - t * dy), 0.0, 1.0);
}

// A body with an arm to the right and a chair to the left of it, over a ground with some noise.
struct Scene {
  ImageU8 photo = *ImageU8::Allocate(kWidth, kHeight, 3);
  ImageU8 body = *ImageU8::Allocate(kWidth, kHeight, 1);
  ImageU8 arm = *ImageU8::Allocate(kWidth, kHeight, 1);  // what of a pixel is arm alone
  ImageU8 chair = *ImageU8::Allocate(kWidth, kHeight, 1);
  ImageU8 strokes = *ImageU8::Allocate(kWidth, kHeight, 1);

  Scene() {
    const ImageU8 noise = testing::Noise(7, kWidth, kHeight, 3);
    for (int y = 0; y < kHeight; ++y) {
      std::fill_n(strokes.row(y), kWidth, kNoHint);
      for (int x = 0; x < kWidth; ++x) {
        const double in_body = Capsule(x, y, 240, 140, 240, 300, 40);
        const double in_arm = Capsule(x, y, 250, 160, 380, 90, 14) * (1 - in_body);
        const double in_chair = Capsule(x, y, 90, 200, 90, 300, 45) * (1 - in_body);
        body.row(y)[x] = static_cast<uint8_t>(std::lround(255 * in_body));
        arm.row(y)[x] = static_cast<uint8_t>(std::lround(255 * in_arm));
        chair.row(y)[x] = static_cast<uint8_t>(std::lround(255 * in_chair));
        for (int c = 0; c < 3; ++c) {
          double v = kGround[c];
          v += in_chair * (kChair[c] - v);
          v += in_body * (kBody[c] - v);
          v += in_arm * (kArm[c] - v);
          v += noise.row(y)[3 * x + c] / 32.0 - 4;
          photo.row(y)[3 * x + c] = static_cast<uint8_t>(std::lround(v));
        }
      }
    }
  }

  void Draw(int x0, int y0, int x1, int y1, uint8_t kind) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        if (Capsule(x, y, x0, y0, x1, y1, 3) >= 0.5) strokes.row(y)[x] = kind;
      }
    }
  }
};

ImageU8 Sum(const ImageU8& a, const ImageU8& b) {
  ImageU8 sum = *Clone(a.view());
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      sum.row(y)[x] = static_cast<uint8_t>(std::min(255, a.row(y)[x] + b.row(y)[x]));
    }
  }
  return sum;
}

double MeanError(const ImageU8& a, const ImageU8& b) {
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) sum += std::abs(a.row(y)[x] - b.row(y)[x]);
  }
  return sum / (255.0 * a.width() * a.height());
}

// Every stroke is there, and beyond reach nothing has changed.
void ExpectExactAndLocal(const Scene& scene, const ImageU8& before, const ImageU8& after) {
  std::vector<std::pair<int, int>> drawn;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (scene.strokes.row(y)[x] == kNoHint) continue;
      ASSERT_EQ(after.row(y)[x], scene.strokes.row(y)[x]) << x << ", " << y;
      if (drawn.empty() || x % 8 == 0) drawn.emplace_back(x, y);
    }
  }
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (after.row(y)[x] == before.row(y)[x]) continue;
      const bool near = std::ranges::any_of(drawn, [&](const auto& p) {
        return std::hypot(p.first - x, p.second - y) < 0.3 * kWidth + 8;
      });
      ASSERT_TRUE(near) << x << ", " << y;
    }
  }
}

TEST(Hints, AStrokeOnALostArmBringsItBack) {
  Scene scene;
  const ImageU8 truth = Sum(scene.body, scene.arm);
  scene.Draw(300, 133, 330, 117, kKeep);
  ImageU8 matte = *Clone(scene.body.view());
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  ExpectExactAndLocal(scene, scene.body, matte);
  EXPECT_EQ(matte.row(90)[380], 255);   // the hand
  EXPECT_GE(matte.row(146)[276], 250);  // where it meets the body
  EXPECT_LT(MeanError(matte, truth), MeanError(scene.body, truth) / 20);
  EXPECT_EQ(matte.row(200)[90], 0);  // the chair
}

TEST(Hints, AStrokeOnAKeptChairRemovesIt) {
  Scene scene;
  const ImageU8 before = Sum(scene.body, scene.chair);
  scene.Draw(90, 220, 90, 280, kRemove);
  ImageU8 matte = *Clone(before.view());
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  ExpectExactAndLocal(scene, before, matte);
  EXPECT_LT(MeanError(matte, scene.body), MeanError(before, scene.body) / 50);
  EXPECT_EQ(matte.row(200)[240], 255);
}

// What has another colour and is small goes with what it lies on, as long as that is all it had.
TEST(Hints, NothingSmallIsLeftBehind) {
  Scene scene;
  for (int y = 250; y < 262; ++y) {
    for (int x = 104; x < 116; ++x) {
      const uint8_t green[3] = {40, 200, 60};
      std::copy_n(green, 3, scene.photo.row(y) + 3 * x);
    }
  }
  scene.Draw(80, 220, 80, 280, kRemove);
  ImageU8 matte = Sum(scene.body, scene.chair);
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  EXPECT_EQ(matte.row(256)[110], 0);
  EXPECT_EQ(matte.row(200)[240], 255);
}

TEST(Hints, BothKindsAtOnce) {
  Scene scene;
  scene.Draw(300, 133, 330, 117, kKeep);
  scene.Draw(90, 220, 90, 280, kRemove);
  ImageU8 matte = Sum(scene.body, scene.chair);
  const ImageU8 before = *Clone(std::as_const(matte).view());
  const ImageU8 truth = Sum(scene.body, scene.arm);
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  EXPECT_LT(MeanError(matte, truth), MeanError(before, truth) / 20);
}

// A hard edge of the new outline is as soft as the picture has it.
TEST(Hints, NewOutlinesAreSolvedFor) {
  Scene scene;
  scene.Draw(300, 133, 330, 117, kKeep);
  ImageU8 matte = *Clone(scene.body.view());
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  int soft = 0, good = 0;
  for (int y = 80; y < 130; ++y) {
    for (int x = 310; x < 400; ++x) {
      const int truth = scene.arm.row(y)[x];
      if (truth < 40 || truth > 215) continue;
      ++soft;
      good += std::abs(matte.row(y)[x] - truth) < 32;
    }
  }
  EXPECT_GT(soft, 100);
  EXPECT_GT(good, soft * 9 / 10);
}

TEST(Hints, WithoutStrokesNothingChanges) {
  const Scene scene;
  ImageU8 matte = testing::Noise(5, kWidth, kHeight, 1);
  const uint32_t before = testing::Crc(matte);
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  EXPECT_EQ(testing::Crc(matte), before);
}

// On what is already as the stroke wants it.
TEST(Hints, AStrokeOnTheSubjectChangesItselfAlone) {
  Scene scene;
  scene.Draw(240, 160, 240, 200, kKeep);
  ImageU8 matte = *Clone(scene.body.view());
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), matte.view()).ok());
  EXPECT_EQ(testing::Crc(matte), testing::Crc(scene.body));
}

TEST(Hints, TheResultDoesNotDependOnThePool) {
  Scene scene;
  scene.Draw(300, 133, 330, 117, kKeep);
  scene.Draw(200, 60, 260, 60, kRemove);
  ImageU8 alone = testing::Noise(5, kWidth, kHeight, 1);
  ImageU8 together = *Clone(std::as_const(alone).view());
  ThreadPool pool(3);
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), alone.view()).ok());
  ASSERT_TRUE(ApplyHints(scene.photo.view(), scene.strokes.view(), together.view(), &pool).ok());
  EXPECT_EQ(testing::Crc(alone), testing::Crc(together));
}

TEST(Hints, PicturesOfAnySizeAndShape) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 5}, {1, 900}, {1300, 3}, {385, 2}}) {
    const ImageU8 photo = testing::Noise(2, width, height, 4);
    ImageU8 strokes = testing::Noise(3, width, height, 1);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        uint8_t& v = strokes.row(y)[x];
        v = v < 40 ? kRemove : v > 215 ? kKeep : kNoHint;
      }
    }
    strokes.row(0)[0] = kKeep;
    ImageU8 matte = testing::Noise(4, width, height, 1);
    ASSERT_TRUE(ApplyHints(photo.view(), std::as_const(strokes).view(), matte.view()).ok());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (strokes.row(y)[x] == kNoHint) continue;
        ASSERT_EQ(matte.row(y)[x], strokes.row(y)[x]);
      }
    }
  }
}

TEST(Hints, ReadsClearGreenAndRedAlone) {
  struct Case {
    uint8_t r, g, b, a, meaning;
  };
  const Case cases[] = {
      {0, 255, 0, 255, kKeep},       {0, 128, 0, 255, kKeep},       {120, 255, 130, 255, kKeep},
      {255, 0, 0, 255, kRemove},     {255, 127, 127, 255, kRemove}, {0, 255, 0, 127, kNoHint},
      {0, 255, 0, 128, kKeep},       {0, 95, 0, 255, kNoHint},      {0, 96, 0, 255, kKeep},
      {255, 255, 0, 255, kNoHint},   {255, 165, 0, 255, kNoHint},   {0, 255, 255, 255, kNoHint},
      {255, 255, 255, 255, kNoHint}, {0, 0, 0, 255, kNoHint},       {255, 0, 255, 255, kNoHint}};
  const int count = static_cast<int>(std::size(cases));
  ImageU8 drawn = *ImageU8::Allocate(count, 1, 4);
  for (int i = 0; i < count; ++i) {
    const uint8_t pixel[4] = {cases[i].r, cases[i].g, cases[i].b, cases[i].a};
    std::copy_n(pixel, 4, drawn.row(0) + 4 * i);
  }
  const auto strokes = ReadHints(std::as_const(drawn).view(), {count, 1});
  ASSERT_TRUE(strokes.ok());
  for (int i = 0; i < count; ++i) EXPECT_EQ(strokes->row(0)[i], cases[i].meaning) << i;
  // Scaled by the nearest pixel: nothing between the kinds comes up.
  const auto half = ReadHints(std::as_const(drawn).view(), {count / 2, 1});
  for (int i = 0; i < count / 2; ++i) {
    const uint8_t v = half->row(0)[i];
    EXPECT_TRUE(v == kKeep || v == kRemove || v == kNoHint) << int{v};
  }
  EXPECT_FALSE(ReadHints(testing::Noise(1, 4, 4, 1).view(), {4, 4}).ok());
}

}  // namespace
}  // namespace peel
