#include "src/matte/matte.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/image/composite.h"
#include "src/image/resize.h"
#include "src/matte/colour/cutout.h"
#include "src/matte/colour/foreground.h"
#include "src/matte/edges/guided.h"
#include "src/matte/model/fake_network.h"

namespace peel {
namespace {

using testing::Crc;
using testing::FakeNetwork;
using testing::Noise;

constexpr int kSide = 32;

// `inside` in the middle square, `outside` around it.
std::vector<float> Square(float inside, float outside) {
  std::vector<float> plane(kSide * kSide, outside);
  for (int y = 8; y < 24; ++y) {
    for (int x = 8; x < 24; ++x) plane[static_cast<size_t>(y * kSide + x)] = inside;
  }
  return plane;
}

Result<Matte> RunOn(const std::vector<float>& plane, ImageView<const uint8_t> photo,
                    const MatteOptions& options = {}) {
  auto network = FakeNetwork::Square(kSide);
  network->Answer("d0", {1, 1, kSide, kSide}, plane);
  auto matting = MattingModel::Create(network);
  if (!matting.ok()) return std::move(matting).status();
  return (*matting)->Run(photo, options);
}

TEST(MattingModel, MakesCertainPixelsCertain) {
  const ImageU8 photo = Noise(1, kSide, kSide, 3);
  const auto matte = RunOn(Square(0.985f, 0.011f), photo.view());
  ASSERT_TRUE(matte.ok()) << matte.status().message();
  EXPECT_TRUE(matte->subject_found);
  EXPECT_FALSE(matte->refined);
  EXPECT_EQ(matte->alphas[0].row(0)[0], 0);
  EXPECT_EQ(matte->alphas[0].row(16)[16], 255);
  EXPECT_NEAR(matte->coverage, 0.25, 0.001);
  EXPECT_NEAR(matte->subject_score, 0.985, 1e-6);
}

TEST(MattingModel, DoesNotStretchANearEmptyPrediction) {
  const ImageU8 photo = Noise(1, 100, 60, 3);
  const auto matte = RunOn(Square(0.08f, 0.0f), photo.view());
  ASSERT_TRUE(matte.ok());
  EXPECT_FALSE(matte->subject_found);
  EXPECT_NEAR(matte->subject_score, 0.08, 1e-6);
  int largest = 0;
  for (int y = 0; y < 60; ++y) {
    largest = std::max<int>(
        largest, *std::max_element(matte->alphas[0].row(y), matte->alphas[0].row(y) + 100));
  }
  EXPECT_LE(largest, 24);
  EXPECT_GE(largest, 19);
  // rembg's mode does stretch it.
  const auto rembg = RunOn(Square(0.08f, 0.0f), photo.view(), {MatteMode::kRembg, Edges::kAuto});
  EXPECT_EQ(rembg->alphas[0].row(30)[50], 255);
  EXPECT_FALSE(rembg->subject_found);
}

TEST(MattingModel, SurvivesNonsenseFromTheNetwork) {
  const ImageU8 photo = Noise(1, 50, 40, 3);
  for (const float bad : {NAN, INFINITY, -INFINITY, 1e30f}) {
    for (const MatteMode mode : {MatteMode::kDefault, MatteMode::kRembg}) {
      for (const Edges edges : {Edges::kOff, Edges::kRefine}) {
        const auto matte = RunOn(Square(bad, 0.9f), photo.view(), {mode, edges});
        ASSERT_TRUE(matte.ok());
        EXPECT_EQ(matte->alphas[0].width(), 50);
      }
    }
  }
}

TEST(MattingModel, RembgsMaskIsStretchedTruncatedAndLanczosed) {
  const ImageU8 photo = Noise(1, 77, 50, 3);
  std::vector<float> plane(kSide * kSide);
  for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<float>(i % 97) / 200.0f;
  const auto matte = RunOn(plane, photo.view(), {MatteMode::kRembg, Edges::kAuto});
  ASSERT_TRUE(matte.ok());
  ImageU8 small = std::move(*ImageU8::Allocate(kSide, kSide, 1));
  const float high = 96 / 200.0f;
  for (size_t i = 0; i < plane.size(); ++i) {
    small.row(static_cast<int>(i) / kSide)[i % kSide] =
        static_cast<uint8_t>(plane[i] / high * 255.0f);
  }
  EXPECT_EQ(Crc(matte->alphas[0]),
            Crc(*Resize(std::as_const(small).view(), 77, 50, ResizeFilter::kLanczos)));
}

TEST(MattingModel, AsksASubjectScoreWhereThereIsOne) {
  const ImageU8 photo = Noise(1, 40, 40, 3);
  for (const float score : {0.2f, 0.6f}) {
    auto network = std::make_shared<FakeNetwork>(
        std::vector<NetworkPort>{{"input", {1, 3, kSide, kSide}}},
        std::vector<NetworkPort>{{"subject", {1, 1}}, {"mask", {1, 1, kSide, kSide}}});
    network->metadata_ = {{"peel.family", "peel"}, {"peel.subject_threshold", "0.4"}};
    network->Answer("mask", {1, 1, kSide, kSide}, Square(0.9f, 0));
    network->Answer("subject", {1, 1}, {score});
    auto matting = MattingModel::Create(network);
    ASSERT_TRUE(matting.ok());
    const auto matte = (*matting)->Run(photo.view());
    ASSERT_TRUE(matte.ok()) << matte.status().message();
    EXPECT_EQ(matte->subject_found, score > 0.4f);
    EXPECT_FLOAT_EQ(matte->subject_score, score);
    EXPECT_EQ(network->last_shape, (std::vector<int64_t>{1, 3, kSide, kSide}));
  }
}

TEST(MattingModel, ClothModelsGiveThreeMattes) {
  const ImageU8 photo = Noise(1, 64, 64, 3);
  auto network =
      std::make_shared<FakeNetwork>(std::vector<NetworkPort>{{"input", {1, 3, kSide, kSide}}},
                                    std::vector<NetworkPort>{{"out", {1, 4, kSide, kSide}}});
  std::vector<float> planes(4 * kSide * kSide, 0.0f);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int label = x < 8 ? 0 : x < 16 ? 1 : x < 24 ? 2 : 0;
      planes[static_cast<size_t>((label * kSide + y) * kSide + x)] = 5;
    }
  }
  network->Answer("out", {1, 4, kSide, kSide}, planes);
  auto matting = MattingModel::Create(network);
  ASSERT_TRUE(matting.ok());
  EXPECT_EQ((*matting)->profile().family, Family::kClothSeg);
  for (const MatteMode mode : {MatteMode::kDefault, MatteMode::kRembg}) {
    const auto matte = (*matting)->Run(photo.view(), {mode, Edges::kOff});
    ASSERT_TRUE(matte.ok());
    ASSERT_EQ(matte->alphas.size(), 3u);
    EXPECT_TRUE(matte->subject_found);
    EXPECT_EQ(matte->alphas[0].row(30)[24], 255);
    EXPECT_EQ(matte->alphas[1].row(30)[24], 0);
    EXPECT_EQ(matte->alphas[1].row(30)[40], 255);
    EXPECT_EQ(matte->alphas[2].row(30)[40], 0);
  }
}

// ------------------------------------------------------------------ edges

// A dark disc on a bright ground with its true coverage, and both seen mixed.
struct Scene {
  ImageU8 photo, alpha;
  int size;
  double radius;
  double foreground(int c, int x) const { return 60 + 30 * c + 40.0 * x / size; }
  double background(int c, int y) const { return 240 - 25 * c - 30.0 * y / size; }
};

Scene MakeScene(int size, double radius, double softness) {
  Scene s;
  s.size = size;
  s.radius = radius;
  s.photo = std::move(*ImageU8::Allocate(size, size, 3));
  s.alpha = std::move(*ImageU8::Allocate(size, size, 1));
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double distance = std::hypot(x + 0.5 - size / 2.0, y + 0.5 - size / 2.0);
      const double a = std::clamp((radius - distance) / softness + 0.5, 0.0, 1.0);
      s.alpha.row(y)[x] = static_cast<uint8_t>(std::lround(a * 255));
      for (int c = 0; c < 3; ++c) {
        s.photo.row(y)[3 * x + c] = static_cast<uint8_t>(
            std::lround(a * s.foreground(c, x) + (1 - a) * s.background(c, y)));
      }
    }
  }
  return s;
}

TEST(DecontaminateEdges, RecoversTheSubjectsColours) {
  for (const int size : {97, 600}) {
    const Scene s = MakeScene(size, size * 0.3, 6);
    const auto cutout = MakeCutout(s.photo.view(), s.alpha.view());
    ASSERT_TRUE(cutout.ok());
    double error = 0, before = 0;
    int n = 0;
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        const uint8_t* p = cutout->row(y) + 4 * x;
        const uint8_t a = s.alpha.row(y)[x];
        ASSERT_EQ(p[3], a);
        for (int c = 0; c < 3; ++c) {
          if (a == 255) {
            ASSERT_EQ(p[c], s.photo.row(y)[3 * x + c]);
          }
          if (a == 0) {
            ASSERT_EQ(p[c], 0);
          }
          if (a < 13 || a > 242) continue;
          error += std::fabs(p[c] - s.foreground(c, x));
          before += std::fabs(s.photo.row(y)[3 * x + c] - s.foreground(c, x));
          ++n;
        }
      }
    }
    ASSERT_GT(n, 0);
    EXPECT_LT(error / n, 4.0) << size;
    EXPECT_GT(before / n, 40.0) << size;  // so that there was something to recover
  }
}

TEST(DecontaminateEdges, DoesNotDependOnThreads) {
  const Scene s = MakeScene(400, 130, 9);
  const auto alone = MakeCutout(s.photo.view(), s.alpha.view());
  for (const int threads : {2, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(Crc(*MakeCutout(s.photo.view(), s.alpha.view(), {}, &pool)), Crc(*alone));
  }
}

// Sixteen bits: the subject's colour exactly, soft edges as in eight bits.
TEST(MakeCutout, KeepsSixteenBits) {
  const Scene s = MakeScene(300, 90, 6);
  const auto narrow = MakeCutout(s.photo.view(), s.alpha.view());
  for (const int channels : {3, 4}) {
    ImageU16 wide = std::move(*ImageU16::Allocate(300, 300, channels));
    for (int y = 0; y < 300; ++y) {
      for (int x = 0; x < 300; ++x) {
        uint16_t* p = wide.row(y) + channels * x;
        // Low bytes of their own, which eight bits cannot hold.
        for (int c = 0; c < 3; ++c) {
          p[c] = static_cast<uint16_t>(s.photo.row(y)[3 * x + c] * 256 + (x * 7 + y * 3 + c) % 256);
        }
        if (channels == 4) p[3] = x < 150 ? 65535 : 32768;
      }
    }
    ThreadPool pool(3);
    const auto cutout = MakeCutout(wide.view(), s.alpha.view(), {}, &pool);
    ASSERT_TRUE(cutout.ok());
    double difference = 0;
    int soft = 0;
    for (int y = 0; y < 300; ++y) {
      for (int x = 0; x < 300; ++x) {
        const uint16_t* p = cutout->row(y) + 4 * x;
        const uint8_t a = s.alpha.row(y)[x];
        const bool half = channels == 4 && x >= 150;
        ASSERT_EQ(p[3], half ? (a * 257 * 32768 + 32767) / 65535 : a * 257);
        for (int c = 0; c < 3; ++c) {
          if (a == 255) {
            ASSERT_EQ(p[c], wide.row(y)[channels * x + c]);
          } else if (a == 0) {
            ASSERT_EQ(p[c], 0);
          } else {
            difference += std::fabs(p[c] / 257.0 - narrow->row(y)[4 * x + c]);
            ++soft;
          }
        }
      }
    }
    ASSERT_GT(soft, 1000);
    EXPECT_LT(difference / soft, 1.5);
    const auto alone = MakeCutout(wide.view(), s.alpha.view());
    EXPECT_EQ(Crc(alone->view()), Crc(cutout->view()));
  }
  EXPECT_FALSE(MakeCutout(ImageView<const uint16_t>(), s.alpha.view()).ok());
}

TEST(MakeCutout, KeepsWhatItIsToldTo) {
  const ImageU8 rgba = Noise(3, 30, 20, 4), alpha = Noise(4, 30, 20, 1);
  CutoutOptions keep;
  keep.decontaminate = false;
  keep.keep_hidden_colour = true;
  const auto kept = MakeCutout(rgba.view(), alpha.view(), keep);
  ASSERT_TRUE(kept.ok());
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 30; ++x) {
      for (int c = 0; c < 3; ++c) ASSERT_EQ(kept->row(y)[4 * x + c], rgba.row(y)[4 * x + c]);
      ASSERT_EQ(kept->row(y)[4 * x + 3], MulDiv255(alpha.row(y)[x], rgba.row(y)[4 * x + 3]));
    }
  }
  const ImageU8 grey = Noise(5, 30, 20, 2);
  const auto spread = MakeCutout(grey.view(), alpha.view(), keep);
  ASSERT_TRUE(spread.ok());
  EXPECT_EQ(spread->row(3)[4 * 9 + 2], grey.row(3)[2 * 9]);
  EXPECT_EQ(spread->row(3)[4 * 9 + 3], MulDiv255(alpha.row(3)[9], grey.row(3)[2 * 9 + 1]));
  EXPECT_FALSE(MakeCutout(rgba.view(), Noise(4, 20, 30, 1).view()).ok());
}

TEST(MakeCutout, TakesOddSizes) {
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 700}, {700, 1}, {65, 64}, {63, 129}}) {
    const ImageU8 photo = Noise(6, w, h, 3), alpha = Noise(7, w, h, 1);
    const auto cutout = MakeCutout(photo.view(), alpha.view());
    ASSERT_TRUE(cutout.ok()) << w << "x" << h;
    EXPECT_EQ(cutout->row(h - 1)[4 * w - 1], alpha.row(h - 1)[w - 1]);
  }
}

// The scene's coverage at a network's size.
ImageF32 Small(const Scene& s, int side) {
  const auto small = Resize(s.alpha.view(), side, side, ResizeFilter::kBox);
  ImageF32 matte = std::move(*ImageF32::Allocate(side, side, 1));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) matte.row(y)[x] = static_cast<float>(small->row(y)[x]) / 255.0f;
  }
  return matte;
}

double MeanError(const ImageU8& a, const ImageU8& b) {
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) sum += std::abs(a.row(y)[x] - b.row(y)[x]);
  }
  return sum / (255.0 * a.width() * a.height());
}

TEST(GuidedUpsample, FollowsThePhotoBetterThanInterpolation) {
  const Scene s = MakeScene(960, 300, 2);
  const ImageF32 matte = Small(s, 64);
  const auto guided = GuidedUpsample(matte.view(), s.photo.view());
  ASSERT_TRUE(guided.ok());
  const auto bytes = Resize(s.alpha.view(), 64, 64, ResizeFilter::kBox);
  const auto plain = Resize(bytes->view(), 960, 960, ResizeFilter::kBicubic);
  EXPECT_LT(MeanError(*guided, s.alpha), 0.5 * MeanError(*plain, s.alpha));
  EXPECT_EQ(guided->row(0)[0], 0);
  EXPECT_EQ(guided->row(480)[480], 255);
}

TEST(GuidedUpsample, LeavesCertainRegionsAloneWhateverTheTexture) {
  const ImageU8 photo = Noise(8, 500, 300, 3);
  for (const float v : {0.0f, 1.0f}) {
    ImageF32 matte = std::move(*ImageF32::Allocate(40, 40, 1));
    for (int y = 0; y < 40; ++y) std::fill_n(matte.row(y), 40, v);
    const auto out = GuidedUpsample(std::as_const(matte).view(), photo.view());
    ASSERT_TRUE(out.ok());
    for (int y = 0; y < 300; ++y) {
      for (int x = 0; x < 500; ++x) ASSERT_EQ(out->row(y)[x], v == 0 ? 0 : 255);
    }
  }
}

TEST(GuidedUpsample, TakesOddSizesAndThreads) {
  ImageF32 matte = std::move(*ImageF32::Allocate(9, 7, 1));
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 9; ++x) matte.row(y)[x] = x < 4 ? 0.1f * static_cast<float>(y) : 1.0f;
  }
  ThreadPool pool(4);
  for (const auto& [w, h] : {std::pair{1, 1}, {2, 900}, {333, 1}, {301, 203}}) {
    const ImageU8 photo = Noise(9, w, h, 4);
    const auto one = GuidedUpsample(std::as_const(matte).view(), photo.view());
    ASSERT_TRUE(one.ok()) << w << "x" << h;
    EXPECT_EQ(Crc(*one),
              Crc(*GuidedUpsample(std::as_const(matte).view(), photo.view(), {}, &pool)));
  }
  EXPECT_FALSE(GuidedUpsample(std::as_const(matte).view(), Noise(9, 5, 5, 1).view()).ok());
}

}  // namespace
}  // namespace peel
