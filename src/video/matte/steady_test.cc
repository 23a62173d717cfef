#include "src/video/matte/steady.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

constexpr int kSide = 96;

// A textured scene moved by (dx, 0), and a disc's matte that moves with it and is `wrong` too
// large.
std::shared_ptr<FramePrediction> Scene(double dx, double wrong = 0, int brightness = 0) {
  const FrameFormat format = testing::Format(kSide, kSide);
  auto p = std::make_shared<FramePrediction>();
  p->matte = std::move(*ImageF32::Allocate(kSide, kSide, 1));
  p->luma = std::move(*ImageU8::Allocate(kSide, kSide, 1));
  p->colours = std::move(*ImageU8::Allocate(kSide, kSide, 3));
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double r = std::hypot(x - 48 - dx, y - 48);
      p->matte.row(y)[x] = static_cast<float>(std::clamp((25 + wrong - r) / 6 + 0.5, 0.0, 1.0));
      const double v = testing::Pattern(format, 0, x, y, dx, 0) + brightness;
      p->luma.row(y)[x] = static_cast<uint8_t>(std::lround(v));
      std::fill_n(p->colours.row(y) + ptrdiff_t{3} * x, 3, p->luma.row(y)[x]);
    }
  }
  p->subject = {0.9f, 0.5f};
  return p;
}

double Apart(const ImageF32& a, const ImageF32& b) {
  double sum = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) sum += std::fabs(double{a.row(y)[x]} - double{b.row(y)[x]});
  }
  return sum / kSide;
}

std::vector<FramePrediction> Steadied(const std::vector<std::shared_ptr<FramePrediction>>& film,
                                      const SteadyOptions& options = {},
                                      ThreadPool* pool = nullptr) {
  Steadier steadier(options, pool);
  std::vector<FramePrediction> out;
  for (const auto& frame : film) {
    steadier.Add(frame);
    for (int n = steadier.Ready(false); n > 0; --n) out.push_back(*steadier.Take());
  }
  for (int n = steadier.Ready(true); n > 0; --n) out.push_back(*steadier.Take());
  return out;
}

TEST(Steadier, AConstantFilmKeepsItsMatteToTheBit) {
  std::vector<std::shared_ptr<FramePrediction>> film(6);
  for (auto& frame : film) frame = Scene(0);
  const auto out = Steadied(film);
  ASSERT_EQ(out.size(), 6u);
  for (const FramePrediction& frame : out) EXPECT_EQ(Apart(frame.matte, film[0]->matte), 0);
}

TEST(Steadier, AJitteringOutlineOfAMovingSubjectSettles) {
  std::vector<std::shared_ptr<FramePrediction>> film;
  for (int t = 0; t < 9; ++t) film.push_back(Scene(2.5 * t - 10, t % 2 == 0 ? 0.7 : -0.7));
  const auto out = Steadied(film);
  ASSERT_EQ(out.size(), film.size());
  double before = 0, after = 0;
  for (int t = 2; t < 7; ++t) {
    const auto truth = Scene(2.5 * t - 10);
    before += Apart(film[static_cast<size_t>(t)]->matte, truth->matte);
    after += Apart(out[static_cast<size_t>(t)].matte, truth->matte);
  }
  EXPECT_LT(after, 0.5 * before);
  // More of a say, less of a jitter: strong differs from auto.
  const auto strong = Steadied(film, {.weights = {1, 1}});
  EXPECT_NE(Apart(strong[4].matte, out[4].matte), 0);
}

TEST(Steadier, AHoleOfOneFrameIsMended) {
  std::vector<std::shared_ptr<FramePrediction>> film;
  for (int t = 0; t < 5; ++t) film.push_back(Scene(t));
  for (int y = 40; y < 56; ++y) {
    for (int x = 44; x < 60; ++x) film[2]->matte.row(y)[x] = 0;
  }
  const auto mended = Steadied(film);
  EXPECT_GT(mended[2].matte.row(48)[52], 0.99f);
  const auto averaged = Steadied(film, {.mend = false});
  EXPECT_LT(averaged[2].matte.row(48)[52], 0.9f);
}

// Nothing lags: what fades in or out, and does so in the picture too, is at its value in each
// frame.
TEST(Steadier, AMovingSubjectDoesNotLag) {
  std::vector<std::shared_ptr<FramePrediction>> film;
  for (int t = 0; t < 7; ++t) film.push_back(Scene(3 * t - 9));
  const auto out = Steadied(film);
  for (int t = 0; t < 7; ++t) {
    EXPECT_LT(Apart(out[static_cast<size_t>(t)].matte, film[static_cast<size_t>(t)]->matte), 0.35);
  }
}

TEST(Steadier, ACutEndsTheWindow) {
  std::vector<std::shared_ptr<FramePrediction>> film;
  for (int t = 0; t < 3; ++t) film.push_back(Scene(0));
  for (int t = 0; t < 3; ++t) {
    auto other = Scene(30, 0, 70);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        other->luma.row(y)[x] = static_cast<uint8_t>(255 - other->luma.row(y)[x] / 2);
        std::fill_n(other->colours.row(y) + ptrdiff_t{3} * x, 3, other->luma.row(y)[x]);
      }
    }
    film.push_back(other);
  }
  ASSERT_TRUE(IsCut(*film[2], *film[3]));
  EXPECT_FALSE(IsCut(*film[1], *film[2]));
  EXPECT_FALSE(IsCut(*Scene(0), *Scene(6))) << "motion is no cut";
  const auto out = Steadied(film);
  ASSERT_EQ(out.size(), 6u);
  for (size_t t = 0; t < 6; ++t) EXPECT_EQ(Apart(out[t].matte, film[t]->matte), 0) << t;
  // What waits before a cut need not wait any longer.
  Steadier steadier({}, nullptr);
  steadier.Add(film[2]);
  EXPECT_EQ(steadier.Ready(false), 0);
  steadier.Add(film[3]);
  EXPECT_EQ(steadier.Ready(false), 1);
}

TEST(Steadier, ThePoolDoesNotMatter) {
  std::vector<std::shared_ptr<FramePrediction>> film;
  for (int t = 0; t < 5; ++t) film.push_back(Scene(2.3 * t, t % 3 - 1));
  ThreadPool pool(3);
  const auto alone = Steadied(film), shared = Steadied(film, {}, &pool);
  for (size_t t = 0; t < film.size(); ++t) EXPECT_EQ(Apart(alone[t].matte, shared[t].matte), 0);
}

}  // namespace
}  // namespace peel::video
