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

// A block's part of one plane, and the alpha of its samples.
struct Part {
  int x0, y0, x1, y1;
  std::array<uint8_t, size_t{kBlock} * kBlock> alpha;
  uint8_t alpha_at(int x, int y) const {
    return alpha[static_cast<size_t>(y - y0) * kBlock + static_cast<size_t>(x - x0)];
  }
};

// Blocks start at multiples of 16, so that no chroma sample belongs to two.
void PartOf(const ImageU8& alpha, const Frame& frame, int plane, const Block& block, Part& part) {
  const int sx = plane == 0 ? 0 : frame.layout().chroma_shift_x;
  const int sy = plane == 0 ? 0 : frame.layout().chroma_shift_y;
  part.x0 = block.x0 >> sx;
  part.y0 = block.y0 >> sy;
  part.x1 = ((block.x1 - 1) >> sx) + 1;
  part.y1 = ((block.y1 - 1) >> sy) + 1;
  for (int y = part.y0; y < part.y1; ++y) {
    uint8_t* to = &part.alpha[static_cast<size_t>(y - part.y0) * kBlock];
    for (int x = part.x0; x < part.x1; ++x) {
      int sum = 0, count = 0;
      for (int v = y << sy; v < std::min((y + 1) << sy, block.y1); ++v) {
        for (int u = x << sx; u < std::min((x + 1) << sx, block.x1); ++u, ++count) {
          sum += alpha.row(v)[u];
        }
      }
      // Not 0 where anything is seen, not 255 where anything is not.
      const int mean = (sum + count / 2) / count;
      to[x - part.x0] =
          static_cast<uint8_t>(std::clamp(mean, sum > 0 ? 1 : 0, sum < 255 * count ? 254 : 255));
    }
  }
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
    for (int p = 0; p < 3; ++p) {
      Part part;
      PartOf(alpha, frame, p, block, part);
      T fill = black[static_cast<size_t>(p)];
      if (kind == Kind::kMixed) {
        int64_t sum = 0, weight = 0;
        for (int y = part.y0; y < part.y1; ++y) {
          const T* row = RowOf<T>(frame, p, y);
          for (int x = part.x0; x < part.x1; ++x) {
            sum += int64_t{row[x]} * part.alpha_at(x, y);
            weight += part.alpha_at(x, y);
          }
        }
        fill = static_cast<T>((sum + weight / 2) / weight);
      }
      for (int y = part.y0; y < part.y1; ++y) {
        T* row = RowOf<T>(frame, p, y);
        for (int x = part.x0; x < part.x1; ++x) {
          if (part.alpha_at(x, y) == 0) row[x] = fill;
        }
      }
    }
  });
}

template <typename T>
void Blend(const ImageU8& alpha, const Frame& back, Frame& frame, ThreadPool* pool) {
  ForBlocks(alpha, pool, [&](const Block& block, Kind kind) {
    if (kind == Kind::kOpaque) return;
    for (int p = 0; p < 3; ++p) {
      Part part;
      PartOf(alpha, frame, p, block, part);
      for (int y = part.y0; y < part.y1; ++y) {
        T* front = RowOf<T>(frame, p, y);
        const T* behind = RowOf<T>(back, p, y);
        for (int x = part.x0; x < part.x1; ++x) {
          const uint32_t a = part.alpha_at(x, y);
          front[x] = static_cast<T>((front[x] * a + behind[x] * (255 - a) + 127) / 255);
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
