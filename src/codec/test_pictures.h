#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/decode.h"
#include "src/codec/encode.h"

// Pictures to encode and what is expected of those decoded, for the tests of this component.
namespace peel {

inline const std::vector<std::pair<int, int>> kSizes = {
    {1, 1},   {1, 7},     {7, 1},     {5, 3},     {31, 17},   {64, 64},
    {65, 66}, {257, 100}, {1, 20000}, {20000, 1}, {1021, 301}};

template <typename T>
Image<T> Noise(int width, int height, int channels, unsigned seed) {
  Image<T> image = *Image<T>::Allocate(width, height, channels);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels; ++i) {
      // Half smooth, half noise, with empty stretches, so that every filter gets its rows.
      const auto noise = static_cast<unsigned>(y % 3 == 0   ? random() % 7
                                               : y % 3 == 1 ? random()
                                                            : 0);
      image.row(y)[i] =
          static_cast<T>((y % 7 == 6) ? 0 : static_cast<unsigned>(i * 3 + y * 5) + noise);
    }
  }
  return image;
}

// Colours that change slowly: what lossy formats keep well.
inline ImageU8 Smooth(int width, int height, int channels) {
  ImageU8 image = *ImageU8::Allocate(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.row(y)[x * channels + c] = static_cast<uint8_t>(
            128 + 100 * std::sin(0.02 * (x + c * 20)) * std::cos(0.015 * (y + c * 10)));
      }
    }
  }
  return image;
}

inline Picture MustDecode(const std::vector<uint8_t>& file, const DecodeOptions& options = {}) {
  auto picture = Decode(file, options);
  EXPECT_TRUE(picture.ok()) << picture.status().message();
  return picture.ok() ? *std::move(picture) : Picture();
}

inline std::vector<uint8_t> MustEncode(ImageView<const uint8_t> pixels,
                                       const EncodeOptions& options) {
  auto file = Encode(pixels, options);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? *std::move(file) : std::vector<uint8_t>();
}

// Of RGB or RGBA against any number of channels.
inline double MeanDifference(const ImageU8& got, const ImageU8& want) {
  EXPECT_EQ(got.width(), want.width());
  EXPECT_EQ(got.height(), want.height());
  double sum = 0;
  for (int y = 0; y < got.height(); ++y) {
    for (int x = 0; x < got.width(); ++x) {
      for (int c = 0; c < got.channels(); ++c) {
        const int from = want.channels() == 1 ? x : x * want.channels() + c;
        sum += std::abs(got.row(y)[x * got.channels() + c] - want.row(y)[from]);
      }
    }
  }
  return sum / got.width() / got.height() / got.channels();
}

// Lossless formats give back what they got.
template <typename T>
void ExpectRoundTrip(Format format, int width, int height, int channels) {
  SCOPED_TRACE(testing::Message() << width << " x " << height << " x " << channels << ", "
                                  << 8 * sizeof(T) << " bit");
  const Image<T> image = Noise<T>(width, height, channels, 1);
  const auto file = Encode(image.view(), {.format = format});
  ASSERT_TRUE(file.ok()) << file.status().message();
  const Picture picture = MustDecode(*file);
  const auto& back = std::get<Image<T>>(picture.pixels);
  ASSERT_EQ(back.width(), width);
  ASSERT_EQ(back.height(), height);
  ASSERT_EQ(back.channels(), channels == 4 ? 4 : 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < back.channels(); ++c) {
        const int from = channels == 1 ? x : x * channels + c;
        ASSERT_EQ(back.row(y)[x * back.channels() + c], image.row(y)[from]) << x << ", " << y;
      }
    }
  }
  const auto info = Probe(*file);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->width, width);
  EXPECT_EQ(info->height, height);
  EXPECT_EQ(info->channels, channels);
  EXPECT_EQ(info->bits, static_cast<int>(8 * sizeof(T)));
  EXPECT_EQ(info->has_alpha, channels == 4);
}

// The smallest thing that passes for a profile of a colour space.
inline std::vector<uint8_t> Profile(const std::string& space, size_t size) {
  std::vector<uint8_t> icc(size, 7);
  for (int i = 0; i < 4; ++i)
    icc[static_cast<size_t>(i)] = static_cast<uint8_t>(size >> (24 - 8 * i));
  std::copy(space.begin(), space.end(), icc.begin() + 16);
  const std::string magic = "acsp";
  std::copy(magic.begin(), magic.end(), icc.begin() + 36);
  return icc;
}

}  // namespace peel
