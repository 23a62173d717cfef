#include "src/matte/solid.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/image/rows.h"

namespace peel {
namespace {

constexpr uint8_t kHalf = 128;

// pick (min or max) over the square of 2 radius + 1 pixels around each pixel, cut off at the
// borders.
template <class Pick>
Result<ImageU8> OverSquare(ImageView<const uint8_t> in, int radius, const Pick& pick,
                           ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 across, ImageU8::Allocate(in.width, in.height, 1));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = in.row(y);
      uint8_t* to = across.row(y);
      std::copy_n(from, in.width, to);
      for (int d = 1; d <= std::min(radius, in.width - 1); ++d) {
        for (int x = d; x < in.width; ++x) to[x] = pick(to[x], from[x - d]);
        for (int x = 0; x < in.width - d; ++x) to[x] = pick(to[x], from[x + d]);
      }
    }
  });
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 1));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* to = out.row(y);
      std::copy_n(across.row(y), in.width, to);
      for (int other = std::max(y - radius, 0); other <= std::min(y + radius, in.height - 1);
           ++other) {
        const uint8_t* from = across.row(other);
        for (int x = 0; x < in.width; ++x) to[x] = pick(to[x], from[x]);
      }
    }
  });
  return out;
}

}  // namespace

Status MakeSolid(ImageView<uint8_t> matte, ThreadPool* pool) {
  if (matte.empty() || matte.channels != 1) return InvalidArgument("a matte has one channel");
  const int radius = std::max(2, std::max(matte.width, matte.height) / 500);
  const auto least = [](uint8_t a, uint8_t b) { return std::min(a, b); };
  const auto most = [](uint8_t a, uint8_t b) { return std::max(a, b); };
  PEEL_ASSIGN_OR_RETURN(const ImageU8 low, OverSquare(matte, radius, least, pool));
  PEEL_ASSIGN_OR_RETURN(const ImageU8 high, OverSquare(matte, radius, most, pool));
  ForRowBands(matte.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* alpha = matte.row(y);
      const uint8_t* a = low.row(y);
      const uint8_t* b = high.row(y);
      for (int x = 0; x < matte.width; ++x) {
        if (a[x] >= kHalf) {
          alpha[x] = 255;
        } else if (b[x] < kHalf) {
          alpha[x] = 0;
        } else {
          const int range = b[x] - a[x];
          alpha[x] = static_cast<uint8_t>(((alpha[x] - a[x]) * 255 + range / 2) / range);
        }
      }
    }
  });
  return OkStatus();
}

}  // namespace peel
