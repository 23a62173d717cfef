#include "src/video/matte/motion_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/video/matte/motion_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace video {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kMargin = (kMotionWindow - kMotionBlock) / 2;

HWY_INLINE uint32_t Difference(const uint8_t* a, ptrdiff_t a_stride, const uint8_t* b,
                               ptrdiff_t b_stride) {
#if HWY_TARGET == HWY_SCALAR
  uint32_t sum = 0;
  for (int y = 0; y < kMotionWindow; ++y, a += a_stride, b += b_stride) {
    for (int x = 0; x < kMotionWindow; ++x) {
      sum += static_cast<uint32_t>(std::abs(int{a[x]} - int{b[x]}));
    }
  }
  return sum;
#else
  const hn::FixedTag<uint8_t, kMotionWindow> d;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  auto sum = hn::Zero(d64);
  for (int y = 0; y < kMotionWindow; ++y, a += a_stride, b += b_stride) {
    const auto u = hn::LoadU(d, a), v = hn::LoadU(d, b);
    sum = hn::Add(sum, hn::SumsOf8(hn::Sub(hn::Max(u, v), hn::Min(u, v))));
  }
  return static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(d64, sum)));
#endif
}

// One block in the other picture.
class Search {
 public:
  HWY_INLINE Search(const PaddedPlane& from, const PaddedPlane& to, uint32_t price,
                    const BlockMatch& block)
      : to_(to), price_(price), expected_(block.tries[0]) {
    x_ = block.x - kMargin;
    y_ = block.y - kMargin;
    window_ = from.data + y_ * from.stride + x_;
    stride_ = from.stride;
  }
  // Of the window at this vector, moved as far as the padding reaches.
  HWY_INLINE uint32_t At(Vector v) const {
    const int x = std::clamp(x_ + v.x, -kMotionPadding, to_.width + kMotionPadding - kMotionWindow);
    const int y =
        std::clamp(y_ + v.y, -kMotionPadding, to_.height + kMotionPadding - kMotionWindow);
    return Difference(window_, stride_, to_.data + y * to_.stride + x, to_.stride);
  }
  HWY_INLINE void Try(Vector v) {
    const uint32_t difference = At(v);
    const auto away =
        static_cast<uint32_t>(std::abs(v.x - expected_.x) + std::abs(v.y - expected_.y));
    const uint32_t cost = difference + price_ * away;
    if (cost >= cost_) return;
    cost_ = cost;
    difference_ = difference;
    best_ = v;
  }
  Vector best() const { return best_; }
  uint32_t difference() const { return difference_; }

 private:
  const PaddedPlane& to_;
  const uint8_t* window_;
  ptrdiff_t stride_;
  uint32_t price_;
  int x_, y_;
  Vector expected_, best_;
  uint32_t cost_ = ~0u, difference_ = 0;
};

// Where between -1/2 and 1/2 a curve through three differences is least. Differences rise on both
// sides alike, like a V: by what is left in the middle, it lies beside it at most.
HWY_INLINE float Fraction(uint32_t before, uint32_t at, uint32_t after) {
  const auto b = static_cast<float>(before), c = static_cast<float>(at),
             a = static_cast<float>(after);
  const float steep = std::max(b, a) - c;
  if (!(steep > 0)) return 0.0f;
  const float most = std::min(c / steep, 0.5f);
  return std::clamp(0.5f * (b - a) / steep, -most, most);
}

void MatchBlocks(const PaddedPlane& from, const PaddedPlane& to, int reach, uint32_t price,
                 BlockMatch* blocks, size_t count) {
  constexpr int kMostSteps = 8;
  for (size_t i = 0; i < count; ++i) {
    BlockMatch& block = blocks[i];
    Search search(from, to, price, block);
    for (size_t k = 0; k < block.count; ++k) search.Try(block.tries[k]);
    const Vector middle = search.best();
    for (int dy = -reach; dy <= reach; ++dy) {
      for (int dx = -reach; dx <= reach; ++dx) search.Try({middle.x + dx, middle.y + dy});
    }
    for (int step = 0; step < kMostSteps; ++step) {
      const Vector v = search.best();
      search.Try({v.x - 1, v.y});
      search.Try({v.x + 1, v.y});
      search.Try({v.x, v.y - 1});
      search.Try({v.x, v.y + 1});
      if (search.best() == v) break;
    }
    const Vector v = search.best();
    block.best = v;
    block.difference = search.difference();
    block.fraction_x =
        Fraction(search.At({v.x - 1, v.y}), block.difference, search.At({v.x + 1, v.y}));
    block.fraction_y =
        Fraction(search.At({v.x, v.y - 1}), block.difference, search.At({v.x, v.y + 1}));
  }
}

PEEL_ENTRY(MatchBlocks);

}  // namespace HWY_NAMESPACE
}  // namespace video
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::video {

PEEL_EXPORT(MatchBlocks);

void MatchBlocks(const PaddedPlane& from, const PaddedPlane& to, int reach, uint32_t price,
                 BlockMatch* blocks, size_t count) {
  PEEL_DISPATCH(MatchBlocks)(from, to, reach, price, blocks, count);
}

}  // namespace peel::video
#endif  // HWY_ONCE
