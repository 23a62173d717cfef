#include "src/rectify/warp/warp_levels.h"

#include <algorithm>
#include <utility>

#include "src/image/rows.h"

namespace peel::warp {
namespace {

// Two rows (the same one twice below the last) to one of `width` pixels; the last pixel of an odd
// number counts twice.
template <int kChannels, typename T>
void HalveRow(const T* a, const T* b, int in_width, int width, T* out) {
  for (int x = 0; x < width; ++x, out += kChannels) {
    const ptrdiff_t left = ptrdiff_t{2} * x * kChannels;
    const ptrdiff_t right = 2 * x + 1 < in_width ? left + kChannels : left;
    const T* four[] = {a + left, a + right, b + left, b + right};
    if constexpr (kChannels % 2 != 0) {
      for (int c = 0; c < kChannels; ++c) {
        uint32_t sum = 2;
        for (const T* p : four) sum += p[c];
        out[c] = static_cast<T>(sum / 4);
      }
      continue;
    }
    uint64_t alpha = 0;
    for (const T* p : four) alpha += p[kChannels - 1];
    for (int c = 0; c + 1 < kChannels; ++c) {
      uint64_t sum = alpha / 2;
      for (const T* p : four) sum += uint64_t{p[c]} * p[kChannels - 1];
      out[c] = static_cast<T>(alpha > 0 ? sum / alpha : 0);
    }
    out[kChannels - 1] = static_cast<T>((alpha + 2) / 4);
  }
}

template <typename T>
void HalveRow(const T* a, const T* b, int channels, int in_width, int width, T* out) {
  switch (channels) {
    case 1:
      return HalveRow<1>(a, b, in_width, width, out);
    case 2:
      return HalveRow<2>(a, b, in_width, width, out);
    case 3:
      return HalveRow<3>(a, b, in_width, width, out);
    default:
      return HalveRow<4>(a, b, in_width, width, out);
  }
}

template <typename T>
Result<Image<T>> Halve(ImageView<const T> in, ThreadPool* pool) {
  const int width = in.width - in.width / 2, height = in.height - in.height / 2;
  PEEL_ASSIGN_OR_RETURN(auto out, Image<T>::Allocate(width, height, in.channels));
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T* a = in.row(2 * y);
      const T* b = in.row(std::min(2 * y + 1, in.height - 1));
      HalveRow(a, b, in.channels, in.width, width, out.row(y));
    }
  });
  return out;
}

template <typename T>
Result<Levels<T>> Make(ImageView<const T> picture, int count, ThreadPool* pool) {
  Levels<T> levels{picture, {}};
  while (levels.count() < count) {
    const ImageView<const T> last = levels.at(levels.count() - 1);
    if (last.width == 1 && last.height == 1) break;
    PEEL_ASSIGN_OR_RETURN(auto half, Halve(last, pool));
    levels.smaller.push_back(std::move(half));
  }
  return levels;
}

}  // namespace

Result<Levels<uint8_t>> MakeLevels(ImageView<const uint8_t> picture, int count, ThreadPool* pool) {
  return Make(picture, count, pool);
}

Result<Levels<uint16_t>> MakeLevels(ImageView<const uint16_t> picture, int count,
                                    ThreadPool* pool) {
  return Make(picture, count, pool);
}

}  // namespace peel::warp
