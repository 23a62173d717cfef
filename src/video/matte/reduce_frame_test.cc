#include "src/video/matte/reduce_frame.h"

#include <gtest/gtest.h>

#include <vector>

#include "src/image/test_pixels.h"
#include "src/video/matte/reduce_kernels.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

TEST(ReduceToRgb, OneColourStaysIt) {
  for (const int depth : {8, 10}) {
    for (const auto& [sx, sy] : {std::pair{1, 1}, {1, 0}, {0, 0}}) {
      for (const char* range : {"tv", "pc"}) {
        FrameFormat format = testing::Format(101, 67, depth, sx, sy);
        format.colour.range = range;
        const ColourCode code = ColourCodeOf(format);
        const std::array<uint8_t, 3> colour = {200, 80, 30};
        const std::array<float, 3> samples = SamplesOf(code, colour);
        const double unit = 1 << (depth - 8);
        const Frame frame = testing::Draw(
            format, [&](int p, int, int) { return samples[static_cast<size_t>(p)] / unit; });
        const auto rgb = ReduceToRgb(frame, code, 32, 40);
        ASSERT_TRUE(rgb.ok());
        for (int y = 0; y < 40; ++y) {
          for (int i = 0; i < 96; ++i) {
            ASSERT_NEAR(rgb->row(y)[i], colour[static_cast<size_t>(i % 3)], 2);
          }
        }
      }
    }
  }
}

// Both halves stay apart, and a frame smaller than what is wanted is enlarged.
TEST(ReduceToRgb, KeepsPlaces) {
  for (const int width : {640, 20}) {
    const FrameFormat format = testing::Format(width, width);
    const Frame frame = testing::Draw(
        format, [&](int p, int x, int) { return p == 0 ? (x < width / 2 ? 16 : 235) : 128; });
    const auto rgb = ReduceToRgb(frame, ColourCodeOf(format), 64, 64);
    ASSERT_TRUE(rgb.ok());
    EXPECT_LE(rgb->row(30)[3 * 24], 4);
    EXPECT_GE(rgb->row(30)[3 * 40], 251);
  }
}

TEST(WeighRows, EveryTargetGivesThePlainSums) {
  for (const size_t count : {size_t{1}, size_t{37}, size_t{64}}) {
    std::vector<uint16_t> wide(count * 5);
    std::vector<uint8_t> bytes(count * 5);
    uint32_t seed = 5;
    for (size_t i = 0; i < wide.size(); ++i) {
      seed = seed * 1664525 + 1013904223;
      wide[i] = static_cast<uint16_t>(seed >> 22);
      bytes[i] = static_cast<uint8_t>(seed >> 24);
    }
    const float weights[5] = {0.1f, 0.3f, 0.25f, 0.3f, 0.05f};
    std::vector<float> from_bytes(count), from_wide(count);
    for (size_t i = 0; i < count; ++i) {
      for (size_t k = 0; k < 5; ++k) {
        from_bytes[i] += static_cast<float>(bytes[k * count + i]) * weights[k];
        from_wide[i] += static_cast<float>(wide[k * count + i]) * weights[k];
      }
    }
    peel::testing::ForEveryTarget([&](const std::string& target) {
      std::vector<float> got(count);
      WeighRowsU8(bytes.data(), count, weights, 5, count, got.data());
      EXPECT_EQ(got, from_bytes) << target;
      WeighRowsU16(reinterpret_cast<const uint8_t*>(wide.data()), 2 * count, weights, 5, count,
                   got.data());
      EXPECT_EQ(got, from_wide) << target;
    });
  }
}

}  // namespace
}  // namespace peel::video
