#include "src/video/matte/steady_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"

namespace peel::video {
namespace {

constexpr int kWidth = 43, kHeight = 29;

struct Picture {
  ImageF32 matte = std::move(*ImageF32::Allocate(kWidth, kHeight, 1));
  ImageU8 luma;

  // Neighbours differ by little, so that some are trusted, some partly, and some not.
  explicit Picture(uint32_t seed) : luma(testing::Noise(7, kWidth, kHeight, 1)) {
    const ImageU8 noise = testing::Noise(seed, kWidth, kHeight, 2);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        matte.row(y)[x] = static_cast<float>(noise.row(y)[x]) / 255;
        const int far = seed < 2 ? 0 : noise.row(y)[kWidth + x] % (x < kWidth / 2 ? 24 : 6);
        luma.row(y)[x] = static_cast<uint8_t>(std::min(luma.row(y)[x] + far, 255));
      }
    }
  }
  SeenFrame seen() const {
    return {matte.row(0), luma.row(0), matte.stride(), luma.stride(), kWidth, kHeight};
  }
};

template <typename T>
double At(const Image<T>& image, int x, int y) {
  return image.row(std::clamp(y, 0, kHeight - 1))[std::clamp(x, 0, kWidth - 1)];
}

std::array<double, 4> CatmullRom(double t) {
  return {(-t + 2 * t * t - t * t * t) / 2, (2 - 5 * t * t + 3 * t * t * t) / 2,
          (t + 4 * t * t - 3 * t * t * t) / 2, (t * t * t - t * t) / 2};
}

// A pixel of a block as the headers have it.
double Plain(const SteadyOptions& options, const std::vector<Picture>& pictures,
             const BlendBlock& block, int x, int y) {
  std::array<double, BlendBlock::kMost> matte{}, trust{};
  for (size_t k = 0; k < block.count; ++k) {
    const BlendBlock::Neighbour& n = block.neighbours[k];
    const Picture& other = pictures[k + 1];
    const int i = static_cast<int>(std::floor(n.motion_x)),
              j = static_cast<int>(std::floor(n.motion_y));
    const double fx = n.motion_x - i, fy = n.motion_y - j;
    const auto wx = CatmullRom(fx), wy = CatmullRom(fy);
    for (int v = 0; v < 4; ++v) {
      for (int u = 0; u < 4; ++u) {
        matte[k] += wx[static_cast<size_t>(u)] * wy[static_cast<size_t>(v)] *
                    At(other.matte, x + i + u - 1, y + j + v - 1);
      }
    }
    matte[k] = std::clamp(matte[k], 0.0, 1.0);
    double sum = 0;
    for (int v = y - 1; v <= y + 1; ++v) {
      for (int u = x - 1; u <= x + 1; ++u) {
        const auto row = [&](int w) {
          return (1 - fx) * At(other.luma, u + i, w) + fx * At(other.luma, u + i + 1, w);
        };
        sum += std::fabs((1 - fy) * row(v + j) + fy * row(v + j + 1) - At(pictures[0].luma, u, v));
      }
    }
    const double part = (options.distrusted - sum / 9) / (options.distrusted - options.trusted);
    trust[k] = std::clamp(part, 0.0, 1.0) * n.missed;
  }
  double value = At(pictures[0].matte, x, y);
  if (options.mend && block.before >= 0 && block.after >= 0) {
    const auto a = static_cast<size_t>(block.before), b = static_cast<size_t>(block.after);
    if (std::min(trust[a], trust[b]) > 0.5 && std::fabs(matte[a] - matte[b]) < 0.1 &&
        std::fabs(value - matte[a]) > 0.1 && std::fabs(value - matte[b]) > 0.1) {
      value = (matte[a] + matte[b]) / 2;
    }
  }
  double sum = 0, total = 1;
  for (size_t k = 0; k < block.count; ++k) {
    const double w = block.neighbours[k].weight * trust[k];
    sum += w * (matte[k] - value);
    total += w;
  }
  return value + sum / total;
}

// Blocks inside, at borders, and with less than a block's pixels; ways that leave the picture.
std::vector<BlendBlock> Blocks(const std::vector<Picture>& pictures) {
  constexpr float kWays[][2] = {{0, 0},   {0.25f, -0.5f}, {-3.75f, 2}, {1.5f, 0.125f},
                                {40, -3}, {-100, 60},     {0, 0.75f}};
  std::vector<BlendBlock> blocks;
  for (int y = 0; y < kHeight; y += kMotionBlock) {
    for (int x = 0; x < kWidth; x += kMotionBlock) {
      BlendBlock block;
      block.x0 = x;
      block.y0 = y;
      block.x1 = std::min(x + kMotionBlock, kWidth);
      block.y1 = std::min(y + kMotionBlock, kHeight);
      block.count = blocks.size() % 5;
      if (block.count >= 2) {
        block.before = static_cast<int>(block.count) / 2 - 1;
        block.after = block.before + 1;
      }
      for (size_t k = 0; k < block.count; ++k) {
        // Every third block stands still: there neighbours are trusted.
        const auto& way =
            kWays[blocks.size() % 3 == 0 ? 0 : (blocks.size() + 2 * k) % std::size(kWays)];
        block.neighbours[k] = {pictures[k + 1].seen(), way[0], way[1], k % 2 == 0 ? 1.0f : 0.7f,
                               k == 3 ? 0.2f : 1.0f};
      }
      blocks.push_back(block);
    }
  }
  return blocks;
}

TEST(BlendBlocks, AreThePlainOnesUnderEveryTarget) {
  std::vector<Picture> pictures;
  for (uint32_t seed = 1; seed <= 5; ++seed) pictures.emplace_back(seed);
  // Two that agree with each other and, at every other pixel, not with the frame.
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; x += 2) {
      for (size_t k = 1; k < 5; ++k)
        pictures[k].matte.row(y)[x] = 0.4f + 0.01f * static_cast<float>(k);
    }
  }
  const std::vector<BlendBlock> blocks = Blocks(pictures);
  for (const bool mend : {true, false}) {
    const SteadyOptions options = {.mend = mend};
    std::vector<float> first;
    testing::ForEveryTarget([&](const std::string& target) {
      SCOPED_TRACE(target);
      Picture out(1);
      BlendBlocks(options, pictures[0].seen(), blocks.data(), blocks.size(), out.matte.row(0));
      std::vector<float> all;
      int moved = 0;
      for (const BlendBlock& block : blocks) {
        for (int y = block.y0; y < block.y1; ++y) {
          for (int x = block.x0; x < block.x1; ++x) {
            const double wanted = Plain(options, pictures, block, x, y);
            ASSERT_NEAR(out.matte.row(y)[x], wanted, 2e-5) << x << ", " << y;
            all.push_back(out.matte.row(y)[x]);
            if (out.matte.row(y)[x] != pictures[0].matte.row(y)[x]) ++moved;
          }
        }
      }
      EXPECT_GT(moved, kWidth * kHeight / 4);
      if (first.empty()) first = all;
      EXPECT_EQ(all, first);  // to the bit
    });
  }
}

}  // namespace
}  // namespace peel::video
