#include "src/video/matte/frame_blocks.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "src/image/rows.h"

namespace peel::video {
namespace {

constexpr int kBlock = 16;

// Pixels [x0, x1) x [y0, y1).
struct Block {
  int x0, y0, x1, y1;
};

enum class Kind { kHidden, kOpaque, kMixed };

Kind KindOf(const ImageU8& alpha, const Block& block) {
  uint8_t most = 0, least = 255;
  for (int y = block.y0; y < block.y1; ++y) {
    const uint8_t* a = alpha.row(y);
    for (int x = block.x0; x < block.x1; ++x) {
      most = std::max(most, a[x]);
      least = std::min(least, a[x]);
    }
  }
  return most == 0 ? Kind::kHidden : least == 255 ? Kind::kOpaque : Kind::kMixed;
}

// A block's part of one plane.
struct Part {
  int x0, y0, x1, y1;
};

// Blocks start at multiples of 16, so that no chroma sample belongs to two.
Part PartOf(const Frame& frame, int plane, const Block& block) {
  const int sx = plane == 0 ? 0 : frame.layout().chroma_shift_x;
  const int sy = plane == 0 ? 0 : frame.layout().chroma_shift_y;
  return {block.x0 >> sx, block.y0 >> sy, ((block.x1 - 1) >> sx) + 1, ((block.y1 - 1) >> sy) + 1};
}

// Row y of a block's samples: their alphas.
const uint8_t* AlphaOf(const ImageU8& alpha, const Frame& frame, int plane, const Block& block,
                       const Part& part, int y, std::array<uint8_t, kBlock>& scratch) {
  const int sx = plane == 0 ? 0 : frame.layout().chroma_shift_x;
  const int sy = plane == 0 ? 0 : frame.layout().chroma_shift_y;
  if (sx == 0 && sy == 0) return alpha.row(y) + part.x0;
  const int rows = std::min((y + 1) << sy, block.y1) - (y << sy);
  std::array<int, kBlock> sums{};
  for (int v = 0; v < rows; ++v) {
    const uint8_t* a = alpha.row((y << sy) + v);
    for (int x = block.x0; x < block.x1; ++x) {
      sums[static_cast<size_t>((x >> sx) - part.x0)] += a[x];
    }
  }
  for (int x = part.x0; x < part.x1; ++x) {
    const int count = rows * (std::min((x + 1) << sx, block.x1) - (x << sx));
    const int sum = sums[static_cast<size_t>(x - part.x0)];
    // Not 0 where anything is seen, not 255 where anything is not.
    const int mean = (2 * sum + count) / (2 * count);
    scratch[static_cast<size_t>(x - part.x0)] =
        static_cast<uint8_t>(std::clamp(mean, sum > 0 ? 1 : 0, sum < 255 * count ? 254 : 255));
  }
  return scratch.data();
}

template <typename T>
T* RowOf(Frame& frame, int plane, int y) {
  return reinterpret_cast<T*>(frame.plane(plane) + static_cast<size_t>(y) * frame.row_bytes(plane));
}
template <typename T>
const T* RowOf(const Frame& frame, int plane, int y) {
  return reinterpret_cast<const T*>(frame.plane(plane) +
                                    static_cast<size_t>(y) * frame.row_bytes(plane));
}

// body(block, kind) for all blocks of the frame.
template <typename Body>
void ForBlocks(const ImageU8& alpha, ThreadPool* pool, Body body) {
  ForRowBands(
      alpha.height(), pool,
      [&](int first, int last, int) {
        for (int x = 0; x < alpha.width(); x += kBlock) {
          const Block block{x, first, std::min(x + kBlock, alpha.width()), last};
          body(block, KindOf(alpha, block));
        }
      },
      kBlock);
}

template <typename T>
void Clear(const ImageU8& alpha, const std::array<T, 3>& black, Frame& frame, ThreadPool* pool) {
  ForBlocks(alpha, pool, [&](const Block& block, Kind kind) {
    if (kind == Kind::kOpaque) return;
    std::array<uint8_t, kBlock> scratch;
    for (int p = 0; p < 3; ++p) {
      const Part part = PartOf(frame, p, block);
      if (kind == Kind::kHidden) {
        for (int y = part.y0; y < part.y1; ++y) {
          T* row = RowOf<T>(frame, p, y);
          std::fill(row + part.x0, row + part.x1, black[static_cast<size_t>(p)]);
        }
        continue;
      }
      int64_t sum = 0, weight = 0;
      for (int y = part.y0; y < part.y1; ++y) {
        const T* row = RowOf<T>(frame, p, y) + part.x0;
        const uint8_t* a = AlphaOf(alpha, frame, p, block, part, y, scratch);
        for (int x = 0; x < part.x1 - part.x0; ++x) {
          sum += int64_t{row[x]} * a[x];
          weight += a[x];
        }
      }
      const auto fill = static_cast<T>((sum + weight / 2) / weight);
      for (int y = part.y0; y < part.y1; ++y) {
        T* row = RowOf<T>(frame, p, y) + part.x0;
        const uint8_t* a = AlphaOf(alpha, frame, p, block, part, y, scratch);
        for (int x = 0; x < part.x1 - part.x0; ++x) row[x] = a[x] == 0 ? fill : row[x];
      }
    }
  });
}

template <typename T>
void Blend(const ImageU8& alpha, const Frame& back, Frame& frame, ThreadPool* pool) {
  ForBlocks(alpha, pool, [&](const Block& block, Kind kind) {
    if (kind == Kind::kOpaque) return;
    std::array<uint8_t, kBlock> scratch;
    for (int p = 0; p < 3; ++p) {
      const Part part = PartOf(frame, p, block);
      const int count = part.x1 - part.x0;
      for (int y = part.y0; y < part.y1; ++y) {
        T* front = RowOf<T>(frame, p, y) + part.x0;
        const T* behind = RowOf<T>(back, p, y) + part.x0;
        if (kind == Kind::kHidden) {
          std::copy_n(behind, count, front);
          continue;
        }
        const uint8_t* a = AlphaOf(alpha, frame, p, block, part, y, scratch);
        for (int x = 0; x < count; ++x) {
          const uint32_t opaque = a[x];
          front[x] = static_cast<T>((front[x] * opaque + behind[x] * (255 - opaque) + 127) / 255);
        }
      }
    }
  });
}

}  // namespace

void ClearHidden(const ImageU8& alpha, const ColourCode& code, Frame& frame, ThreadPool* pool) {
  const Levels levels = LevelsOf(code);
  if (code.depth > 8) {
    const auto black = static_cast<uint16_t>(levels.black);
    const auto neutral = static_cast<uint16_t>(levels.neutral);
    Clear<uint16_t>(alpha, {black, neutral, neutral}, frame, pool);
  } else {
    const auto black = static_cast<uint8_t>(levels.black);
    const auto neutral = static_cast<uint8_t>(levels.neutral);
    Clear<uint8_t>(alpha, {black, neutral, neutral}, frame, pool);
  }
}

void BlendOver(const ImageU8& alpha, const Frame& back, Frame& frame, ThreadPool* pool) {
  if (frame.layout().depth > 8) {
    Blend<uint16_t>(alpha, back, frame, pool);
  } else {
    Blend<uint8_t>(alpha, back, frame, pool);
  }
}

}  // namespace peel::video
