#include "src/video/matte/compose_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/test_pixels.h"
#include "src/video/matte/backdrop.h"
#include "src/video/matte/subject_colours.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

using testing::Draw;
using testing::Format;
using testing::Sample;

// A matte that is 0 left of the middle, 255 right of it, and soft over `soft` pixels.
ImageU8 HalfMatte(int width, int height, int soft = 0) {
  ImageU8 alpha = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double a = soft == 0 ? (x >= width / 2 ? 1 : 0)
                                 : std::clamp((x - width / 2.0) / soft + 0.5, 0.0, 1.0);
      alpha.row(y)[x] = static_cast<uint8_t>(std::lround(255 * a));
    }
  }
  return alpha;
}

MattedFrame Matted(const FrameFormat& format, Frame frame, ImageU8 alpha) {
  MattedFrame matted;
  EXPECT_EQ(frame.width(), format.width);
  matted.frame = std::move(frame);
  matted.alpha = std::move(alpha);
  return matted;
}

Frame Composed_(const FrameFormat& format, Composed what, Frame frame, ImageU8 alpha,
                Backdrop backdrop = {}, bool decontaminate = false, const Frame* behind = nullptr) {
  auto composer = FrameComposer::Create(format, what, std::move(backdrop), decontaminate, nullptr);
  EXPECT_TRUE(composer.ok()) << composer.status().message();
  auto out = (*composer)->Compose(Matted(format, std::move(frame), std::move(alpha)), behind);
  EXPECT_TRUE(out.ok()) << out.status().message();
  const FrameFormat wanted = ComposedFormat(format, what);
  EXPECT_TRUE(out->layout() == wanted.layout);
  EXPECT_EQ(out->width(), wanted.width);
  EXPECT_EQ(out->height(), wanted.height);
  return std::move(*out);
}

double Patterned(const FrameFormat& format, int p, int x, int y) {
  return testing::Pattern(format, p, x, y, 0, 0);
}

TEST(FrameComposer, AlphaIsThePlaneAndHiddenColoursGo) {
  for (const int depth : {8, 10}) {
    for (const auto& [sx, sy] : {std::pair{1, 1}, {1, 0}, {0, 0}}) {
      const FrameFormat format = Format(71, 45, depth, sx, sy);
      const auto draw = [&] {
        Frame frame = Draw(format, [&](int p, int x, int y) { return Patterned(format, p, x, y); });
        frame.pts = 77;
        return frame;
      };
      const Frame original = draw();
      const Frame out = Composed_(format, Composed::kAlpha, draw(), HalfMatte(71, 45));
      EXPECT_EQ(out.pts, 77);
      const int unit = 1 << (depth - 8), top = 256 * unit - 1;
      EXPECT_EQ(Sample(out, 3, 2, 44), 0);
      EXPECT_EQ(Sample(out, 3, 70, 44), top);
      for (int p = 0; p < 3; ++p) {
        // Opaque: as it was. Far off: black. Beside the subject: near it, whatever was there.
        EXPECT_EQ(Sample(out, p, out.plane_width(p) - 1, 0),
                  Sample(original, p, out.plane_width(p) - 1, 0));
        EXPECT_EQ(Sample(out, p, 0, 0), (p == 0 ? 16 : 128) * unit);
      }
      EXPECT_EQ(Sample(out, 0, 33, 3), Sample(out, 0, 32, 9)) << "one colour within a block";
    }
  }
}

TEST(FrameComposer, TheFilmsOwnAlphaIsMultipliedIn) {
  for (const int depth : {8, 10}) {
    const FrameFormat format = Format(32, 32, depth, 1, 1, true);
    Frame frame = Draw(format, [](int p, int, int) { return p == 3 ? 128 : 100; });
    const Frame out = Composed_(format, Composed::kAlpha, std::move(frame), HalfMatte(32, 32));
    EXPECT_EQ(Sample(out, 3, 0, 0), 0);
    EXPECT_NEAR(Sample(out, 3, 31, 0), 128 << (depth - 8), 1 << (depth - 8));
  }
}

TEST(FrameComposer, MaskHasTheFilmsRange) {
  for (const char* range : {"tv", "pc"}) {
    for (const int depth : {8, 10}) {
      FrameFormat format = Format(33, 31, depth);
      format.colour.range = range;
      Frame frame = Draw(format, [](int, int, int) { return 90; });
      const Frame out = Composed_(format, Composed::kMask, std::move(frame), HalfMatte(33, 31));
      const bool full = std::string(range) == "pc";
      const int unit = 1 << (depth - 8);
      EXPECT_EQ(Sample(out, 0, 0, 0), full ? 0 : 16 * unit);
      EXPECT_EQ(Sample(out, 0, 32, 30), full ? 256 * unit - 1 : 235 * unit);
      EXPECT_EQ(Sample(out, 1, 16, 15), 128 * unit);
      EXPECT_EQ(Sample(out, 2, 0, 0), 128 * unit);
    }
  }
}

TEST(FrameComposer, SideBySide) {
  const FrameFormat format = Format(40, 20);
  Frame frame = Draw(format, [](int p, int, int) { return p == 0 ? 200 : 90; });
  const Frame out = Composed_(format, Composed::kSideBySide, std::move(frame), HalfMatte(40, 20));
  EXPECT_EQ(out.width(), 80);
  EXPECT_EQ(Sample(out, 0, 39, 5), 200);
  EXPECT_EQ(Sample(out, 1, 19, 5), 90);
  EXPECT_EQ(Sample(out, 0, 0, 5), 16);
  EXPECT_EQ(Sample(out, 0, 40, 5), 16);
  EXPECT_EQ(Sample(out, 0, 79, 5), 235);
  EXPECT_EQ(Sample(out, 1, 39, 5), 128);
  const FrameFormat wide = Format(Frame::kMaxSide, 2);
  EXPECT_FALSE(FrameComposer::Create(wide, Composed::kSideBySide, {}, true, nullptr).ok());
}

TEST(FrameComposer, OverAColourInEveryCode) {
  for (const char* matrix : {"bt709", "smpte170m"}) {
    for (const char* range : {"tv", "pc"}) {
      for (const int depth : {8, 10}) {
        FrameFormat format = Format(48, 32, depth);
        format.colour.matrix = matrix;
        format.colour.range = range;
        Frame frame = Draw(format, [](int, int, int) { return 150; });
        Backdrop backdrop;
        backdrop.colour = {10, 220, 30};
        const Frame out = Composed_(format, Composed::kOver, std::move(frame), HalfMatte(48, 32, 8),
                                    std::move(backdrop));
        const std::array<float, 3> samples = SamplesOf(ColourCodeOf(format), {10, 220, 30});
        for (int p = 0; p < 3; ++p) {
          EXPECT_NEAR(Sample(out, p, 0, 0), samples[static_cast<size_t>(p)], 0.51);
          EXPECT_EQ(Sample(out, p, out.plane_width(p) - 1, 7), 150 << (depth - 8));
        }
        // Half way in the middle.
        EXPECT_NEAR(Sample(out, 0, 24, 7), (samples[0] + (150 << (depth - 8))) / 2,
                    2 << (depth - 8));
      }
    }
  }
}

TEST(FrameComposer, OverAPictureAndAFilm) {
  const FrameFormat format = Format(37, 29);
  Backdrop backdrop;
  backdrop.kind = Backdrop::Kind::kPicture;
  backdrop.picture = std::move(*ImageU8::Allocate(37, 29, 3));
  for (int y = 0; y < 29; ++y) std::fill_n(backdrop.picture.row(y), 37 * 3, uint8_t{255});
  const auto draw = [&] { return Draw(format, [](int, int, int) { return 70; }); };
  const Frame white =
      Composed_(format, Composed::kOver, draw(), HalfMatte(37, 29), std::move(backdrop));
  EXPECT_EQ(Sample(white, 0, 3, 3), 235);
  EXPECT_EQ(Sample(white, 1, 3, 3), 128);

  const Frame behind = Draw(format, [](int p, int, int) { return 40 + p; });
  Backdrop film;
  film.kind = Backdrop::Kind::kFrames;
  const Frame over = Composed_(format, Composed::kOver, draw(), HalfMatte(37, 29), std::move(film),
                               false, &behind);
  EXPECT_EQ(Sample(over, 2, 2, 2), 42);
  EXPECT_EQ(Sample(over, 0, 36, 2), 70);
}

TEST(FrameComposer, WhatDoesNotFitIsTold) {
  const FrameFormat format = Format(16, 16);
  Backdrop picture;
  picture.kind = Backdrop::Kind::kPicture;
  picture.picture = std::move(*ImageU8::Allocate(15, 16, 3));
  EXPECT_FALSE(
      FrameComposer::Create(format, Composed::kOver, std::move(picture), true, nullptr).ok());
  Backdrop blur;
  blur.kind = Backdrop::Kind::kBlur;
  blur.blur = 0;
  EXPECT_FALSE(FrameComposer::Create(format, Composed::kOver, std::move(blur), true, nullptr).ok());
  Backdrop film;
  film.kind = Backdrop::Kind::kFrames;
  auto composer = FrameComposer::Create(format, Composed::kOver, std::move(film), true, nullptr);
  ASSERT_TRUE(composer.ok());
  const auto draw = [&] { return Draw(format, [](int, int, int) { return 70; }); };
  EXPECT_FALSE((*composer)->Compose(Matted(format, draw(), HalfMatte(16, 16)), nullptr).ok());
  EXPECT_FALSE((*composer)->Compose(Matted(format, draw(), HalfMatte(15, 16)), nullptr).ok());
}

TEST(BlurredFrame, IsAGaussian) {
  for (const double sigma : {1.5, 6.0, 20.0}) {
    for (const int depth : {8, 10}) {
      const FrameFormat format = Format(256, 128, depth);
      const Frame edge =
          Draw(format, [](int p, int x, int) { return p == 0 ? (x < 128 ? 40 : 200) : 128; });
      const auto blurred = BlurredFrame(edge, sigma);
      ASSERT_TRUE(blurred.ok());
      for (int x = 40; x < 216; ++x) {
        const double share = 0.5 * std::erfc(-(x + 0.5 - 128) / (sigma * std::sqrt(2.0)));
        ASSERT_NEAR(Sample(*blurred, 0, x, 64), (40 + 160 * share) * (1 << (depth - 8)),
                    7 << (depth - 8))
            << sigma << " at " << x;
      }
      EXPECT_EQ(Sample(*blurred, 1, 40, 40), 128 << (depth - 8));
    }
  }
}

// Soft pixels between a red subject and a green ground lose the green, and no others change.
TEST(TakeSubjectColours, FindsTheSubjectsOwn) {
  for (const int depth : {8, 10}) {
    for (const int shift : {1, 0}) {
      const FrameFormat format = Format(160, 96, depth, shift, shift);
      const ImageU8 alpha = HalfMatte(160, 96, 12);
      const std::array<double, 3> subject = {90, 100, 200}, ground = {170, 60, 60};
      Frame frame = Draw(format, [&](int p, int x, int y) {
        const int shift_x = p == 0 ? 0 : shift, shift_y = shift_x;
        const double a =
            alpha.row(y << shift_y)[std::min((x << shift_x) + (shift_x != 0 ? 1 : 0), 159)] / 255.0;
        const auto i = static_cast<size_t>(p);
        return a * subject[i] + (1 - a) * ground[i];
      });
      const int unit = 1 << (depth - 8);
      ASSERT_TRUE(TakeSubjectColours(alpha, frame).ok());
      for (int p = 0; p < 3; ++p) {
        const int middle = 82 >> (p == 0 ? 0 : shift);
        EXPECT_NEAR(Sample(frame, p, middle, 20), subject[static_cast<size_t>(p)] * unit, 8 * unit)
            << p;
        EXPECT_EQ(Sample(frame, p, 0, 20), ground[static_cast<size_t>(p)] * unit);
      }
    }
  }
}

TEST(FrameComposer, ThePoolDoesNotMatter) {
  const FrameFormat format = Format(203, 117);
  ThreadPool pool(3);
  for (const Composed what : {Composed::kAlpha, Composed::kSideBySide, Composed::kOver}) {
    std::vector<std::vector<uint8_t>> results;
    for (ThreadPool* p : {static_cast<ThreadPool*>(nullptr), &pool}) {
      Backdrop backdrop;
      backdrop.kind = Backdrop::Kind::kBlur;
      backdrop.blur = 9;
      const auto composer = FrameComposer::Create(format, what, std::move(backdrop), true, p);
      Frame frame =
          Draw(format, [&](int plane, int x, int y) { return Patterned(format, plane, x, y); });
      const auto out =
          (*composer)->Compose(Matted(format, std::move(frame), HalfMatte(203, 117, 20)), nullptr);
      ASSERT_TRUE(out.ok());
      results.emplace_back(out->data(), out->data() + out->bytes());
    }
    EXPECT_EQ(results[0], results[1]);
  }
}

}  // namespace
}  // namespace peel::video
