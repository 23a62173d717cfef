#include "src/rectify/warp/warp_filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/rectify/warp/warp_kernels.h"
#include "src/rectify/warp/warp_levels.h"

namespace peel::warp {
namespace {

using peel::testing::ForEveryTarget;
using peel::testing::Noise;

constexpr WarpFilter kFilters[] = {WarpFilter::kBilinear, WarpFilter::kBicubic,
                                   WarpFilter::kLanczos};

TEST(WarpFilters, Interpolate) {
  for (const WarpFilter filter : kFilters) {
    EXPECT_EQ(FilterAt(filter, 0), 1);
    for (const double x : {1.0, 2.0, 3.0, 4.0, 100.0}) {
      EXPECT_EQ(FilterAt(filter, x), 0);
      EXPECT_EQ(FilterAt(filter, -x), 0);
    }
  }
  EXPECT_NEAR(FilterAt(WarpFilter::kBicubic, 0.5), 0.5625, 1e-12);
  EXPECT_NEAR(FilterAt(WarpFilter::kBicubic, -1.5), -0.0625, 1e-12);
  EXPECT_NEAR(FilterAt(WarpFilter::kLanczos, 0.5), 0.6079271, 1e-6);
}

TEST(WarpFilters, GrowWithTheScale) {
  EXPECT_EQ(GrowthStep(0), 0);
  EXPECT_EQ(GrowthStep(1), 0);
  EXPECT_EQ(GrowthStep(1.1), 0);
  EXPECT_EQ(GrowthStep(std::nan("")), 0);
  EXPECT_EQ(GrowthStep(2), kStepsPerOctave);
  EXPECT_EQ(GrowthStep(4), 2 * kStepsPerOctave);
  EXPECT_EQ(GrowthStep(16), kSteps - 1);
  EXPECT_EQ(GrowthStep(1e30), kSteps - 1);
  int last = 0;
  for (double s = 1; s < 20; s *= 1.005) {
    EXPECT_GE(GrowthStep(s), last);
    EXPECT_LE(GrowthStep(s), last + 1) << "no jumps, which would be seen";
    last = GrowthStep(s);
  }
}

TEST(WarpFilters, WeightsAddUp) {
  for (const WarpFilter filter : kFilters) {
    Filters filters(filter);
    for (const int step : {0, 1, 9, 32, 77, kSteps - 1}) {
      const Bank& bank = filters.Fixed(step);
      const BankF32& floats = filters.Float(step);
      ASSERT_EQ(bank.taps, floats.taps);
      ASSERT_GE(4 * bank.groups, bank.taps);
      for (int phase = 0; phase < 1 << bank.phase_bits; ++phase) {
        int down = 0, across = 0;
        for (int t = 0; t < bank.taps; ++t) {
          const int word = bank.down[static_cast<size_t>(phase * bank.taps + t)];
          EXPECT_EQ(word >> 16, static_cast<int16_t>(word & 0xffff));
          down += word >> 16;
        }
        for (int t = 0; t < 4 * bank.groups; ++t) {
          across += bank.across[static_cast<size_t>(phase * 16 * bank.groups + 4 * t)];
        }
        EXPECT_EQ(down, across);
        EXPECT_GE(down, 32767);
        EXPECT_LE(down, 32768);
      }
      for (int phase = 0; phase < 1 << floats.phase_bits; ++phase) {
        const float* w = floats.down.data() + static_cast<size_t>(phase * floats.taps);
        EXPECT_NEAR(std::accumulate(w, w + floats.taps, 0.0), 1, 1e-6);
      }
    }
  }
}

// One pixel after another, so that every rest of a vector and every end of a row is met.
TEST(WarpKernels, WidenWhatIsThere) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (int there = 1; there <= 40; ++there) {
      // Exactly as many bytes as may be read.
      const ImageU8 noise = Noise(3, there, 2, channels);
      std::vector<uint8_t> in(static_cast<size_t>(2 * there * channels));
      for (int y = 0; y < 2; ++y) {
        std::copy_n(noise.row(y), there * channels, in.begin() + y * there * channels);
      }
      for (int count = 1; count <= there; ++count) {
        ForEveryTarget([&](const std::string& target) {
          const int stride = 4 * (count + kWidenedToSpare);
          std::vector<int16_t> out(static_cast<size_t>(2 * stride), -1);
          Widen(in.data(), there * channels, channels, there, count, 2, out.data(), stride);
          for (int y = 0; y < 2; ++y) {
            for (int x = 0; x < count; ++x) {
              const uint8_t* p = noise.row(y) + x * channels;
              const int16_t* o = out.data() + y * stride + 4 * x;
              const int want[] = {p[0], channels >= 3 ? p[1] : 0, channels >= 3 ? p[2] : 0,
                                  channels % 2 == 0 ? p[channels - 1] : 0};
              for (int c = 0; c < 4; ++c) ASSERT_EQ(o[c], want[c] << kValueBits) << target;
            }
          }
        });
      }
    }
  }
}

TEST(WarpKernels, TellOpaqueRows) {
  for (const int channels : {2, 4}) {
    for (int count = 1; count < 40; ++count) {
      std::vector<uint8_t> row(static_cast<size_t>(count * channels), 255);
      EXPECT_TRUE(IsOpaqueRow(row.data(), channels, count));
      for (int x = 0; x < count; ++x) {
        uint8_t& alpha = row[static_cast<size_t>(x * channels + channels - 1)];
        alpha = 254;
        EXPECT_FALSE(IsOpaqueRow(row.data(), channels, count));
        alpha = 255;
        row[static_cast<size_t>(x * channels)] = 0;
        EXPECT_TRUE(IsOpaqueRow(row.data(), channels, count));
      }
    }
  }
}

TEST(WarpLevels, AreMeansOfFour) {
  ThreadPool pool(2);
  for (int channels = 1; channels <= 4; ++channels) {
    const ImageU8 in = Noise(3, 37, 22, channels);
    const auto levels = MakeLevels(in.view(), 3, &pool);
    ASSERT_TRUE(levels.ok());
    ASSERT_EQ(levels->count(), 3);
    EXPECT_EQ(levels->at(0).data, in.view().data);
    const auto half = levels->at(1);
    ASSERT_EQ(half.width, 19);
    ASSERT_EQ(half.height, 11);
    EXPECT_EQ(levels->at(2).width, 10);
    EXPECT_EQ(levels->at(2).height, 6);
    const bool alpha = channels % 2 == 0;
    for (int y = 0; y < half.height; ++y) {
      for (int x = 0; x < half.width; ++x) {
        for (int c = 0; c < channels; ++c) {
          double sum = 0, weights = 0;
          for (int i = 0; i < 4; ++i) {
            const uint8_t* p = in.row(2 * y + i / 2) + std::min(2 * x + i % 2, 36) * channels;
            const double weight = alpha && c + 1 < channels ? p[channels - 1] : 1;
            sum += p[c] * weight;
            weights += weight;
          }
          ASSERT_NEAR(half.row(y)[x * channels + c], weights > 0 ? sum / weights : 0, 0.5001);
        }
      }
    }
  }
  const ImageU16 deep = std::move(*ImageU16::Allocate(1, 1, 3));
  EXPECT_EQ(MakeLevels(deep.view(), 9, nullptr)->count(), 1) << "one pixel has no half";
}

}  // namespace
}  // namespace peel::warp
