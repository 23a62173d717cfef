#include "src/video/matte/frame_blocks_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/image/test_pixels.h"

namespace peel::video {
namespace {

BlockAlpha Plain(const ImageU8& alpha, int x0) {
  bool hidden = true, opaque = true, part = false;
  for (int y = 0; y < alpha.height(); ++y) {
    for (int x = x0; x < std::min(x0 + kBlendBlock, alpha.width()); ++x) {
      hidden &= alpha.row(y)[x] == 0;
      opaque &= alpha.row(y)[x] == 255;
      part |= alpha.row(y)[x] == 0;
    }
  }
  return hidden   ? BlockAlpha::kHidden
         : opaque ? BlockAlpha::kOpaque
         : part   ? BlockAlpha::kPartHidden
                  : BlockAlpha::kVisible;
}

// Blocks of one value with none, one or a few other pixels in them, wherever those lie.
TEST(ClassifyBlocks, IsThePlainOneUnderEveryTarget) {
  for (const int width : {5, 16, 17, 160, 171}) {
    for (const int rows : {1, 7, 16}) {
      ImageU8 alpha = testing::Noise(static_cast<uint32_t>(width + rows), width, rows, 1);
      const ImageU8 where = testing::Noise(3, width, rows, 2);
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < width; ++x) {
          const int block = x / kBlendBlock;
          const bool other = where.row(y)[ptrdiff_t{2} * x] < 3 * (block % 3);
          constexpr uint8_t kUsual[] = {0, 255, 255, 7};
          constexpr uint8_t kOthers[] = {1, 254, 0, 255};
          alpha.row(y)[x] =
              other ? kOthers[where.row(y)[ptrdiff_t{2} * x + 1] % 4] : kUsual[block % 4];
        }
      }
      std::vector<BlockAlpha> wanted;
      for (int x = 0; x < width; x += kBlendBlock) wanted.push_back(Plain(alpha, x));
      testing::ForEveryTarget([&](const std::string& target) {
        SCOPED_TRACE(target);
        std::vector<BlockAlpha> kinds(wanted.size());
        ClassifyBlocks(alpha.row(0), alpha.stride(), rows, width, kinds.data());
        EXPECT_EQ(kinds, wanted) << width << " x " << rows;
      });
      if (width > 100 && rows == 16) {
        for (const BlockAlpha kind : {BlockAlpha::kHidden, BlockAlpha::kOpaque,
                                      BlockAlpha::kPartHidden, BlockAlpha::kVisible}) {
          EXPECT_NE(std::find(wanted.begin(), wanted.end(), kind), wanted.end());
        }
      }
    }
  }
}

}  // namespace
}  // namespace peel::video
