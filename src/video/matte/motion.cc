#include "src/video/matte/motion.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "src/base/checked.h"
#include "src/image/rows.h"

namespace peel::video {
namespace {

constexpr size_t kMostLevels = 3;
constexpr int kLeastSide = 24;  // of a level
constexpr int kCoarseReach = 6;
// Of a pixel away from the expected vector, in units of the window's sum of differences: flat
// blocks stay with their neighbours.
constexpr uint32_t kPrice = 24;

int BlocksOf(int side) { return static_cast<int>(DivideUp(side, kMotionBlock)); }

// The blocks of one level and what was found for them.
struct Found {
  int columns = 0, rows = 0;
  std::vector<BlockMatch> blocks;
  std::vector<int> index;  // of each block in `blocks`; -1: not looked for

  const BlockMatch* at(int column, int row) const {
    column = std::clamp(column, 0, columns - 1);
    row = std::clamp(row, 0, rows - 1);
    const int i = index[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                        static_cast<size_t>(column)];
    return i < 0 ? nullptr : &blocks[static_cast<size_t>(i)];
  }
};

// One level, from the vectors of the coarser one.
Found MatchLevel(const PaddedPlane& from, const PaddedPlane& to, const std::vector<uint8_t>& wanted,
                 const Found* coarser, ThreadPool* pool) {
  Found found;
  found.columns = BlocksOf(from.width);
  found.rows = BlocksOf(from.height);
  found.index.assign(wanted.size(), -1);
  for (int row = 0; row < found.rows; ++row) {
    for (int column = 0; column < found.columns; ++column) {
      const size_t i = static_cast<size_t>(row) * static_cast<size_t>(found.columns) +
                       static_cast<size_t>(column);
      if (wanted[i] == 0) continue;
      BlockMatch block;
      block.x = column * kMotionBlock;
      block.y = row * kMotionBlock;
      const auto offer = [&](Vector v) {
        const Vector* const begin = block.tries.data();
        const Vector* const end = begin + block.count;
        if (std::find(begin, end, v) == end) block.tries[block.count++] = v;
      };
      if (coarser != nullptr) {
        for (const auto& [dx, dy] : {std::pair{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
          const BlockMatch* above = coarser->at(column / 2 + dx, row / 2 + dy);
          if (above != nullptr) offer({2 * above->best.x, 2 * above->best.y});
        }
      }
      offer({0, 0});
      found.index[i] = static_cast<int>(found.blocks.size());
      found.blocks.push_back(block);
    }
  }
  constexpr int kAtOnce = 32;
  const int reach = coarser == nullptr ? kCoarseReach : 1;
  ForRowBands(
      static_cast<int>(found.blocks.size()), pool,
      [&](int first, int last, int) {
        MatchBlocks(from, to, reach, kPrice, &found.blocks[static_cast<size_t>(first)],
                    static_cast<size_t>(last - first));
      },
      kAtOnce);
  return found;
}

// Of the next coarser level the blocks that contain wanted ones, and those around them.
std::vector<uint8_t> Coarser(const std::vector<uint8_t>& wanted, int columns, int rows, int width,
                             int height) {
  const int w = BlocksOf(width), h = BlocksOf(height);
  std::vector<uint8_t> coarse(static_cast<size_t>(w) * static_cast<size_t>(h), 0);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      if (wanted[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                 static_cast<size_t>(column)] == 0) {
        continue;
      }
      for (int v = std::max(row / 2 - 1, 0); v <= std::min(row / 2 + 1, h - 1); ++v) {
        for (int u = std::max(column / 2 - 1, 0); u <= std::min(column / 2 + 1, w - 1); ++u) {
          coarse[static_cast<size_t>(v) * static_cast<size_t>(w) + static_cast<size_t>(u)] = 1;
        }
      }
    }
  }
  return coarse;
}

}  // namespace

MotionPyramid MotionPyramid::Of(const ImageU8& luma) {
  MotionPyramid pyramid;
  int width = luma.width(), height = luma.height();
  for (size_t l = 0; l < kMostLevels; ++l) {
    if (l > 0) {
      width /= 2;
      height /= 2;
      if (std::min(width, height) < kLeastSide) break;
    }
    Level level;
    level.width = width;
    level.height = height;
    const size_t stride = static_cast<size_t>(width) + size_t{2} * kMotionPadding;
    level.pixels.resize(stride * (static_cast<size_t>(height) + size_t{2} * kMotionPadding));
    const auto row_of = [&](int y) {
      return level.pixels.data() + static_cast<size_t>(y + kMotionPadding) * stride;
    };
    for (int y = 0; y < height; ++y) {
      uint8_t* const row = row_of(y);
      uint8_t* const to = row + kMotionPadding;
      if (l == 0) {
        std::copy_n(luma.row(y), width, to);
      } else {
        const PaddedPlane finer = pyramid.level(l - 1);
        const uint8_t* upper = finer.data + ptrdiff_t{2} * y * finer.stride;
        const uint8_t* lower = upper + finer.stride;
        for (int x = 0; x < width; ++x, upper += 2, lower += 2) {
          to[x] = static_cast<uint8_t>((upper[0] + upper[1] + lower[0] + lower[1] + 2) / 4);
        }
      }
      std::fill_n(row, kMotionPadding, to[0]);
      std::fill_n(to + width, kMotionPadding, to[width - 1]);
    }
    for (int y = 1; y <= kMotionPadding; ++y) {
      std::copy_n(row_of(0), stride, row_of(-y));
      std::copy_n(row_of(height - 1), stride, row_of(height - 1 + y));
    }
    pyramid.levels_.push_back(std::move(level));
  }
  return pyramid;
}

PaddedPlane MotionPyramid::level(size_t l) const {
  const Level& level = levels_[l];
  const ptrdiff_t stride = ptrdiff_t{level.width} + ptrdiff_t{2} * kMotionPadding;
  return {level.pixels.data() + kMotionPadding * stride + kMotionPadding, stride, level.width,
          level.height};
}

MotionField EstimateMotion(const MotionPyramid& from, const MotionPyramid& to,
                           const std::vector<uint8_t>& wanted, ThreadPool* pool) {
  const size_t levels = from.levels();
  std::vector<std::vector<uint8_t>> wishes = {wanted};
  for (size_t l = 1; l < levels; ++l) {
    const PaddedPlane finer = from.level(l - 1), coarser = from.level(l);
    wishes.push_back(Coarser(wishes.back(), BlocksOf(finer.width), BlocksOf(finer.height),
                             coarser.width, coarser.height));
  }
  Found found;
  for (size_t l = levels; l-- > 0;) {
    Found finer =
        MatchLevel(from.level(l), to.level(l), wishes[l], l + 1 < levels ? &found : nullptr, pool);
    found = std::move(finer);
  }
  MotionField field;
  field.columns = found.columns;
  field.rows = found.rows;
  field.blocks.resize(found.index.size());
  for (size_t i = 0; i < found.index.size(); ++i) {
    if (found.index[i] < 0) continue;
    const BlockMatch& block = found.blocks[static_cast<size_t>(found.index[i])];
    field.blocks[i] = {static_cast<float>(block.best.x) + block.fraction_x,
                       static_cast<float>(block.best.y) + block.fraction_y, true};
  }
  return field;
}

}  // namespace peel::video
