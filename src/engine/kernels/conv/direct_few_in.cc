#include <algorithm>
#include <cstring>

#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/gemm/block_gemm.h"
#include "src/engine/kernels/gemm/row_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/direct_few_in.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/gemm/block_rows-inl.h"

#ifndef PEEL_FEW_IN_TILE
#define PEEL_FEW_IN_TILE
namespace peel::engine {

// A run of pixels of one output row: each is the sum over taps of the input at
// a + offsets[tap] + pixel * stride times that tap's row of b.
struct FewInTile {
  const float* a = nullptr;
  const int64_t* offsets = nullptr;  // [taps], in floats
  int64_t taps = 0, stride = 1;
  int64_t rows = 0;             // pixels
  const float* b = nullptr;     // [taps][16 * panel blocks], 64-byte aligned
  const float* bias = nullptr;  // [16 * panel blocks]
  float* c = nullptr;           // pixels 16 floats apart
  int64_t c_block_stride = 0;
  const float* residual = nullptr;  // like c, or null
  int64_t residual_block_stride = 0;
  float lo = 0, hi = 0;
};

}  // namespace peel::engine
#endif  // PEEL_FEW_IN_TILE

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): inside a tile
// kStride 0: that of the tile. Known, it is part of the addresses and costs no register.
template <int kRows, int kPanel, int kStride>
HWY_NOINLINE void Rows(const FewInTile& tile, int64_t row) {
  constexpr int kWide = kPanel * kVectors;
  const int64_t stride = kStride > 0 ? kStride : tile.stride;
  const D d;
  using V = hn::VFromD<D>;
  V acc[kRows][kWide];
#pragma GCC unroll 8
  for (int j = 0; j < kWide; ++j) {
    const V bias = hn::Load(d, tile.bias + j * kLanes);
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) acc[i][j] = bias;
  }
  const float* b = tile.b;
  for (int64_t tap = 0; tap < tile.taps; ++tap, b += kPanel * kBlock) {
    const float* a = tile.a + tile.offsets[tap] + row * stride;
    V bv[kWide];
#pragma GCC unroll 8
    for (int j = 0; j < kWide; ++j) bv[j] = hn::Load(d, b + j * kLanes);
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
      const V av = hn::Set(d, a[i * stride]);
#pragma GCC unroll 8
      for (int j = 0; j < kWide; ++j) acc[i][j] = hn::MulAdd(av, bv[j], acc[i][j]);
    }
  }
  StoreRows(tile, row, acc);
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

template <int kStride>
struct Family {
  using Tile = FewInTile;
  static constexpr int MaxRows(int panel) { return RowsInRegisters(panel); }
  // Whole rows of a picture: nearly always the most.
  static constexpr bool HasRows(int rows, int most) {
    return rows <= 2 || rows == most || rows % 4 == 0;
  }
  template <int kRows, int kPanel>
  static constexpr auto Get() {
    return &Rows<kRows, kPanel, kStride>;
  }
};

template <int kPanel>
void RunPanel(const FewInTile& tile) {
  if (tile.stride == 1) return RunRowTiles<Family<1>, kPanel>(tile);
  if (tile.stride == 2) return RunRowTiles<Family<2>, kPanel>(tile);
  RunRowTiles<Family<0>, kPanel>(tile);
}

// panel: blocks of b side by side, as BlockGemm::Panel counts them.
void FewIn(int panel, const FewInTile& tile) {
  if (panel == 4) return RunPanel<4>(tile);
  if (panel == 2) return RunPanel<2>(tile);
  RunPanel<1>(tile);
}

// Of two rows of outputs, tile's and the one that reads `below`, the largest of each 2×2; tile's
// rows are even in number. A few pixels of both at a time wait in the L1 cache.
void FewInPooled(int panel, const FewInTile& tile, const float* below) {
  constexpr int64_t kPixels = 24;
  HWY_ALIGN float sums[2][4 * kPixels * kBlock];
  const D d;
  for (int64_t x = 0; x < tile.rows; x += kPixels) {
    FewInTile part = tile;
    part.rows = std::min(kPixels, tile.rows - x);
    part.c_block_stride = kPixels * kBlock;
    for (int row = 0; row < 2; ++row) {
      part.a = (row == 0 ? tile.a : below) + x * tile.stride;
      part.c = sums[row];
      FewIn(panel, part);
    }
    for (int block = 0; block < panel; ++block) {
      const float* const upper = sums[0] + block * kPixels * kBlock;
      const float* const lower = sums[1] + block * kPixels * kBlock;
      float* to = tile.c + block * tile.c_block_stride + x / 2 * kBlock;
      for (int64_t i = 0; i < part.rows * kBlock; i += int64_t{2} * kBlock, to += kBlock) {
        for (int j = 0; j < kBlock; j += kLanes) {
          const auto left = hn::Max(hn::Load(d, upper + i + j), hn::Load(d, lower + i + j));
          const auto right =
              hn::Max(hn::Load(d, upper + i + kBlock + j), hn::Load(d, lower + i + kBlock + j));
          hn::Store(hn::Max(left, right), d, to + j);
        }
      }
    }
  }
}

PEEL_ENTRY(FewIn);
PEEL_ENTRY(FewInPooled);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::engine {
namespace {

// A plain image of few channels to a blocked output: first layers. One row of outputs at a time has
// the rows that it reads copied with their padding; each tap is then a run of them.

constexpr int kMostChannels = 8;

PEEL_EXPORT(FewIn);
PEEL_EXPORT(FewInPooled);

struct Plan {
  explicit Plan(const ConvProblem& p)
      : lines(int64_t{p.in_channels} * p.kernel_h),
        taps(lines * p.kernel_w),
        n_blocks(ChannelBlocks(p.out_channels)),
        width(RoundUp(
            int64_t{p.out_width - 1} * p.stride_w + int64_t{p.kernel_w - 1} * p.dilation_w + 1,
            int64_t{kBlock})) {}
  int64_t lines;  // rows of the input, of all channels, that a row of the output reads
  int64_t taps, n_blocks;
  int64_t width;  // floats of one of them with its padding
  int64_t OffsetFloats() const { return RoundUp(taps * 2, int64_t{kBlock}); }
  // Of a thread: what a row that is written reads.
  int64_t LineFloats(const ConvProblem& p) const { return (p.max_pool ? 2 : 1) * lines * width; }
};

std::string Reject(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kPlain, Layout::kBlocked); !why.empty()) return why;
  if (p.groups != 1) return "has groups";
  if (p.in_channels > kMostChannels) return "more than 8 input channels";
  const Epilogue& e = p.epilogue;
  const bool relu = e.activation == Activation::kNone || e.activation == Activation::kRelu;
  if (p.max_pool && (!relu || e.residual || e.residual_after)) {
    return "pools only what is done with a ReLU";
  }
  return "";
}

size_t PackedBytes(const ConvProblem& p) {
  const Plan plan(p);
  return static_cast<size_t>(plan.n_blocks * kBlock * (plan.taps + 1)) * sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const Plan plan(p);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double products = pixels * static_cast<double>(plan.taps * plan.n_blocks) * kBlock;
  const double bytes = pixels * static_cast<double>(plan.n_blocks) * (p.max_pool ? 16 : 64) +
                       4.0 * static_cast<double>(TensorFloats(Layout::kPlain, InputShape(p)));
  return EstimateMs(products, 0.75, bytes, threads);
}

void Pack(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p);
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, PackedBytes(p));
  for (int64_t block = 0; block < plan.n_blocks;) {
    const int panel = gemm.Panel(plan.n_blocks - block);
    const int64_t wide = int64_t{panel} * kBlock;
    const int64_t last = std::min<int64_t>(p.out_channels - block * kBlock, wide);
    float* b = to + block * kBlock * plan.taps;
    for (int64_t j = 0; j < last; ++j) {
      for (int64_t tap = 0; tap < plan.taps; ++tap) {
        b[tap * wide + j] = weights[(block * kBlock + j) * plan.taps + tap];
      }
    }
    block += panel;
  }
  if (bias != nullptr) {
    std::memcpy(to + plan.n_blocks * kBlock * plan.taps, bias,
                static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

size_t ScratchBytes(const ConvProblem& p, int threads) {
  const Plan plan(p);
  return static_cast<size_t>(plan.OffsetFloats() + threads * plan.LineFloats(p)) * sizeof(float);
}

// The input's rows that output row y reads, [channel][kernel_h][width], zeros where it has none.
void CopyLines(const ConvProblem& p, const Plan& plan, const float* image, int64_t y, float* to) {
  const int64_t begin = std::max(0, -p.pad_left);
  const int64_t end = std::min<int64_t>(p.in_width, plan.width - p.pad_left);
  for (int c = 0; c < p.in_channels; ++c) {
    for (int ky = 0; ky < p.kernel_h; ++ky, to += plan.width) {
      const int64_t from_y = y * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
      if (from_y < 0 || from_y >= p.in_height || end <= begin) {
        std::fill(to, to + plan.width, 0.0f);
        continue;
      }
      const float* row = image + (int64_t{c} * p.in_height + from_y) * p.in_width;
      std::fill(to, to + begin + p.pad_left, 0.0f);
      std::copy(row + begin, row + end, to + begin + p.pad_left);
      std::fill(to + end + p.pad_left, to + plan.width, 0.0f);
    }
  }
}

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p);
  const Clamp clamp = ClampOf(p.epilogue);
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + plan.n_blocks * kBlock * plan.taps;
  int64_t* offsets = static_cast<int64_t*>(args.scratch);
  for (int64_t tap = 0; tap < plan.taps; ++tap) {
    offsets[tap] = tap / p.kernel_w * plan.width + tap % p.kernel_w * p.dilation_w;
  }
  float* buffers = static_cast<float*>(args.scratch) + plan.OffsetFloats();
  const int step = p.max_pool ? 2 : 1;  // rows of outputs to a row that is written
  const int64_t rows = p.out_height / step, row_floats = p.out_width / step * int64_t{kBlock};
  const int64_t plane = rows * row_floats;
  pool.ParallelFor(p.batch * rows, [&](int64_t item, int worker) {
    const int64_t image = item / rows, y = item % rows;
    float* lines = buffers + worker * plan.LineFloats(p);
    float* below = lines + plan.lines * plan.width;
    const float* input = args.input + image * args.input_batch_stride;
    CopyLines(p, plan, input, y * step, lines);
    if (p.max_pool) CopyLines(p, plan, input, y * step + 1, below);
    for (int64_t n = 0; n < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - n);
      const int64_t at = n * plane + y * row_floats;
      FewInTile tile;
      tile.a = lines;
      tile.offsets = offsets;
      tile.taps = plan.taps;
      tile.stride = p.stride_w;
      tile.rows = p.out_width;
      tile.b = weights + n * kBlock * plan.taps;
      tile.bias = bias + n * kBlock;
      tile.c = args.output + image * args.output_batch_stride + at;
      tile.c_block_stride = plane;
      if (p.epilogue.residual) {
        tile.residual = args.residual + image * args.residual_batch_stride + at;
        tile.residual_block_stride = plane;
      }
      tile.lo = clamp.lo;
      tile.hi = clamp.hi;
      if (p.max_pool) {
        PEEL_DISPATCH(FewInPooled)(panel, tile, below);
      } else {
        PEEL_DISPATCH(FewIn)(panel, tile);
      }
      n += panel;
    }
  });
  if (!p.max_pool) FinishEpilogue(p, args, pool);
}

}  // namespace

const ConvKernel kDirectFewIn = {"direct_few_in", Reject, Cost, PackedBytes, Pack,
                                 ScratchBytes,    Run};

}  // namespace peel::engine
#endif
