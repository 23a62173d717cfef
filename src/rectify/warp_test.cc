#include "src/rectify/warp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/rectify/test_warp.h"

namespace peel {
namespace {

using testing::Crc;
using testing::ForEveryTarget;
using testing::Noise;

constexpr WarpFilter kFilters[] = {WarpFilter::kBilinear, WarpFilter::kBicubic,
                                   WarpFilter::kLanczos};

ImageU16 Noise16(uint32_t seed, int width, int height, int channels) {
  const ImageU8 high = Noise(seed, width, height, channels);
  const ImageU8 low = Noise(seed + 1, width, height, channels);
  ImageU16 out = std::move(*ImageU16::Allocate(width, height, channels));
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels; ++i) {
      out.row(y)[i] = static_cast<uint16_t>(high.row(y)[i] << 8 | low.row(y)[i]);
    }
  }
  return out;
}

template <typename T>
void Alpha(Image<T>& image, T from, T to) {
  const int c = image.channels();
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      T& a = image.row(y)[x * c + c - 1];
      a = static_cast<T>(from + a % (to - from + 1));
    }
  }
}

template <typename T>
Image<T> Warped(const Image<T>& in, const Homography& h, Size size, const WarpOptions& options = {},
                ThreadPool* pool = nullptr) {
  auto out = Warp(in.view(), h, size, options, pool);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return std::move(*out);
}

template <typename T>
Image<T> Plain(const Image<T>& in, const Homography& h, Size size, const WarpOptions& options) {
  return testing::PlainWarp<T>(in.view(), h, size, options);
}

template <typename T>
uint32_t Sum(const Image<T>& image) {
  return Crc(image.view());
}

// The farthest that colours (weighed by alpha) and alpha are from the plain ones, in levels.
template <typename T>
double Farthest(const Image<T>& got, const Image<T>& want) {
  constexpr double kMost = std::numeric_limits<T>::max();
  EXPECT_EQ(got.width(), want.width());
  EXPECT_EQ(got.height(), want.height());
  const int channels = got.channels();
  double farthest = 0;
  for (int y = 0; y < got.height(); ++y) {
    for (int x = 0; x < got.width(); ++x) {
      const T* g = got.row(y) + x * channels;
      const T* w = want.row(y) + x * channels;
      const bool alpha = channels % 2 == 0;
      for (int c = 0; c < channels; ++c) {
        const bool colour = alpha && c + 1 < channels;
        const double ga = colour ? g[channels - 1] / kMost : 1;
        const double wa = colour ? w[channels - 1] / kMost : 1;
        farthest = std::max(farthest, std::abs(g[c] * ga - w[c] * wa));
      }
    }
  }
  return farthest;
}

Homography ToSource(const Quad& quad, Size size) { return *Inverse(*QuadToRectangle(quad, size)); }

// Tilted and a little turned, about as large as itself.
const Quad kTilted{{{{12.3, 7.9}, {83.1, 14.2}, {91.7, 70.4}, {4.5, 61.2}}}};

TEST(Warp, TheIdentityGivesThePictureBack) {
  for (const WarpFilter filter : kFilters) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const bool empty : {false, true}) {
        const WarpOptions options{filter, empty};
        const ImageU8 in = Noise(3, 131, 67, channels);
        EXPECT_EQ(Crc(Warped(in, {}, {131, 67}, options)), Crc(in)) << channels;
        const ImageU16 deep = Noise16(5, 131, 67, channels);
        EXPECT_EQ(Sum(Warped(deep, {}, {131, 67}, options)), Crc(deep.view())) << channels;
      }
    }
  }
}

TEST(Warp, WholePixelsAreCopied) {
  for (const WarpFilter filter : kFilters) {
    for (int channels = 1; channels <= 4; ++channels) {
      const ImageU8 in = Noise(4, 200, 150, channels);
      const Quad quad{{{{31, 17}, {171, 17}, {171, 117}, {31, 117}}}};
      const ImageU8 out = Warped(in, ToSource(quad, {140, 100}), {140, 100}, {filter});
      EXPECT_EQ(Crc(out), Crc(Crop(in.view(), Box{31, 17, 140, 100}))) << channels;
      // Turned by a quarter.
      const Quad turned{{{{31, 117}, {31, 17}, {171, 17}, {171, 117}}}};
      const ImageU8 quarter = Warped(in, ToSource(turned, {100, 140}), {100, 140}, {filter});
      for (int y = 0; y < 140; ++y) {
        for (int x = 0; x < 100; ++x) {
          for (int c = 0; c < channels; ++c) {
            ASSERT_EQ(quarter.row(y)[x * channels + c], in.row(116 - x)[(31 + y) * channels + c]);
          }
        }
      }
    }
  }
}

// How far a level and a position that are rounded may be off between black and white pixels.
constexpr double kClose8 = 2.1, kClose16 = 130;

TEST(Warp, AgreesWithPlainArithmeticWhereItMagnifies) {
  for (const WarpFilter filter : kFilters) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const bool empty : {false, true}) {
        SCOPED_TRACE(::testing::Message() << static_cast<int>(filter) << channels << empty);
        const WarpOptions options{filter, empty};
        for (const Size size : {Size{150, 90}, {91, 141}}) {
          const Homography h = ToSource(kTilted, size);
          ImageU8 in = Noise(6, 97, 75, channels);
          const ImageU16 deep = Noise16(7, 97, 75, channels);
          EXPECT_LE(Farthest(Warped(in, h, size, options), Plain(in, h, size, options)), kClose8);
          EXPECT_LE(Farthest(Warped(deep, h, size, options), Plain(deep, h, size, options)),
                    kClose16);
          if (channels % 2 != 0) continue;
          Alpha<uint8_t>(in, 255, 255);
          EXPECT_LE(Farthest(Warped(in, h, size, options), Plain(in, h, size, options)), kClose8);
        }
      }
    }
  }
}

// Growths that the tables have exactly, without perspective.
TEST(Warp, AgreesWithPlainArithmeticWhereItShrinks) {
  for (const WarpFilter filter : kFilters) {
    for (const int channels : {1, 3, 4}) {
      for (const int step : {16, 32, 48, 60}) {
        SCOPED_TRACE(::testing::Message() << static_cast<int>(filter) << channels << ", " << step);
        const double s = std::exp2(step / 32.0);
        const Homography h{{s, 0, 3.7, 0, 2, -8.3, 0, 0, 1}};
        const Size size{static_cast<int>(97 / s), 40};
        const ImageU8 in = Noise(6, 97, 75, channels);
        const ImageU16 deep = Noise16(7, 97, 75, channels);
        const WarpOptions options{filter, channels == 3};
        EXPECT_LE(Farthest(Warped(in, h, size, options), Plain(in, h, size, options)), kClose8);
        EXPECT_LE(Farthest(Warped(deep, h, size, options), Plain(deep, h, size, options)),
                  kClose16);
      }
    }
  }
}

TEST(Warp, IsTheSameOnEveryProcessor) {
  for (const WarpFilter filter : kFilters) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const Size size : {Size{79, 61}, {1, 1}, {133, 3}, {5, 70}, {31, 20}, {9, 8}}) {
        const Homography h = ToSource(kTilted, size);
        ImageU8 in = Noise(8, 97, 75, channels);
        const ImageU16 deep = Noise16(9, 97, 75, channels);
        ImageU8 opaque = Noise(10, 97, 75, channels);
        if (channels % 2 == 0) Alpha<uint8_t>(opaque, 255, 255);
        std::vector<uint32_t> crcs;
        ForEveryTarget([&](const std::string& target) {
          const std::vector<uint32_t> now = {Crc(Warped(in, h, size, {filter, true})),
                                             Crc(Warped(opaque, h, size, {filter})),
                                             Sum(Warped(deep, h, size, {filter}))};
          if (crcs.empty()) crcs = now;
          EXPECT_EQ(now, crcs) << target << ", " << channels;
        });
      }
    }
  }
}

TEST(Warp, IsTheSameOnAnyNumberOfThreads) {
  const ImageU8 in = Noise(11, 500, 400, 3);
  const Quad quad{{{{40, 30}, {470, 80}, {430, 390}, {90, 350}}}};
  const Homography h = ToSource(quad, {333, 277});
  const uint32_t alone = Crc(Warped(in, h, {333, 277}));
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    EXPECT_EQ(Crc(Warped(in, h, {333, 277}, {}, &pool)), alone);
  }
}

TEST(Warp, FlatStaysFlat) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (const int value : {0, 1, 77, 254, 255}) {
      ImageU8 in = std::move(*ImageU8::Allocate(97, 75, channels));
      for (int y = 0; y < 75; ++y) std::fill_n(in.row(y), 97 * channels, value);
      for (const WarpFilter filter : kFilters) {
        for (const Size size : {Size{79, 61}, {20, 64}, {3, 3}}) {
          const ImageU8 out = Warped(in, ToSource(kTilted, size), size, {filter});
          for (int y = 0; y < size.height; ++y) {
            for (int i = 0; i < size.width * channels; ++i) {
              // Thin alpha does not keep colours where bytes are halved, none does not at all.
              if (channels % 2 == 0 && value == 0) continue;
              ASSERT_EQ(out.row(y)[i], value) << static_cast<int>(filter) << channels;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace peel
