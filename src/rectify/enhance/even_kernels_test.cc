#include "src/rectify/enhance/even_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/rectify/enhance/fill_holes.h"

namespace peel {
namespace {

TEST(EvenKernelsTest, ExpandsLinearlyBetweenTheCentres) {
  const std::vector<uint16_t> at_blocks = {8192, 9000, 65535, 0, 123};
  testing::ForEveryTarget([&](const std::string& target) {
    for (const int shift : {3, 4, 6}) {
      for (const int across : {1, 2, 5}) {
        const int size = 1 << shift;
        // Also cut off within the last block, and within its first half.
        for (const int length : {size * across, size * across - 1, size * (across - 1) + 1}) {
          std::vector<uint16_t> out(static_cast<size_t>(length));
          even::ExpandRow(at_blocks.data(), across, shift, out.size(), out.data());
          for (int x = 0; x < length; ++x) {
            const double place = std::clamp((x + 0.5) / size - 0.5, 0.0, across - 1.0);
            const auto b = static_cast<size_t>(place);
            const double next = at_blocks[std::min<size_t>(b + 1, at_blocks.size() - 1)];
            const double want =
                at_blocks[b] + (place - static_cast<double>(b)) * (next - at_blocks[b]);
            ASSERT_NEAR(out[static_cast<size_t>(x)], want, 0.51)
                << target << " " << shift << " " << across << ": " << x;
          }
        }
      }
    }
  });
}

// What the header says, in real numbers.
double Expected(const uint8_t* pixel, const uint16_t* gains, double writing,
                const even::Curve& curve, int channel) {
  double dark[3], most = 0;
  for (int c = 0; c < 3; ++c) {
    dark[c] = std::max(0.0, 255 - pixel[c] * (gains[c] / 8192.0)) / 255;
    most = std::max(most, dark[c]);
  }
  const double reach = 8192.0 * 8192 / curve.slope / 8160;
  const double ramp = std::clamp((most - curve.nothing / 8160.0) / reach, 0.0, 1.0);
  const double share = ramp * curve.stretch / 16384;
  const double factor = 1 - writing / 8192 + writing / 8192 * share;
  return 255 * std::max(0.0, 1 - dark[channel] * factor);
}

TEST(EvenKernelsTest, RowsAreAsDescribed) {
  constexpr size_t kLength = 203;
  const even::Curve curve = {.nothing = 300, .slope = 24000, .stretch = 20000};
  std::vector<uint16_t> gains[3], writing(kLength);
  for (size_t c = 0; c < 3; ++c) {
    gains[c].resize(kLength);
    for (size_t x = 0; x < kLength; ++x) {
      gains[c][x] = static_cast<uint16_t>(8192 + 2000 * c + x * 200);
    }
  }
  for (size_t x = 0; x < kLength; ++x) writing[x] = static_cast<uint16_t>(x * 41 % 8193);
  const uint16_t* const planes[3] = {gains[0].data(), gains[1].data(), gains[2].data()};
  testing::ForEveryTarget([&](const std::string& target) {
    for (const int channels : {3, 4}) {
      const ImageU8 in = testing::Noise(5, kLength, 1, channels);
      std::vector<uint16_t> deep(kLength * static_cast<size_t>(channels));
      std::transform(in.row(0), in.row(0) + deep.size(), deep.begin(),
                     [](uint8_t v) { return static_cast<uint16_t>(v * 257); });
      std::vector<uint8_t> out(deep.size()), grey(kLength);
      std::vector<uint16_t> out16(deep.size());
      even::EvenRow(in.row(0), channels, planes, writing.data(), curve, kLength, channels,
                    out.data());
      even::EvenRow(in.row(0), channels, planes, writing.data(), curve, kLength, 1, grey.data());
      even::EvenRow16(deep.data(), channels, planes, writing.data(), curve, kLength, channels,
                      out16.data());
      for (size_t x = 0; x < kLength; ++x) {
        const size_t at = x * static_cast<size_t>(channels);
        const uint16_t here[3] = {gains[0][x], gains[1][x], gains[2][x]};
        for (int c = 0; c < 3; ++c) {
          const size_t i = at + static_cast<size_t>(c);
          const double want = Expected(in.row(0) + at, here, writing[x], curve, c);
          ASSERT_NEAR(out[i], want, 0.6) << target << " " << x << " " << c;
          ASSERT_NEAR(out16[i] / 257.0, want, 0.05) << target << " " << x << " " << c;
        }
        if (channels == 4) {
          ASSERT_EQ(out[at + 3], in.row(0)[at + 3]);
          ASSERT_EQ(out16[at + 3], deep[at + 3]);
        }
        ASSERT_EQ(grey[x], (77 * out[at] + 150 * out[at + 1] + 29 * out[at + 2] + 128) >> 8);
      }
    }
  });
}

TEST(FillHolesTest, ContinuesAPlaneAcrossThem) {
  constexpr int kAcross = 40, kDown = 30;
  std::vector<float> field(kAcross * kDown);
  std::vector<bool> known(field.size(), true);
  const auto plane = [](int x, int y) {
    return 50 + 2.0f * static_cast<float>(x) + static_cast<float>(y);
  };
  for (int y = 0; y < kDown; ++y) {
    for (int x = 0; x < kAcross; ++x) {
      const auto i = static_cast<size_t>(y * kAcross + x);
      known[i] = std::hypot(x - 18, y - 14) > 7;
      field[i] = known[i] ? plane(x, y) : -1000;
    }
  }
  FillHoles(kAcross, kDown, known, &field);
  for (int y = 0; y < kDown; ++y) {
    for (int x = 0; x < kAcross; ++x) {
      EXPECT_NEAR(field[static_cast<size_t>(y * kAcross + x)], plane(x, y), 1.5) << x << ", " << y;
    }
  }
}

TEST(FillHolesTest, OneKnownPlaceGivesAllAndNoneChangesNothing) {
  std::vector<float> field(7 * 5, 3);
  std::vector<bool> known(field.size(), false);
  FillHoles(7, 5, known, &field);
  EXPECT_EQ(field, std::vector<float>(7 * 5, 3));
  known[9] = true;
  field[9] = 8;
  FillHoles(7, 5, known, &field);
  for (const float v : field) EXPECT_NEAR(v, 8, 1e-4);
}

}  // namespace
}  // namespace peel
