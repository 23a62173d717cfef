#include "src/codec/animation_encode.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "src/codec/frames.h"
#include "src/codec/gif/reduce_colours.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

constexpr Format kFormats[] = {Format::kPng, Format::kWebp, Format::kGif};

// Nothing but a square of one colour at (x, y), seen through `alpha`.
ImageU8 Square(int x, int y, uint8_t alpha, int channels = 4) {
  ImageU8 image = *ImageU8::Allocate(41, 23, channels);
  for (int row = 0; row < image.height(); ++row) {
    for (int column = 0; column < image.width(); ++column) {
      const bool inside = column >= x && column < x + 5 && row >= y && row < y + 4;
      uint8_t* p = image.row(row) + channels * column;
      for (int c = 0; c < channels; ++c) {
        const auto value = static_cast<uint8_t>(c == 3 ? alpha : 40 * c + 100);
        p[c] = inside ? value : 0;
      }
    }
  }
  return image;
}

struct Added {
  ImageU8 image;
  uint32_t delay_us;
};

std::vector<uint8_t> Write(Format format, const std::vector<Added>& frames, uint32_t plays,
                           const Metadata* metadata = nullptr) {
  auto encoder = StartAnimation(
      {.format = format, .lossless = format == Format::kWebp, .metadata = metadata}, plays);
  EXPECT_TRUE(encoder.ok()) << encoder.status().message();
  for (const Added& frame : frames) {
    const Status added = (*encoder)->Add(frame.image.view(), frame.delay_us);
    EXPECT_TRUE(added.ok()) << added.message();
  }
  auto file = (*encoder)->Finish();
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? *std::move(file) : std::vector<uint8_t>();
}

TEST(AnimationEncode, FramesDelaysAndPlaysComeBack) {
  for (const Format format : kFormats) {
    for (const int channels : {1, 3, 4}) {
      SCOPED_TRACE(std::string(FormatName(format)) + ", " + std::to_string(channels));
      std::vector<Added> frames;
      frames.push_back({Square(3, 5, 255, channels), 70'000});
      frames.push_back({Square(10, 2, 255, channels), 200'000});
      frames.push_back({Square(50, 2, 255, channels), 0});  // nothing is seen
      frames.push_back({Square(36, 19, 255, channels), 1'230'000});
      for (const uint32_t plays : {0u, 1u, 7u}) {
        const auto file = Write(format, frames, plays);
        const auto info = Probe(file);
        ASSERT_TRUE(info.ok()) << info.status().message();
        EXPECT_TRUE(IsAnimation(*info));
        const auto reader = OpenFrames(file);
        ASSERT_TRUE(reader.ok()) << reader.status().message();
        ASSERT_EQ((*reader)->count(), 4);
        for (const Added& frame : frames) {
          const auto picture = (*reader)->Next();
          ASSERT_TRUE(picture.ok()) << picture.status().message();
          EXPECT_EQ(picture->delay_us, frame.delay_us);
          EXPECT_EQ(picture->plays, plays);
          ASSERT_EQ(picture->width(), 41);
          ASSERT_EQ(picture->height(), 23);
          const ImageU8& got = *picture->u8();
          for (int y = 0; y < 23; ++y) {
            for (int x = 0; x < 41; ++x) {
              const uint8_t* p = got.row(y) + got.channels() * x;
              const uint8_t* want = frame.image.row(y) + channels * x;
              const int alpha = channels == 4 ? want[3] : 255;
              ASSERT_EQ(got.channels() == 4 ? p[3] : 255, alpha) << x << ", " << y;
              for (int c = 0; c < 3 && alpha > 0; ++c) {
                ASSERT_EQ(p[c], want[channels == 1 ? 0 : c]) << x << ", " << y;
              }
            }
          }
        }
      }
    }
  }
}

TEST(AnimationEncode, DelaysDoNotDrift) {
  for (const Format format : kFormats) {
    std::vector<Added> frames;
    uint64_t sum = 0;
    for (int i = 0; i < 60; ++i) {
      frames.push_back({Square(i % 30, 3, 255), 33'333});
      sum += 33'333;
    }
    const auto file = Write(format, frames, 0);
    const auto reader = OpenFrames(file);
    ASSERT_TRUE(reader.ok());
    uint64_t got = 0;
    for (int i = 0; i < 60; ++i) {
      const auto picture = (*reader)->Next();
      ASSERT_TRUE(picture.ok());
      got += picture->delay_us;
      if (format == Format::kPng) {
        EXPECT_EQ(picture->delay_us, 33'333u);  // 1/30 s
      }
    }
    EXPECT_NEAR(static_cast<double>(got), static_cast<double>(sum), 6'000) << FormatName(format);
  }
}

TEST(AnimationEncode, DelaysThatNoFormatHoldsAreCut) {
  for (const Format format : kFormats) {
    std::vector<Added> frames;
    frames.push_back({Square(1, 1, 255), UINT32_MAX});
    frames.push_back({Square(2, 1, 255), 1});
    const auto reader = OpenFrames(Write(format, frames, UINT32_MAX));
    EXPECT_TRUE(reader.ok()) << FormatName(format);
  }
}

TEST(AnimationEncode, MetadataOfPngAndWebp) {
  Metadata metadata;
  metadata.icc = Profile("RGB ", 300);
  for (const Format format : {Format::kPng, Format::kWebp}) {
    std::vector<Added> frames;
    frames.push_back({Square(1, 1, 255), 1});
    frames.push_back({Square(2, 1, 255), 1});
    EXPECT_EQ(MustDecode(Write(format, frames, 0, &metadata)).metadata.icc, metadata.icc);
  }
}

TEST(AnimationEncode, WhatCannotBe) {
  EXPECT_EQ(StartAnimation({.format = Format::kJpeg}, 0).status().code(), StatusCode::kUnsupported);
  for (const Format format : kFormats) {
    const auto encoder = StartAnimation({.format = format}, 0);
    ASSERT_TRUE(encoder.ok());
    EXPECT_FALSE((*encoder)->Finish().ok());
    ASSERT_TRUE((*encoder)->Add(Square(1, 1, 255).view(), 0).ok());
    EXPECT_EQ((*encoder)->Add(Square(1, 1, 255, 3).view(), 0).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ((*encoder)->Add(ImageU8::Allocate(5, 5, 4)->view(), 0).code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(AnimationEncode, GifSeesFromHalfOfTheAlphaOn) {
  for (const int alpha : {127, 128}) {
    const Picture picture = MustDecode(
        MustEncode(Square(3, 3, static_cast<uint8_t>(alpha)).view(), {.format = Format::kGif}));
    EXPECT_EQ(picture.u8()->row(4)[4 * 4 + 3], alpha == 128 ? 255 : 0);
  }
}

TEST(ReduceColours, FewColoursStayManyComeClose) {
  std::mt19937 random(3);
  for (const int channels : {1, 3, 4}) {
    for (const int most : {1, 2, 16, 255, 256}) {
      const ImageU8 noise = Noise<uint8_t>(64, 50, channels, 5);
      const auto few = ReduceColours(noise.view(), most);
      ASSERT_TRUE(few.ok());
      const size_t all = few->palette.size() + (few->transparent >= 0);
      EXPECT_LE(all, std::max<size_t>(static_cast<size_t>(most), channels == 4 ? 2 : 1));
      for (int y = 0; y < 50; ++y) {
        for (int x = 0; x < 64; ++x) ASSERT_LT(few->indices.row(y)[x], all);
      }
    }
    // Exactly the picture's own, at the limit of what fits.
    const int count = channels == 4 ? 255 : 256;
    ImageU8 image = *ImageU8::Allocate(count, 3, channels);
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < count; ++x) {
        for (int c = 0; c < channels; ++c) {
          image.row(y)[channels * x + c] = static_cast<uint8_t>(c == 3 ? 255 : c == 0 ? x : 99);
        }
      }
    }
    const auto exact = ReduceColours(image.view(), 256);
    ASSERT_TRUE(exact.ok());
    ASSERT_EQ(exact->palette.size(), static_cast<size_t>(count));
    for (int x = 0; x < count; ++x) {
      EXPECT_EQ(exact->palette[exact->indices.row(2)[x]][0], x);
    }
  }
  const ImageU8 smooth = Smooth(200, 150, 3);
  const auto few = ReduceColours(smooth.view(), 256);
  ASSERT_TRUE(few.ok());
  double sum = 0;
  for (int y = 0; y < 150; ++y) {
    for (int x = 0; x < 200; ++x) {
      for (size_t c = 0; c < 3; ++c) {
        sum += std::abs(few->palette[few->indices.row(y)[x]][c] -
                        smooth.row(y)[3 * x + static_cast<int>(c)]);
      }
    }
  }
  EXPECT_LT(sum / (200 * 150 * 3), 4);
}

}  // namespace
}  // namespace peel
