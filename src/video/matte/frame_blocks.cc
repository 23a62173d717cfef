#include "src/video/matte/frame_blocks.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "src/base/checked.h"
#include "src/image/rows.h"
#include "src/video/matte/frame_blocks_kernels.h"

namespace peel::video {
namespace {

constexpr int kBlock = kBlendBlock;

// Pixels [x0, x1) x [y0, y1).
struct Block {
  int x0, y0, x1, y1;
};

// A plane of a frame, and how much it is reduced.
template <typename T>
struct Plane {
  T* data;
  ptrdiff_t stride;  // samples
  int shift_x, shift_y;

  T* row(int y) const { return data + y * stride; }
};

// F: Frame or const Frame.
template <typename T, typename F>
std::array<Plane<T>, 3> PlanesOf(F& frame) {
  const FrameLayout& layout = frame.layout();
  std::array<Plane<T>, 3> planes{};
  for (int p = 0; p < 3; ++p) {
    planes[static_cast<size_t>(p)] = {reinterpret_cast<T*>(frame.plane(p)), frame.plane_width(p),
                                      p == 0 ? 0 : layout.chroma_shift_x,
                                      p == 0 ? 0 : layout.chroma_shift_y};
  }
  return planes;
}

// A block's part of one plane. Blocks start at multiples of 16, so that no chroma sample belongs to
// two.
template <typename T>
Block PartOf(const Plane<T>& plane, const Block& block) {
  const int sx = plane.shift_x, sy = plane.shift_y;
  return {block.x0 >> sx, block.y0 >> sy, ((block.x1 - 1) >> sx) + 1, ((block.y1 - 1) >> sy) + 1};
}

// The mean of `count` alphas: not 0 where anything is seen, not 255 where anything is not.
uint8_t MeanAlpha(int sum, int count) {
  const int mean = (2 * sum + count) / (2 * count);
  return static_cast<uint8_t>(std::clamp(mean, sum > 0 ? 1 : 0, sum < 255 * count ? 254 : 255));
}

// The alphas of a block's chroma samples, kBlock a row.
class ChromaAlpha {
 public:
  ChromaAlpha(const ImageU8& alpha, const Block& block, int shift_x, int shift_y) {
    const int sx = shift_x, sy = shift_y;
    for (int v = block.y0 >> sy; v << sy < block.y1; ++v) {
      uint8_t* const to = row(v - (block.y0 >> sy));
      const int first = v << sy, rows = std::min((v + 1) << sy, block.y1) - first;
      if (sx == 1 && rows == 2 && block.x1 - block.x0 == kBlock) {  // by far the most
        const uint8_t* upper = alpha.row(first) + block.x0;
        const uint8_t* lower = alpha.row(first + 1) + block.x0;
        for (int u = 0; u < kBlock / 2; ++u, upper += 2, lower += 2) {
          to[u] = MeanAlpha(upper[0] + upper[1] + lower[0] + lower[1], 4);
        }
        continue;
      }
      for (int u = block.x0 >> sx; u << sx < block.x1; ++u) {
        const int left = u << sx, right = std::min((u + 1) << sx, block.x1);
        int sum = 0;
        for (int y = first; y < first + rows; ++y) {
          for (int x = left; x < right; ++x) sum += alpha.row(y)[x];
        }
        to[u - (block.x0 >> sx)] = MeanAlpha(sum, rows * (right - left));
      }
    }
  }
  uint8_t* row(int y) { return &alphas_[static_cast<size_t>(y) * kBlock]; }
  const uint8_t* row(int y) const { return &alphas_[static_cast<size_t>(y) * kBlock]; }

 private:
  std::array<uint8_t, size_t{kBlock} * kBlock> alphas_;
};

// The alphas of a row of a block's samples: the pixels' own where there is one for each.
template <typename T>
const uint8_t* AlphaRow(const ImageU8& alpha, const ChromaAlpha& chroma, const Plane<T>& plane,
                        const Block& part, int y) {
  if (plane.shift_x == 0 && plane.shift_y == 0) return alpha.row(y) + part.x0;
  return chroma.row(y - part.y0);
}

// body(block, kind) for all blocks of the frame.
template <typename Body>
void ForBlocks(const ImageU8& alpha, ThreadPool* pool, Body body) {
  ForRowBands(
      alpha.height(), pool,
      [&](int first, int last, int) {
        std::vector<BlockAlpha> kinds(static_cast<size_t>(DivideUp(alpha.width(), kBlock)));
        ClassifyBlocks(alpha.row(first), alpha.stride(), last - first, alpha.width(), kinds.data());
        const BlockAlpha* kind = kinds.data();
        for (int x = 0; x < alpha.width(); x += kBlock) {
          body(Block{x, first, std::min(x + kBlock, alpha.width()), last}, *kind++);
        }
      },
      kBlock);
}

template <typename T>
void Clear(const ImageU8& alpha, const std::array<T, 3>& black, Frame& frame, ThreadPool* pool) {
  const std::array<Plane<T>, 3> planes = PlanesOf<T>(frame);
  ForBlocks(alpha, pool, [&](const Block& block, BlockAlpha kind) {
    if (kind == BlockAlpha::kHidden) {
      for (size_t p = 0; p < 3; ++p) {
        const Block part = PartOf(planes[p], block);
        for (int y = part.y0; y < part.y1; ++y) {
          std::fill(planes[p].row(y) + part.x0, planes[p].row(y) + part.x1, black[p]);
        }
      }
      return;
    }
    if (kind != BlockAlpha::kPartHidden) return;
    const ChromaAlpha chroma(alpha, block, planes[1].shift_x, planes[1].shift_y);
    for (const Plane<T>& plane : planes) {
      const Block part = PartOf(plane, block);
      const int count = part.x1 - part.x0;
      uint64_t sum = 0, weight = 0;
      for (int y = part.y0; y < part.y1; ++y) {
        const T* row = plane.row(y) + part.x0;
        const uint8_t* a = AlphaRow(alpha, chroma, plane, part, y);
        uint32_t row_sum = 0, row_weight = 0;  // of at most 16 samples of 16 bits
        for (int x = 0; x < count; ++x) {
          row_sum += uint32_t{row[x]} * a[x];
          row_weight += a[x];
        }
        sum += row_sum;
        weight += row_weight;
      }
      const auto fill = static_cast<T>((sum + weight / 2) / weight);
      for (int y = part.y0; y < part.y1; ++y) {
        T* row = plane.row(y) + part.x0;
        const uint8_t* a = AlphaRow(alpha, chroma, plane, part, y);
        for (int x = 0; x < count; ++x) row[x] = a[x] == 0 ? fill : row[x];
      }
    }
  });
}

template <typename T>
void Blend(const ImageU8& alpha, const Frame& back, Frame& frame, ThreadPool* pool) {
  const std::array<Plane<T>, 3> front = PlanesOf<T>(frame);
  const std::array<Plane<const T>, 3> behind = PlanesOf<const T>(back);
  ForBlocks(alpha, pool, [&](const Block& block, BlockAlpha kind) {
    if (kind == BlockAlpha::kOpaque) return;
    if (kind == BlockAlpha::kHidden) {
      for (size_t p = 0; p < 3; ++p) {
        const Block part = PartOf(front[p], block);
        for (int y = part.y0; y < part.y1; ++y) {
          std::copy_n(behind[p].row(y) + part.x0, part.x1 - part.x0, front[p].row(y) + part.x0);
        }
      }
      return;
    }
    const ChromaAlpha chroma(alpha, block, front[1].shift_x, front[1].shift_y);
    for (size_t p = 0; p < 3; ++p) {
      const Block part = PartOf(front[p], block);
      for (int y = part.y0; y < part.y1; ++y) {
        T* to = front[p].row(y) + part.x0;
        const T* from = behind[p].row(y) + part.x0;
        const uint8_t* a = AlphaRow(alpha, chroma, front[p], part, y);
        for (int x = 0; x < part.x1 - part.x0; ++x) {
          const uint32_t opaque = a[x];
          to[x] = static_cast<T>((to[x] * opaque + from[x] * (255 - opaque) + 127) / 255);
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
