#include "src/rectify/warp/warp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/rectify/warp/test_warp.h"

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
        for (const Size size : {Size{131, 70}, {91, 90}}) {
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

// A smooth picture: waves of these lengths, in pixels, around the middle grey.
template <typename F>
ImageU8 Drawn(int width, int height, F at) {
  ImageU8 out = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out.row(y)[x] = static_cast<uint8_t>(std::lround(at(x + 0.5, y + 0.5)));
    }
  }
  return out;
}

double Waves(double x, double y) {
  return 127.5 + 60 * std::sin(x * 2 * std::numbers::pi / 9) +
         60 * std::cos(y * 2 * std::numbers::pi / 11);
}

// What is right is known, for places between pixels too.
TEST(Warp, FollowsTheScene) {
  const ImageU8 in = Drawn(300, 240, Waves);
  const Quad quad{{{{40, 30}, {260, 50}, {270, 215}, {25, 200}}}};
  const double most[] = {25, 6, 2};  // bilinear, bicubic, Lanczos: levels
  for (const Size size : {Size{240, 180}, Size{480, 360}}) {
    const Homography h = ToSource(quad, size);
    for (const WarpFilter filter : kFilters) {
      const ImageU8 out = Warped(in, h, size, {filter});
      double worst = 0;
      for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
          const Point p = h({x + 0.5, y + 0.5});
          worst = std::max(worst, std::abs(out.row(y)[x] - Waves(p.x, p.y)));
        }
      }
      EXPECT_LE(worst, most[static_cast<size_t>(filter)]) << size.width;
      EXPECT_GE(worst, 0.4);
    }
  }
}

// Rings that become ever finer: what the result cannot show has to become grey, not other rings.
TEST(Warp, DoesNotAliasWhereItShrinks) {
  constexpr int kSide = 480;
  const auto rings = [](double x, double y) {
    const double r2 = (x - kSide / 2.0) * (x - kSide / 2.0) + (y - kSide / 2.0) * (y - kSide / 2.0);
    return 127.5 + 120 * std::cos(std::numbers::pi * 0.45 * r2 / (kSide / 2.0));
  };
  const ImageU8 in = Drawn(kSide, kSide, rings);
  const Quad quad{{{{20, 30}, {450, 10}, {470, 460}, {10, 440}}}};
  for (const int side : {160, 90, 40}) {
    const Homography h = ToSource(quad, {side, side});
    for (const WarpFilter filter : kFilters) {
      const ImageU8 out = Warped(in, h, {side, side}, {filter});
      double sum = 0;
      int count = 0;
      for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
          const Point p = h({x + 0.5, y + 0.5});
          // Cycles a pixel of the result.
          const double fine = 0.45 * std::hypot(p.x - kSide / 2.0, p.y - kSide / 2.0) /
                              (kSide / 2.0) * (430.0 / side);
          if (fine < 0.9) continue;
          sum += (out.row(y)[x] - 127.5) * (out.row(y)[x] - 127.5);
          ++count;
        }
      }
      ASSERT_GT(count, side * side / 20);
      // Of 85 that the rings have.
      EXPECT_LE(std::sqrt(sum / count), filter == WarpFilter::kBilinear ? 6 : 4)
          << side << ", " << static_cast<int>(filter);
    }
  }
}

TEST(Warp, ShrinkingStronglyKeepsMeans) {
  for (const int channels : {1, 2, 3, 4}) {
    ImageU8 in = Noise(12, 700, 500, channels);
    if (channels % 2 == 0) Alpha<uint8_t>(in, 100, 200);
    // Dark on the left, bright on the right.
    for (int y = 0; y < 500; ++y) {
      for (int x = 0; x < 700; ++x) {
        uint8_t& v = in.row(y)[x * channels];
        v = static_cast<uint8_t>(v / 2 + (x < 350 ? 0 : 127));
      }
    }
    const Homography h{{70, 0, 0, 0, 50, 0, 0, 0, 1}};
    const ImageU8 out = Warped(in, h, {10, 10});
    for (int y = 0; y < 10; ++y) {
      EXPECT_NEAR(out.row(y)[1 * channels], 64, 6) << channels;
      EXPECT_NEAR(out.row(y)[8 * channels], 191, 6) << channels;
    }
  }
}

TEST(Warp, OutsideIsTheNearestPixelOrNothing) {
  for (int channels = 1; channels <= 4; ++channels) {
    ImageU8 in = Noise(13, 40, 30, channels);
    if (channels % 2 == 0) Alpha<uint8_t>(in, 255, 255);
    const Homography h{{1, 0, -20, 0, 1, -10, 0, 0, 1}};
    const ImageU8 edge = Warped(in, h, {80, 50});
    const ImageU8 empty = Warped(in, h, {80, 50}, {.empty_outside = true});
    for (int y = 0; y < 50; ++y) {
      for (int x = 0; x < 80; ++x) {
        const uint8_t* nearest =
            in.row(std::clamp(y - 10, 0, 29)) + std::clamp(x - 20, 0, 39) * channels;
        const bool inside = x >= 20 && x < 60 && y >= 10 && y < 40;
        for (int c = 0; c < channels; ++c) {
          ASSERT_EQ(edge.row(y)[x * channels + c], nearest[c]) << x << ", " << y;
          ASSERT_EQ(empty.row(y)[x * channels + c], inside ? nearest[c] : 0) << x << ", " << y;
        }
      }
    }
  }
}

TEST(Warp, EdgesOfNothingAreSmoothAndKeepTheirColour) {
  ImageU8 in = std::move(*ImageU8::Allocate(40, 30, 4));
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      const uint8_t blue[] = {10, 20, 250, 255};
      std::copy_n(blue, 4, in.row(y) + 4 * x);
    }
  }
  const Homography h{{0.5, 0, -3.25, 0, 0.5, -3.25, 0, 0, 1}};
  const ImageU8 out = Warped(in, h, {100, 80}, {WarpFilter::kBilinear, true});
  int soft = 0;
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 100; ++x) {
      const uint8_t* p = out.row(y) + 4 * x;
      if (p[3] == 0) continue;
      soft += p[3] < 255 ? 1 : 0;
      ASSERT_NEAR(p[0], 10, 1);
      ASSERT_NEAR(p[2], 250, 1);
    }
  }
  EXPECT_GT(soft, 100);
}

TEST(Warp, WhatIsTransparentLendsNoColour) {
  // Red that is not there beside blue that is.
  for (const int channels : {2, 4}) {
    ImageU16 in = std::move(*ImageU16::Allocate(40, 30, channels));
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 40; ++x) {
        uint16_t* p = in.row(y) + x * channels;
        std::fill_n(p, channels, x < 20 ? 60000 : 500);
        p[channels - 1] = x < 20 ? 0 : 65535;
      }
    }
    for (const WarpFilter filter : kFilters) {
      const ImageU16 out = Warped(in, ToSource({{{{5, 5}, {36, 4}, {35, 26}, {4, 24}}}}, {70, 50}),
                                  {70, 50}, {filter});
      for (int y = 0; y < 50; ++y) {
        for (int x = 0; x < 70; ++x) {
          const uint16_t* p = out.row(y) + x * channels;
          ASSERT_TRUE(p[channels - 1] < 100 || std::abs(p[0] - 500) < 20) << x << ", " << p[0];
        }
      }
    }
  }
}

TEST(Warp, TheHorizonDoesNoHarm) {
  const ImageU8 in = Noise(14, 64, 48, 4);
  const ImageU16 deep = Noise16(14, 64, 48, 3);
  const Homography views[] = {
      {{1, 0, 0, 0, 1, 0, 0.01, 0, 1}},         // far to the right
      {{1, 0, 0, 0, 1, 0, 0, -0.02, 1}},        // across the middle of the result
      {{1, 0, 0, 0, 1, 0, 0.02, -0.02, 0.3}},   // slanting
      {{-1, 0, 0, 0, -1, 0, 0, 0, -1}},         // the identity, written with minus one
      {{1e-9, 0, 0, 0, 1e-9, 0, 0, 0, 1}},      // one point of the picture
      {{1e9, 0, 0, 0, 1e9, 0, 0, 0, 1}},        // hardly any point of it
      {{1, 0, 1e12, 0, 1, 1e12, 0, 0, 1}},      // far from it
      {{1, 0, 0, 0, 1, 0, 1e-300, 0, 1e-300}},  // nearly all at infinity
      {{1, 0, 0, 0, 1, 0, 0, 1, -75}},          // through the middle of a tile
      {{1e100, 0, 0, 0, 1e100, 0, 0, 0, 1}},
  };
  for (const Homography& h : views) {
    for (const bool empty : {false, true}) {
      for (const WarpFilter filter : kFilters) {
        Warped(in, h, {200, 150}, {filter, empty});
        Warped(deep, h, {70, 50}, {filter, empty});
      }
    }
  }
  EXPECT_EQ(Crc(Warped(in, views[3], {64, 48})), Crc(in));
  // Beyond the horizon there is nothing.
  const ImageU8 sky =
      Warped(in, {{1, 0, 0, 0, 1, 0, 0, -0.02, 1.2}}, {64, 100}, {.empty_outside = true});
  for (int x = 0; x < 64; ++x) EXPECT_EQ(sky.row(80)[4 * x + 3], 0);
}

// Up to the horizon, here at row 48, in the middle of a tile, the picture is filtered: squares of a
// pixel, and of more than the widest filter, which only halving makes small enough.
TEST(Warp, ShrinksUpToTheHorizon) {
  for (const auto& [square, first, most] : {std::tuple{1, 33, 20}, {16, 42, 40}}) {
    ImageU8 board = std::move(*ImageU8::Allocate(2000, 2000, 1));
    for (int y = 0; y < 2000; ++y) {
      for (int x = 0; x < 2000; ++x) {
        board.row(y)[x] = (x / square + y / square) % 2 == 0 ? 0 : 255;
      }
    }
    const ImageU8 out = Warped(board, {{1, 0, 0, 0, 1, 0, 0, -1.0 / 48, 1}}, {64, 64});
    for (int y = first; y < 44; ++y) {
      for (int x = 0; x < 64; ++x) ASSERT_NEAR(out.row(y)[x], 127, most) << x << ", " << y;
    }
  }
}

TEST(Warp, ThinPicturesAndResults) {
  for (const Size from : {Size{1, 1}, {1, 20000}, {20000, 1}, {3, 2}}) {
    ImageU8 in = std::move(*ImageU8::Allocate(from.width, from.height, 3));
    for (int y = 0; y < from.height; ++y) std::fill_n(in.row(y), from.width * 3, uint8_t{90});
    const Quad whole{{{{0, 0},
                       {1.0 * from.width, 0},
                       {1.0 * from.width, 1.0 * from.height},
                       {0, 1.0 * from.height}}}};
    for (const Size to : {Size{1, 1}, {7, 5}, {1, 20000}, {20000, 1}}) {
      for (const WarpFilter filter : kFilters) {
        const ImageU8 out = Warped(in, ToSource(whole, to), to, {filter});
        for (int y = 0; y < to.height; ++y) {
          ASSERT_TRUE(
              std::all_of(out.row(y), out.row(y) + to.width * 3, [](uint8_t v) { return v == 90; }))
              << from.width << " x " << from.height << " to " << to.width << " x " << to.height;
        }
      }
    }
  }
}

TEST(Warp, ViewsWithAStrideAreReadWithinTheirPart) {
  const ImageU8 in = Noise(15, 90, 70, 3);
  ImageU8 other = Noise(16, 90, 70, 3);
  const Box box{20, 10, 41, 37};
  for (int y = 0; y < box.height; ++y) {
    std::copy_n(in.row(box.y + y) + 3 * box.x, 3 * box.width, other.row(box.y + y) + 3 * box.x);
  }
  const Quad quad{{{{-4, -3}, {44, 1}, {40, 39}, {2, 35}}}};
  const Homography h = ToSource(quad, {60, 50});
  const auto a = Warp(Crop(std::as_const(in).view(), box), h, {60, 50}, {}, nullptr);
  const auto b = Warp(Crop(std::as_const(other).view(), box), h, {60, 50}, {}, nullptr);
  EXPECT_EQ(Crc(*a), Crc(*b));
}

TEST(Warp, RefusesWhatMakesNoSense) {
  const ImageU8 in = Noise(1, 9, 9, 3);
  const auto refused = [](const Result<ImageU8>& result) {
    return !result.ok() && result.status().code() == StatusCode::kInvalidArgument &&
           !result.status().message().empty();
  };
  EXPECT_TRUE(refused(Warp(ImageView<const uint8_t>{}, {}, {9, 9}, {}, nullptr)));
  EXPECT_TRUE(refused(Warp(in.view(), {}, {0, 9}, {}, nullptr)));
  EXPECT_TRUE(refused(Warp(in.view(), {}, {9, -9}, {}, nullptr)));
  EXPECT_TRUE(refused(Warp(in.view(), {{1, 1, 1, 2, 2, 2, 0, 0, 1}}, {9, 9}, {}, nullptr)));
  EXPECT_TRUE(
      refused(Warp(in.view(), {{std::nan(""), 0, 0, 0, 1, 0, 0, 0, 1}}, {9, 9}, {}, nullptr)));
  ImageView<const uint8_t> five = in.view();
  five.channels = 5;
  EXPECT_TRUE(refused(Warp(five, {}, {9, 9}, {}, nullptr)));
}

}  // namespace
}  // namespace peel
