#include "src/rectify/page_blocks.h"

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

struct Sample {
  uint8_t r, g, b, luma;
};

constexpr int High(uint8_t v) { return v; }
constexpr int High(uint16_t v) { return v >> 8; }

// The first pixel, when pixels are taken in order of brightness, with this many below it: its bin.
int BinAfter(const std::array<uint16_t, kBins>& counts, int below) {
  int sum = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    sum += counts[static_cast<size_t>(bin)];
    if (sum > below) return bin;
  }
  return kBins - 1;
}

// Steps between below and above `threshold`, a row of the grid that has any.
float Turns(const Sample* samples, int columns, int rows, float threshold) {
  int turns = 0, rows_with = 0;
  for (int y = 0; y < rows; ++y, samples += columns) {
    int here = 0;
    for (int x = 1; x < columns; ++x) {
      here += (static_cast<float>(samples[x].luma) < threshold) !=
              (static_cast<float>(samples[x - 1].luma) < threshold);
    }
    turns += here;
    rows_with += here > 0;
  }
  return rows_with > 0 ? static_cast<float>(turns) / static_cast<float>(rows_with) : 0;
}

template <typename T>
PageBlock Measure(ImageView<const T> page, int x0, int y0, int size) {
  const int step = size / kGrid;
  const int x1 = std::min(x0 + size, page.width), y1 = std::min(y0 + size, page.height);
  std::array<Sample, kGrid * kGrid> samples;
  std::array<uint16_t, kBins> counts = {};
  int n = 0, places = 0, columns = 0, rows = 0;
  for (int y = y0 + step / 2; y < y1 || rows == 0; y += step) {
    const T* row = page.row(std::min(y, y1 - 1));
    columns = 0;
    for (int x = x0 + step / 2; x < x1 || columns == 0; x += step) {
      const T* p = row + ptrdiff_t{std::min(x, x1 - 1)} * page.channels;
      ++columns;
      ++places;
      if (page.channels == 4 && High(p[3]) < 128) continue;
      const int r = High(p[0]), g = High(p[1]), b = High(p[2]);
      const int luma = (77 * r + 150 * g + 29 * b + 128) >> 8;
      samples[static_cast<size_t>(n++)] = {static_cast<uint8_t>(r), static_cast<uint8_t>(g),
                                           static_cast<uint8_t>(b), static_cast<uint8_t>(luma)};
      ++counts[static_cast<size_t>(luma >> 2)];
    }
    ++rows;
  }
  PageBlock block;
  if (2 * n < places || n == 0) return block;
  block.seen = true;
  const float about = 4 * static_cast<float>(BinAfter(counts, n * 3 / 4)) + 2;
  const float reach = 4 + 0.08f * about;
  int sum[3] = {0, 0, 0}, lumas = 0, squares = 0, inside = 0, dark = 0;
  for (int i = 0; i < n; ++i) {
    const Sample& s = samples[static_cast<size_t>(i)];
    dark += static_cast<float>(s.luma) < 0.7f * about;
    if (std::abs(static_cast<float>(s.luma) - about) > reach) continue;
    ++inside;
    sum[0] += s.r;
    sum[1] += s.g;
    sum[2] += s.b;
    lumas += s.luma;
    squares += s.luma * s.luma;
  }
  const auto share = [&](int count, int of) {
    return static_cast<float>(count) / static_cast<float>(of);
  };
  for (int c = 0; c < 3; ++c) block.bright[c] = share(sum[c], inside);
  block.level = share(lumas, inside);
  block.spread = std::sqrt(std::max(0.0f, share(squares, inside) - block.level * block.level));
  block.flat = share(inside, n);
  block.dark = share(dark, n);
  for (int i = 0; i < n; ++i) {
    const Sample& s = samples[static_cast<size_t>(i)];
    block.ink = std::min({block.ink, static_cast<float>(s.r) / std::max(block.bright[0], 1.0f),
                          static_cast<float>(s.g) / std::max(block.bright[1], 1.0f),
                          static_cast<float>(s.b) / std::max(block.bright[2], 1.0f)});
  }
  if (n == places && dark > 0) block.turns = Turns(samples.data(), columns, rows, 0.7f * about);
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
        for (int y = first; y < last; ++y) {
          PageBlock* row = &all.blocks[static_cast<size_t>(y) * static_cast<size_t>(all.across)];
          for (int x = 0; x < all.across; ++x) row[x] = Measure(page, x * size, y * size, size);
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
