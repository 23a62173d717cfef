#include "src/rectify/enhance/page_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "src/base/checked.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr int kBlocksAcross = 96, kGrid = 8;
// Bins of four levels.
constexpr int kBins = 64;

int ChooseShift(int width, int height) {
  int shift = 3;
  while (shift < 6 && std::min(width, height) >> (shift + 1) >= kBlocksAcross) ++shift;
  return shift;
}

constexpr int High(uint8_t v) { return v; }
constexpr int High(uint16_t v) { return v >> 8; }

// The pixels of a block's grid that can be seen, row by row; whole arrays, so that loops over them
// become vectors.
struct Samples {
  std::array<uint8_t, size_t{kGrid} * kGrid> r, g, b, luma;
  int n = 0;
  int columns = 0, rows = 0;  // of the grid
};

template <typename T>
void Take(ImageView<const T> page, int x0, int y0, int size, Samples* s) {
  const int step = size / kGrid;
  // At least one pixel of blocks that are cut off.
  const int x1 = std::min(x0 + size, page.width), y1 = std::min(y0 + size, page.height);
  const int first_x = std::min(x0 + step / 2, x1 - 1), first_y = std::min(y0 + step / 2, y1 - 1);
  s->n = 0;
  s->columns = (x1 - first_x + step - 1) / step;
  s->rows = (y1 - first_y + step - 1) / step;
  const ptrdiff_t next = ptrdiff_t{step} * page.channels;
  for (int y = first_y; y < y1; y += step) {
    const T* p = page.row(y) + ptrdiff_t{first_x} * page.channels;
    for (int x = 0; x < s->columns; ++x, p += next) {
      if (page.channels == 4 && High(p[3]) < 128) continue;
      const auto i = static_cast<size_t>(s->n++);
      s->r[i] = static_cast<uint8_t>(High(p[0]));
      s->g[i] = static_cast<uint8_t>(High(p[1]));
      s->b[i] = static_cast<uint8_t>(High(p[2]));
    }
  }
  for (size_t i = 0; i < static_cast<size_t>(s->n); ++i) {
    s->luma[i] = static_cast<uint8_t>((77 * s->r[i] + 150 * s->g[i] + 29 * s->b[i] + 128) >> 8);
  }
}

// The upper quartile of brightness, to some levels.
int UpperQuartile(const Samples& s) {
  std::array<uint8_t, kBins> counts = {};
  for (int i = 0; i < s.n; ++i) ++counts[s.luma[static_cast<size_t>(i)] >> 2];
  int bin = kBins - 1;
  for (int sum = counts[kBins - 1]; sum < (s.n + 3) / 4; sum += counts[static_cast<size_t>(bin)]) {
    --bin;
  }
  return 4 * bin + 2;
}

PageBlock Judge(const Samples& s) {
  PageBlock block;
  const int places = s.columns * s.rows;
  if (2 * s.n < places || s.n == 0) return block;
  block.seen = true;
  const int about = UpperQuartile(s), reach = 4 + about / 12, below = about * 7 / 10;
  int sum_r = 0, sum_g = 0, sum_b = 0, sum = 0, squares = 0, inside = 0, dark = 0;
  int least_r = 255, least_g = 255, least_b = 255;
  for (size_t i = 0; i < static_cast<size_t>(s.n); ++i) {
    const int r = s.r[i], g = s.g[i], b = s.b[i], luma = s.luma[i], off = luma - about;
    const int in = off <= reach && off >= -reach ? -1 : 0;
    sum_r += r & in;
    sum_g += g & in;
    sum_b += b & in;
    sum += luma & in;
    squares += (luma * luma) & in;
    inside -= in;
    dark += luma < below ? 1 : 0;
    least_r = std::min(least_r, r);
    least_g = std::min(least_g, g);
    least_b = std::min(least_b, b);
  }
  const auto share = [](int count, int of) {
    return static_cast<float>(count) / static_cast<float>(of);
  };
  block.bright[0] = share(sum_r, inside);
  block.bright[1] = share(sum_g, inside);
  block.bright[2] = share(sum_b, inside);
  block.level = share(sum, inside);
  block.spread = std::sqrt(std::max(0.0f, share(squares, inside) - block.level * block.level));
  block.flat = share(inside, s.n);
  block.dark = share(dark, s.n);
  block.ink = std::min({1.0f, static_cast<float>(least_r) / std::max(block.bright[0], 1.0f),
                        static_cast<float>(least_g) / std::max(block.bright[1], 1.0f),
                        static_cast<float>(least_b) / std::max(block.bright[2], 1.0f)});
  return block;
}

template <typename T>
PageBlocks MeasureAll(ImageView<const T> page, ThreadPool* pool) {
  PageBlocks all;
  all.shift = ChooseShift(page.width, page.height);
  const int size = 1 << all.shift;
  all.across = static_cast<int>(DivideUp(page.width, size));
  all.down = static_cast<int>(DivideUp(page.height, size));
  all.blocks.resize(static_cast<size_t>(all.across) * static_cast<size_t>(all.down));
  ForRowBands(
      all.down, pool,
      [&](int first, int last, int) {
        Samples samples;
        for (int y = first; y < last; ++y) {
          PageBlock* row = &all.blocks[static_cast<size_t>(y) * static_cast<size_t>(all.across)];
          for (int x = 0; x < all.across; ++x) {
            Take(page, x * size, y * size, size, &samples);
            row[x] = Judge(samples);
          }
        }
      },
      4);
  return all;
}

}  // namespace

PageBlocks MeasureBlocks(ImageView<const uint8_t> page, ThreadPool* pool) {
  return MeasureAll(page, pool);
}

PageBlocks MeasureBlocks(ImageView<const uint16_t> page, ThreadPool* pool) {
  return MeasureAll(page, pool);
}

}  // namespace peel
