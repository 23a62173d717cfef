#include "src/matte/matting/trimap.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/image/rows.h"

namespace peel {
namespace {

// A zero so far back that it is outside of every window.
constexpr int kLongAgo = -(1 << 30);

// Erosion of the set {inside(value)} by a run from x - low to x + high, on one line of n samples a
// step apart; outside the line everything counts as `border`.
template <class Inside>
void ErodeLine(const uint8_t* in, ptrdiff_t step, int n, int low, int high, bool border,
               const Inside& inside, uint8_t* out, ptrdiff_t out_step) {
  int last_zero = border ? kLongAgo : -1;
  for (int end = 0; end < n + high; ++end) {
    const bool set = end < n ? inside(in[end * step]) : border;
    if (!set) last_zero = end;
    const int x = end - high;
    if (x >= 0) out[x * out_step] = last_zero < x - low ? 1 : 0;
  }
}

// `inside` of the matte eroded by a size x size square; 1 where it holds.
template <class Inside>
Result<ImageU8> ErodeSquare(ImageView<const uint8_t> in, int size, bool border,
                            const Inside& inside, ThreadPool* pool) {
  const int low = size / 2, high = size - 1 - low;
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 1));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      ErodeLine(in.row(y), 1, in.width, low, high, border, inside, out.row(y), 1);
    }
  });
  // Down the columns in blocks, all of a block's running state together.
  constexpr int kBlock = 256;
  ForRowBands(
      in.width, pool,
      [&](int first, int last, int) {
        std::vector<int> last_zero(static_cast<size_t>(last - first), border ? kLongAgo : -1);
        for (int end = 0; end < in.height + high; ++end) {
          // What lies `high` rows back is written after it was read for the last time.
          const uint8_t* row = end < in.height ? out.row(end) : nullptr;
          uint8_t* to = end - high >= 0 ? out.row(end - high) : nullptr;
          const int oldest = end - high - low;
          for (int x = first; x < last; ++x) {
            int& zero = last_zero[static_cast<size_t>(x - first)];
            if (row != nullptr ? row[x] == 0 : !border) zero = end;
            if (to != nullptr) to[x] = zero < oldest ? 1 : 0;
          }
        }
      },
      kBlock);
  return out;
}

// The same by a 3x3 cross.
template <class Inside>
Result<ImageU8> ErodeCross(ImageView<const uint8_t> in, bool border, const Inside& inside,
                           ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 1));
  const auto at = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= in.width || y >= in.height) return border;
    return inside(in.row(y)[x]);
  };
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < in.width; ++x) {
        const bool kept = at(x, y) && at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1);
        out.row(y)[x] = kept ? 1 : 0;
      }
    }
  });
  return out;
}

template <class Inside>
Result<ImageU8> Erode(ImageView<const uint8_t> in, int size, bool border, const Inside& inside,
                      ThreadPool* pool) {
  if (size <= 0) return ErodeCross(in, border, inside, pool);
  return ErodeSquare(in, size, border, inside, pool);
}

}  // namespace

Result<ImageU8> MakeTrimap(ImageView<const uint8_t> matte, const TrimapOptions& options,
                           ThreadPool* pool) {
  if (matte.empty() || matte.channels != 1) return InvalidArgument("a matte has one channel");
  if (options.foreground < 0 || options.foreground > 255 || options.background < 0 ||
      options.background > 255 || options.erode > 1000) {
    return InvalidArgument(
        "the matting thresholds lie between 0 and 255 and the erosion is at most 1000 pixels");
  }
  PEEL_ASSIGN_OR_RETURN(
      ImageU8 trimap,
      Erode(
          matte, options.erode, false, [&](uint8_t v) { return v > options.foreground; }, pool));
  PEEL_ASSIGN_OR_RETURN(
      const ImageU8 background,
      Erode(
          matte, options.erode, true, [&](uint8_t v) { return v < options.background; }, pool));
  ForRowBands(matte.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* to = trimap.row(y);
      const uint8_t* back = background.row(y);
      for (int x = 0; x < matte.width; ++x) {
        // Should thresholds overlap, background wins, as in rembg.
        to[x] = back[x] != 0 ? uint8_t{0} : to[x] != 0 ? uint8_t{255} : kTrimapUnknown;
      }
    }
  });
  return trimap;
}

Result<ImageU8> ReadTrimap(ImageView<const uint8_t> picture, ThreadPool* pool) {
  if (picture.empty()) return InvalidArgument("there is no trimap in this picture");
  PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ImageU8::Allocate(picture.width, picture.height, 1));
  const int colours = picture.channels >= 3 ? 3 : 1;
  ForRowBands(picture.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = picture.row(y);
      for (int x = 0; x < picture.width; ++x, from += picture.channels) {
        int sum = 0;
        for (int c = 0; c < colours; ++c) sum += from[c];
        const int v = sum / colours;
        trimap.row(y)[x] = v <= 25 ? uint8_t{0} : v >= 230 ? uint8_t{255} : kTrimapUnknown;
      }
    }
  });
  return trimap;
}

bool HasBothSides(ImageView<const uint8_t> trimap) {
  bool subject = false, background = false;
  for (int y = 0; y < trimap.height && !(subject && background); ++y) {
    const uint8_t* row = trimap.row(y);
    subject |= std::find(row, row + trimap.width, uint8_t{255}) != row + trimap.width;
    background |= std::find(row, row + trimap.width, uint8_t{0}) != row + trimap.width;
  }
  return subject && background;
}

bool HasUnknown(ImageView<const uint8_t> trimap) {
  for (int y = 0; y < trimap.height; ++y) {
    const uint8_t* row = trimap.row(y);
    if (std::find(row, row + trimap.width, kTrimapUnknown) != row + trimap.width) return true;
  }
  return false;
}

}  // namespace peel
