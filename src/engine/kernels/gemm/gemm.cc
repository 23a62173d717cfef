#include "src/engine/kernels/gemm/gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/base/checked.h"
#include "src/engine/kernels/cost.h"
#include "src/engine/kernels/gemm/block_gemm.h"
#include "src/engine/kernels/map/elementwise.h"

namespace peel::engine {
namespace {

// Rows that go through the blocked form together: their copy and their results stay in cache.
constexpr int64_t kRowsTogether = 84;

struct Extents {
  explicit Extents(const GemmProblem& p)
      : k_blocks(DivideUp(p.k, kBlock)),
        n_blocks(DivideUp(p.n, kBlock)),
        rows(std::min(p.m, kRowsTogether)) {}
  int64_t k_blocks, n_blocks, rows;
  int64_t OffsetFloats() const { return RoundUp(k_blocks * 2, int64_t{kBlock}); }
  // A in the blocked form, and one panel of results.
  int64_t AFloats() const { return k_blocks * rows * kBlock; }
  int64_t CFloats() const { return 4 * rows * kBlock; }
};

}  // namespace

size_t GemmPackedBytes(const GemmProblem& p) {
  const Extents e(p);
  return static_cast<size_t>(e.n_blocks * kBlock * (e.k_blocks * kBlock + 1)) * sizeof(float);
}

void PackGemm(const GemmProblem& p, const float* b, const float* bias, void* packed) {
  const BlockGemm& gemm = GetBlockGemm();
  const Extents e(p);
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, GemmPackedBytes(p));
  for (int64_t block = 0; block < e.n_blocks;) {
    const int panel = gemm.Panel(e.n_blocks - block);
    const int64_t wide = int64_t{panel} * kBlock;
    float* panel_start = to + block * kBlock * e.k_blocks * kBlock;
    const int64_t columns = std::min(wide, p.n - block * kBlock);
    for (int64_t k = 0; k < p.k; ++k) {
      for (int64_t j = 0; j < columns; ++j) {
        const int64_t n = block * kBlock + j;
        panel_start[k * wide + j] = p.alpha * (p.transpose_b ? b[n * p.k + k] : b[k * p.n + n]);
      }
    }
    block += panel;
  }
  if (bias != nullptr) {
    std::memcpy(to + e.n_blocks * kBlock * e.k_blocks * kBlock, bias,
                static_cast<size_t>(p.n) * sizeof(float));
  }
}

size_t GemmScratchBytes(const GemmProblem& p, int threads) {
  const Extents e(p);
  return static_cast<size_t>(e.OffsetFloats() + e.AFloats() + threads * e.CFloats()) *
         sizeof(float);
}

void RunGemm(const GemmProblem& p, const float* a, int64_t a_stride, const void* packed,
             const float* residual, float* c, int64_t c_stride, void* scratch, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const Extents e(p);
  const Clamp clamp = ClampOf(p.epilogue);
  const float* weights = static_cast<const float*>(packed);
  const float* bias = weights + e.n_blocks * kBlock * e.k_blocks * kBlock;
  int64_t* offsets = static_cast<int64_t*>(scratch);
  for (int64_t k = 0; k < e.k_blocks; ++k) offsets[k] = k * e.rows * kBlock;
  float* blocked = static_cast<float*>(scratch) + e.OffsetFloats();
  float* results = blocked + e.AFloats();
  const int64_t widest = gemm.Panel(e.n_blocks);
  const int64_t groups = DivideUp(e.n_blocks, widest);
  for (int64_t first = 0; first < p.m; first += e.rows) {
    const int64_t rows = std::min(e.rows, p.m - first);
    pool.ParallelFor(e.k_blocks, [&](int64_t block, int) {
      const int64_t depth = std::min<int64_t>(kBlock, p.k - block * kBlock);
      for (int64_t r = 0; r < rows; ++r) {
        float* to = blocked + (block * e.rows + r) * kBlock;
        for (int64_t i = 0; i < depth; ++i) {
          const int64_t k = block * kBlock + i;
          to[i] = p.transpose_a ? a[k * a_stride + first + r] : a[(first + r) * a_stride + k];
        }
        std::fill(to + depth, to + kBlock, 0.0f);
      }
    });
    pool.ParallelFor(groups, [&](int64_t group, int worker) {
      float* mine = results + worker * e.CFloats();
      for (int64_t n = group * widest; n < std::min((group + 1) * widest, e.n_blocks);) {
        const int panel = gemm.Panel(e.n_blocks - n);
        BlockTile tile;
        tile.a = blocked;
        tile.offsets = offsets;
        tile.segments = e.k_blocks;
        tile.rows = rows;
        tile.b = weights + n * kBlock * e.k_blocks * kBlock;
        tile.c = mine;
        tile.c_block_stride = e.rows * kBlock;
        tile.bias = bias + n * kBlock;
        tile.lo = p.epilogue.residual ? -HUGE_VALF : clamp.lo;
        tile.hi = p.epilogue.residual ? HUGE_VALF : clamp.hi;
        gemm.Run(panel, tile);
        for (int64_t r = 0; r < rows; ++r) {
          float* row = c + (first + r) * c_stride;
          const float* more = p.epilogue.residual ? residual + (first + r) * p.n : nullptr;
          for (int64_t j = n * kBlock; j < std::min((n + panel) * kBlock, p.n); ++j) {
            float y = mine[((j / kBlock - n) * e.rows + r) * kBlock + j % kBlock];
            if (more != nullptr) {
              y += more[j];
              y = y < clamp.lo ? clamp.lo : y > clamp.hi ? clamp.hi : y;
            }
            row[j] = y;
          }
        }
        n += panel;
      }
    });
  }
  if (!IsClamp(p.epilogue)) {
    // Rows as the images of a batch, so that what lies between them stays as it is.
    RunActivation(p.epilogue.activation, p.epilogue.alpha, p.epilogue.beta, Layout::kPlain,
                  {p.m, p.n, 1, 1}, {c, c_stride}, {c, c_stride}, pool);
  }
}

}  // namespace peel::engine
