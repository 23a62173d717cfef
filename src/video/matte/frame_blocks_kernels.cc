#include "src/video/matte/frame_blocks_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/video/matte/frame_blocks_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace video {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE BlockAlpha KindOf(bool hidden, bool opaque, bool part_hidden) {
  if (hidden) return BlockAlpha::kHidden;
  if (opaque) return BlockAlpha::kOpaque;
  return part_hidden ? BlockAlpha::kPartHidden : BlockAlpha::kVisible;
}

HWY_INLINE BlockAlpha Classify(const uint8_t* alpha, ptrdiff_t stride, int rows, int columns) {
  uint8_t least = 255, most = 0;
  for (int y = 0; y < rows; ++y, alpha += stride) {
    for (int x = 0; x < columns; ++x) {
      least = std::min(least, alpha[x]);
      most = std::max(most, alpha[x]);
    }
  }
  return KindOf(most == 0, least == 255, least == 0);
}

void ClassifyBlocks(const uint8_t* alpha, ptrdiff_t stride, int rows, int width,
                    BlockAlpha* kinds) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<uint8_t, kBlendBlock> d;
  const auto zero = hn::Zero(d), full = hn::Set(d, uint8_t{255});
  for (; x + kBlendBlock <= width; x += kBlendBlock) {
    const uint8_t* row = alpha + x;
    auto least = hn::LoadU(d, row), most = least;
    for (int y = 1; y < rows; ++y) {
      row += stride;
      const auto a = hn::LoadU(d, row);
      least = hn::Min(least, a);
      most = hn::Max(most, a);
    }
    *kinds++ = KindOf(hn::AllTrue(d, hn::Eq(most, zero)), hn::AllTrue(d, hn::Eq(least, full)),
                      !hn::AllFalse(d, hn::Eq(least, zero)));
  }
#endif
  for (; x < width; x += kBlendBlock) {
    *kinds++ = Classify(alpha + x, stride, rows, std::min(kBlendBlock, width - x));
  }
}

PEEL_ENTRY(ClassifyBlocks);

}  // namespace HWY_NAMESPACE
}  // namespace video
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::video {

PEEL_EXPORT(ClassifyBlocks);

void ClassifyBlocks(const uint8_t* alpha, ptrdiff_t stride, int rows, int width,
                    BlockAlpha* kinds) {
  PEEL_DISPATCH(ClassifyBlocks)(alpha, stride, rows, width, kinds);
}

}  // namespace peel::video
#endif  // HWY_ONCE
