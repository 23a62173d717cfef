#include "src/matte/edges/guided_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/edges/guided_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;

// to[i] = scale * sum over k < terms of from[i + k * step]
HWY_INLINE void Sums(const float* from, ptrdiff_t step, int terms, float scale, size_t count,
                     float* to) {
  const DF d;
  const size_t n = hn::Lanes(d);
  const auto s = hn::Set(d, scale);
  size_t i = 0;
  for (; i + n <= count; i += n) {
    auto sum = hn::LoadU(d, from + i);
    for (int k = 1; k < terms; ++k) sum = hn::Add(sum, hn::LoadU(d, from + i + k * step));
    hn::StoreU(hn::Mul(sum, s), d, to + i);
  }
  for (; i < count; ++i) {
    float sum = from[i];
    for (int k = 1; k < terms; ++k) sum += from[static_cast<ptrdiff_t>(i) + k * step];
    to[i] = sum * scale;
  }
}

void BoxMean(float* plane, float* scratch, int width, int height, int radius) {
  const auto w = static_cast<size_t>(width), r = static_cast<size_t>(radius);
  float* const means = scratch;  // of the lines
  // A line with zeros around it: samples outside add nothing.
  float* const line = scratch + w * static_cast<size_t>(height);
  std::fill_n(line, w + 2 * r, 0.0f);
  for (int y = 0; y < height; ++y) {
    float* const to = means + static_cast<size_t>(y) * w;
    std::copy_n(plane + static_cast<size_t>(y) * w, w, line + r);
    const int window = 2 * radius + 1;
    Sums(line, 1, window, 1.0f / static_cast<float>(window), w, to);
    for (int x = 0; x < width; ++x) {
      const int inside = std::min(x + radius, width - 1) - std::max(x - radius, 0) + 1;
      if (inside == window) {
        x = std::max(x, width - radius - 1);  // on to the right border
        continue;
      }
      to[x] *= static_cast<float>(window) / static_cast<float>(inside);
    }
  }
  for (int y = 0; y < height; ++y) {
    const int first = std::max(y - radius, 0), last = std::min(y + radius, height - 1);
    const int rows = last - first + 1;
    Sums(means + static_cast<size_t>(first) * w, static_cast<ptrdiff_t>(w), rows,
         1.0f / static_cast<float>(rows), w, plane + static_cast<size_t>(y) * w);
  }
}

PEEL_ENTRY(BoxMean);

}  // namespace HWY_NAMESPACE
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {

PEEL_EXPORT(BoxMean);

void BoxMean(float* plane, float* scratch, int width, int height, int radius) {
  PEEL_DISPATCH(BoxMean)(plane, scratch, width, height, radius);
}

}  // namespace peel
#endif  // HWY_ONCE
