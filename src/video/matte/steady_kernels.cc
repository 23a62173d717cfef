#include "src/video/matte/steady_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/video/matte/steady_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace video {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kBlock = kMotionBlock;
// A block with a ring of one pixel, and with what a bicubic filter reads, around it.
constexpr size_t kRing = kBlock + 2, kSide = kBlock + 4;
// MODNet's rule: how much neighbours may differ from each other, and the frame at least from both.
constexpr float kAlike = 0.1f, kApart = 0.1f;

// A block's row, or as much of it as the target's vectors hold.
using DF = hn::CappedTag<float, kBlock>;
using VF = hn::Vec<DF>;

// What a neighbour says about a block: its matte and how far it is trusted, moved.
struct Moved {
  float matte[kBlock * kBlock], trust[kBlock * kBlock];
};

// Catmull-Rom weights of four samples around one that lies `t` beyond the second.
HWY_INLINE void CubicWeights(float t, float (&w)[4]) {
  const float t2 = t * t, t3 = t2 * t;
  w[0] = 0.5f * (-t + 2 * t2 - t3);
  w[1] = 0.5f * (2 - 5 * t2 + 3 * t3);
  w[2] = 0.5f * (t + 4 * t2 - 3 * t3);
  w[3] = 0.5f * (t3 - t2);
}

// body(i) for the vectors of a line of `count` floats, at least kBlock; the last ones may overlap.
template <typename Body>
HWY_INLINE void ForVectors(size_t count, Body body) {
  const size_t n = hn::Lanes(DF());
  for (size_t i = 0; i + n <= count; i += n) body(i);
  if (count % n != 0) body(count - n);
}

// `count` bytes as floats.
HWY_INLINE void ToFloats(const uint8_t* from, size_t count, float* to) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  const hn::Rebind<uint8_t, DF> d8;
  ForVectors(count, [&](size_t i) HWY_ATTR {
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, from + i))), d, to + i);
  });
}

// Columns [left, left + count) of a row as floats, those beyond its borders repeated.
HWY_INLINE void LumaRow(const uint8_t* row, int left, int count, int width, float* to) {
  if (left >= 0 && left + count <= width) {
    ToFloats(row + left, static_cast<size_t>(count), to);
    return;
  }
  for (int i = 0; i < count; ++i) {
    to[i] = static_cast<float>(row[std::clamp(left + i, 0, width - 1)]);
  }
}

HWY_INLINE void MatteRow(const float* row, int left, int width, float* to) {
  if (left >= 0 && left + static_cast<int>(kSide) <= width) {
    std::copy_n(row + left, kSide, to);
    return;
  }
  for (int i = 0; i < static_cast<int>(kSide); ++i) {
    to[i] = row[std::clamp(left + i, 0, width - 1)];
  }
}

// The block's own luma with a ring around it, borders repeated.
HWY_INLINE void OwnLuma(const SeenFrame& own, const BlendBlock& block, float* to) {
  for (int j = 0; j < static_cast<int>(kRing); ++j) {
    const int y = std::clamp(block.y0 + j - 1, 0, own.height - 1);
    LumaRow(own.luma + y * own.luma_stride, block.x0 - 1, kRing, own.width,
            to + j * ptrdiff_t{kRing});
  }
}

// A block as a neighbour has it: its matte there (bicubic), and how far the neighbour is trusted,
// which is as far as the means of 3 x 3 differences of luma (bilinear) are small.
HWY_INLINE void Sample(const SteadyOptions& options, const float* own_luma, const BlendBlock& block,
                       const BlendBlock::Neighbour& neighbour, Moved& moved) {
  const DF d;
  const SeenFrame& frame = neighbour.frame;
  const auto whole_x = static_cast<int>(std::floor(neighbour.motion_x));
  const auto whole_y = static_cast<int>(std::floor(neighbour.motion_y));
  const float fx = neighbour.motion_x - static_cast<float>(whole_x);
  const float fy = neighbour.motion_y - static_cast<float>(whole_y);
  float wx[4], wy[4];
  CubicWeights(fx, wx);
  CubicWeights(fy, wy);

  // The block's surroundings in the neighbour.
  float matte[kSide * kSide], luma[kSide * kSide];
  const int left = block.x0 + whole_x - 2;
  for (size_t j = 0; j < kSide; ++j) {
    const int y = std::clamp(block.y0 + whole_y + static_cast<int>(j) - 2, 0, frame.height - 1);
    MatteRow(frame.matte + y * frame.matte_stride, left, frame.width, matte + j * kSide);
    LumaRow(frame.luma + y * frame.luma_stride, left, kSide, frame.width, luma + j * kSide);
  }
  // Differences of luma, for the block and the ring around it, and their sums along rows.
  float sums[kRing * kBlock];
  for (size_t j = 0; j < kRing; ++j) {
    float differences[kRing];
    ForVectors(kRing, [&](size_t i) HWY_ATTR {
      const float* const p = luma + (j + 1) * kSide + i + 1;
      const auto between = [&](const float* a, const float* b, float part) HWY_ATTR {
        const VF u = hn::LoadU(d, a);
        return hn::Add(u, hn::Mul(hn::Set(d, part), hn::Sub(hn::LoadU(d, b), u)));
      };
      const VF upper = between(p, p + 1, fx), lower = between(p + kSide, p + kSide + 1, fx);
      const VF there = hn::Add(upper, hn::Mul(hn::Set(d, fy), hn::Sub(lower, upper)));
      hn::StoreU(hn::Abs(hn::Sub(there, hn::LoadU(d, own_luma + j * kRing + i))), d,
                 differences + i);
    });
    ForVectors(kBlock, [&](size_t i) HWY_ATTR {
      const VF sum =
          hn::Add(hn::Add(hn::LoadU(d, differences + i), hn::LoadU(d, differences + i + 1)),
                  hn::LoadU(d, differences + i + 2));
      hn::StoreU(sum, d, sums + j * kBlock + i);
    });
  }
  const auto weighted = [&](const float* p, size_t step, const float(&w)[4]) HWY_ATTR {
    VF sum = hn::Mul(hn::Set(d, w[0]), hn::LoadU(d, p));
    for (size_t k = 1; k < 4; ++k) {
      sum = hn::Add(sum, hn::Mul(hn::Set(d, w[k]), hn::LoadU(d, p + k * step)));
    }
    return sum;
  };
  float lines[kSide * kBlock];
  for (size_t j = 1; j < kSide; ++j) {
    ForVectors(kBlock, [&](size_t i) HWY_ATTR {
      hn::StoreU(weighted(matte + j * kSide + 1 + i, 1, wx), d, lines + j * kBlock + i);
    });
  }
  const float scale = 1.0f / (options.distrusted - options.trusted);
  const VF most = hn::Set(d, options.distrusted * scale), steep = hn::Set(d, scale / 9);
  const VF zero = hn::Zero(d), one = hn::Set(d, 1.0f), missed = hn::Set(d, neighbour.missed);
  ForVectors(kBlock * kBlock, [&](size_t i) HWY_ATTR {
    const float* const s = sums + i;
    const VF sum =
        hn::Add(hn::Add(hn::LoadU(d, s), hn::LoadU(d, s + kBlock)), hn::LoadU(d, s + 2 * kBlock));
    const VF trust = hn::Min(hn::Max(hn::Sub(most, hn::Mul(sum, steep)), zero), one);
    hn::StoreU(hn::Mul(trust, missed), d, moved.trust + i);
    const VF mean = weighted(lines + kBlock + i, kBlock, wy);
    hn::StoreU(hn::Min(hn::Max(mean, zero), one), d, moved.matte + i);
  });
}

// The block's values, a row of kBlock each, with the neighbours' say.
HWY_INLINE void Mix(const SteadyOptions& options, const BlendBlock& block, const Moved* moved,
                    float* values) {
  const DF d;
  const bool mend = options.mend && block.before >= 0 && block.after >= 0;
  const Moved& a = moved[std::max(block.before, 0)];
  const Moved& b = moved[std::max(block.after, 0)];
  ForVectors(kBlock * kBlock, [&](size_t i) HWY_ATTR {
    VF value = hn::LoadU(d, values + i);
    if (mend) {
      const VF u = hn::LoadU(d, a.matte + i), v = hn::LoadU(d, b.matte + i);
      const VF trust = hn::Min(hn::LoadU(d, a.trust + i), hn::LoadU(d, b.trust + i));
      const VF apart = hn::Min(hn::Abs(hn::Sub(value, u)), hn::Abs(hn::Sub(value, v)));
      const auto wrong = hn::And(hn::Gt(trust, hn::Set(d, 0.5f)),
                                 hn::And(hn::Lt(hn::Abs(hn::Sub(u, v)), hn::Set(d, kAlike)),
                                         hn::Gt(apart, hn::Set(d, kApart))));
      value = hn::IfThenElse(wrong, hn::Mul(hn::Set(d, 0.5f), hn::Add(u, v)), value);
    }
    VF sum = hn::Zero(d), total = hn::Set(d, 1.0f);
    for (size_t k = 0; k < block.count; ++k) {
      const VF w =
          hn::Mul(hn::Set(d, block.neighbours[k].weight), hn::LoadU(d, moved[k].trust + i));
      sum = hn::Add(sum, hn::Mul(w, hn::Sub(hn::LoadU(d, moved[k].matte + i), value)));
      total = hn::Add(total, w);
    }
    hn::StoreU(hn::Add(value, hn::Div(sum, total)), d, values + i);
  });
}

void BlendBlocks(const SteadyOptions& options, const SeenFrame& own, const BlendBlock* blocks,
                 size_t count, float* to) {
  Moved moved[BlendBlock::kMost];
  float own_luma[kRing * kRing];
  for (size_t n = 0; n < count; ++n) {
    const BlendBlock& block = blocks[n];
    OwnLuma(own, block, own_luma);
    for (size_t k = 0; k < block.count; ++k) {
      Sample(options, own_luma, block, block.neighbours[k], moved[k]);
    }
    // Beyond the picture too, in loops of known length.
    float values[kBlock * kBlock] = {};
    const auto width = static_cast<size_t>(block.x1 - block.x0);
    const auto height = static_cast<size_t>(block.y1 - block.y0);
    float* const first = to + block.y0 * own.matte_stride + block.x0;
    for (size_t y = 0; y < height; ++y) {
      std::copy_n(first + static_cast<ptrdiff_t>(y) * own.matte_stride, width, values + y * kBlock);
    }
    Mix(options, block, moved, values);
    for (size_t y = 0; y < height; ++y) {
      std::copy_n(values + y * kBlock, width, first + static_cast<ptrdiff_t>(y) * own.matte_stride);
    }
  }
}

PEEL_ENTRY(BlendBlocks);

}  // namespace HWY_NAMESPACE
}  // namespace video
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::video {

PEEL_EXPORT(BlendBlocks);

void BlendBlocks(const SteadyOptions& options, const SeenFrame& own, const BlendBlock* blocks,
                 size_t count, float* to) {
  PEEL_DISPATCH(BlendBlocks)(options, own, blocks, count, to);
}

}  // namespace peel::video
#endif  // HWY_ONCE
