#include "src/rectify/find/working_copy.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "src/image/resize.h"
#include "src/image/resize_kernels.h"
#include "src/image/rows.h"

namespace peel::quads {
namespace {

// Sums over `rows` rows of bytes. Above 257 rows 16 bits would not do: the factor is limited to it.
void SumRows(ImageView<const uint8_t> in, int first, int rows, uint16_t* sums) {
  const size_t n = static_cast<size_t>(in.width) * static_cast<size_t>(in.channels);
  std::memset(sums, 0, n * sizeof(*sums));
  resize::AddRowsU8(in.row(first), in.stride, rows, n, sums);
}

// Of 4 channels, the colour over mid-grey, so that what hides under transparency is not seen.
void FlattenRow(const uint8_t* in, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    const int alpha = in[4 * x + 3];
    for (int c = 0; c < 3; ++c) {
      out[3 * x + c] =
          static_cast<uint8_t>((in[4 * x + c] * alpha + 128 * (255 - alpha) + 127) / 255);
    }
  }
}

constexpr int kMaxFactor = 256;
constexpr int64_t kLongestSide = 65535;  // edge maps keep places in 16 bits

int Blocks(int length, int factor) { return static_cast<int>(DivideUp(length, factor)); }

// Averaged over blocks of this factor.
Result<ImageU8> ShrinkMatte(ImageView<const uint8_t> matte, int factor, ThreadPool* pool) {
  const int width = Blocks(matte.width, factor), height = Blocks(matte.height, factor);
  PEEL_ASSIGN_OR_RETURN(ImageU8 small, ImageU8::Allocate(width, height, 1));
  std::vector<std::vector<uint16_t>> scratch(
      static_cast<size_t>(Workers(pool)), std::vector<uint16_t>(static_cast<size_t>(matte.width)));
  ForRowBands(height, pool, [&](int first, int last, int worker) {
    std::vector<uint16_t>& sums = scratch[static_cast<size_t>(worker)];
    for (int y = first; y < last; ++y) {
      const int rows = std::min(factor, matte.height - y * factor);
      SumRows(matte, y * factor, rows, sums.data());
      for (int x = 0; x < width; ++x) {
        const int columns = std::min(factor, matte.width - x * factor);
        const uint16_t* of_block = sums.data() + ptrdiff_t{x} * factor;
        const int sum = std::accumulate(of_block, of_block + columns, 0);
        const int pixels = columns * rows;
        // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): each block has a pixel at least
        small.row(y)[x] = static_cast<uint8_t>((sum + pixels / 2) / pixels);
      }
    }
  });
  return small;
}

}  // namespace

Result<WorkingCopy> MakeWorkingCopy(ImageView<const uint8_t> picture, int64_t max_pixels,
                                    ThreadPool* pool) {
  WorkingCopy copy;
  int& k = copy.factor;
  const auto too_large = [&] {
    const int64_t columns = Blocks(picture.width, k), rows = Blocks(picture.height, k);
    return columns * rows > max_pixels || std::max(columns, rows) > kLongestSide;
  };
  while (k < kMaxFactor && too_large()) {
    ++k;
  }
  const int width = Blocks(picture.width, k), height = Blocks(picture.height, k);
  for (auto& plane : copy.planes) {
    PEEL_ASSIGN_OR_RETURN(plane, Image<int16_t>::Allocate(width, height, 1));
  }
  const bool flatten = picture.channels == 4;
  const size_t row_bytes = 3 * static_cast<size_t>(picture.width);
  struct Scratch {
    std::vector<uint16_t> sums;
    std::vector<uint8_t> flat;
  };
  std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool)));
  for (Scratch& s : scratch) {
    s.sums.resize(row_bytes);
    if (flatten) s.flat.resize(row_bytes * static_cast<size_t>(k));
  }
  ForRowBands(height, pool, [&](int first, int last, int worker) {
    Scratch& s = scratch[static_cast<size_t>(worker)];
    for (int y = first; y < last; ++y) {
      const int rows = std::min(k, picture.height - y * k);
      if (flatten) {
        for (int i = 0; i < rows; ++i) {
          FlattenRow(picture.row(y * k + i), picture.width,
                     s.flat.data() + static_cast<size_t>(i) * row_bytes);
        }
        SumRows({s.flat.data(), picture.width, rows, 3, static_cast<ptrdiff_t>(row_bytes)}, 0, rows,
                s.sums.data());
      } else {
        SumRows(picture, y * k, rows, s.sums.data());
      }
      int16_t* light = copy.planes[0].row(y);
      int16_t* red = copy.planes[1].row(y);
      int16_t* blue = copy.planes[2].row(y);
      for (int x = 0; x < width; ++x) {
        const int columns = std::min(k, picture.width - x * k);
        int r = 0, g = 0, b = 0;
        const uint16_t* sum = s.sums.data() + ptrdiff_t{3} * x * k;
        for (int i = 0; i < columns; ++i, sum += 3) r += sum[0], g += sum[1], b += sum[2];
        const float scale =
            static_cast<float>(kLevelSteps) / 4 / static_cast<float>(columns * rows);
        const auto level = [scale](int v) {
          return static_cast<int16_t>(static_cast<float>(v) * scale + (v < 0 ? -0.5f : 0.5f));
        };
        light[x] = level(r + 2 * g + b);
        red[x] = level(2 * (r - g));
        blue[x] = level(2 * b - r - g);
      }
    }
  });
  return copy;
}

Result<WorkingCopy> Halve(const WorkingCopy& copy, ThreadPool* pool) {
  WorkingCopy half;
  half.factor = 2 * copy.factor;
  const int width = Blocks(copy.width(), 2), height = Blocks(copy.height(), 2);
  for (int c = 0; c < 3; ++c) {
    PEEL_ASSIGN_OR_RETURN(half.planes[c], Image<int16_t>::Allocate(width, height, 1));
    ForRowBands(height, pool, [&](int first, int last, int) {
      for (int y = first; y < last; ++y) {
        const int16_t* above = copy.planes[c].row(2 * y);
        const int16_t* below = copy.planes[c].row(std::min(2 * y + 1, copy.height() - 1));
        int16_t* out = half.planes[c].row(y);
        const ptrdiff_t whole = copy.width() / 2;
        for (ptrdiff_t x = 0; x < whole; ++x) {
          const int sum = above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1];
          out[x] = static_cast<int16_t>((sum + 2) >> 2);
        }
        if (whole < width)
          out[whole] = static_cast<int16_t>((above[2 * whole] + below[2 * whole]) / 2);
      }
    });
  }
  return half;
}

Result<ImageU8> MatteLike(const WorkingCopy& copy, ImageView<const uint8_t> matte, Size picture,
                          ThreadPool* pool) {
  if (matte.width == picture.width && matte.height == picture.height) {
    return ShrinkMatte(matte, copy.factor, pool);
  }
  // Its blocks end with the copy's last one, which may reach beyond the picture by a part of a
  // block: less than a pixel of the copy.
  return Resize(matte, copy.width(), copy.height(), ResizeFilter::kBilinear, pool);
}

}  // namespace peel::quads
