#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "src/codec/decode.h"
#include "src/codec/encode.h"

namespace peel {
namespace {

template <typename T>
Image<T> Noise(int width, int height, int channels, unsigned seed) {
  Image<T> image = *Image<T>::Allocate(width, height, channels);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels; ++i) {
      // Half smooth, half noise, with empty stretches, so that every filter gets its rows.
      const unsigned noise = y % 3 == 0 ? random() % 7 : y % 3 == 1 ? random() : 0;
      image.row(y)[i] = static_cast<T>((y % 7 == 6) ? 0 : i * 3 + y * 5 + noise);
    }
  }
  return image;
}

template <typename T>
void ExpectPngRoundTrip(int width, int height, int channels) {
  SCOPED_TRACE(testing::Message() << width << " x " << height << " x " << channels << ", "
                                  << 8 * sizeof(T) << " bit");
  const Image<T> image = Noise<T>(width, height, channels, 1);
  const auto file = Encode(image.view(), {});
  ASSERT_TRUE(file.ok()) << file.status().message();
  const auto picture = Decode(*file);
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  const auto& back = std::get<Image<T>>(picture->pixels);
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
}

TEST(Png, RoundTripsEverySizeAndKind) {
  for (const int channels : {1, 3, 4}) {
    for (const auto& [w, h] : {std::pair{1, 1}, {1, 7}, {7, 1}, {5, 3}, {31, 17}, {64, 64}, {65, 66},
                               {257, 100}, {1, 20000}, {20000, 1}, {1021, 301}}) {
      ExpectPngRoundTrip<uint8_t>(w, h, channels);
      ExpectPngRoundTrip<uint16_t>(w, h, channels);
    }
  }
}

}  // namespace
}  // namespace peel
