#include "src/engine/kernels/conv/conv_transpose.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/gemm/block_gemm.h"

namespace peel::engine {
namespace {

// Along one axis, output position o takes input i and tap k where o = i * stride - pad + k *
// dilation. The outputs of one phase o mod stride share their taps; tap k reads input o / stride +
// shift, the same shift for the whole phase.
struct PhaseTap {
  int tap;
  int shift;
};

int PhaseTaps(int phase, int kernel, int stride, int dilation, int pad, PhaseTap* taps) {
  int count = 0;
  for (int k = 0; k < kernel; ++k) {
    const int at = phase + pad - k * dilation;
    if (((at % stride) + stride) % stride != 0) continue;
    if (taps != nullptr) taps[count] = {k, at >= 0 ? at / stride : -(-at / stride)};
    ++count;
  }
  return count;
}

constexpr int kMostTaps = 64;  // along one axis

struct Plan {
  explicit Plan(const ConvProblem& p)
      : k_blocks(ChannelBlocks(p.in_channels)), n_blocks(ChannelBlocks(p.out_channels)) {
    // The input is copied once with a frame of zeros as wide as any shift reaches.
    const auto frame = [](int out, int in, int kernel, int stride, int dilation, int pad,
                          int* before, int* extent) {
      PhaseTap phase_taps[kMostTaps];
      int least = 0, most = in - 1;
      for (int phase = 0; phase < std::min(stride, out); ++phase) {
        const int n = PhaseTaps(phase, kernel, stride, dilation, pad, phase_taps);
        const int last = (out - 1 - phase) / stride;
        for (int i = 0; i < n; ++i) {
          least = std::min(least, phase_taps[i].shift);
          most = std::max(most, phase_taps[i].shift + last);
        }
      }
      *before = -least;
      *extent = most - least + 1;
    };
    frame(p.out_height, p.in_height, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top, &before_y,
          &rows);
    frame(p.out_width, p.in_width, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left, &before_x,
          &columns);
    phase_columns = DivideUp(p.out_width, p.stride_w);
    taps = int64_t{p.kernel_h} * p.kernel_w;
  }
  int64_t k_blocks, n_blocks, taps;
  int before_y = 0, before_x = 0, rows = 0, columns = 0;  // of the framed copy
  int64_t phase_columns;
  int64_t CopyFloats() const { return k_blocks * rows * columns * kBlock; }
  int64_t OffsetFloats() const { return RoundUp(taps * k_blocks * 2, int64_t{kBlock}); }
  int64_t RowFloats() const { return 4 * phase_columns * kBlock; }
};

// Pixels of one phase's row, made in a line of their own, to where they belong in the output.
struct PhaseRow {
  const float* line;
  int64_t line_stride;  // floats from a block of channels to the next
  int64_t first;        // block of channels
  int blocks;
  int image;
  int64_t y, x;  // of the first pixel; the next are stride_w apart
  int64_t pixels;
};

void Scatter(const ConvProblem& p, const ConvArgs& args, const Clamp& clamp, const PhaseRow& row) {
  const int64_t out_row = int64_t{p.out_width} * kBlock, out_plane = p.out_height * out_row;
  for (int block = 0; block < row.blocks; ++block) {
    const int64_t at = (row.first + block) * out_plane + row.y * out_row + row.x * kBlock;
    float* out = args.output + row.image * args.output_batch_stride + at;
    const float* from = row.line + block * row.line_stride;
    for (int64_t x = 0; x < row.pixels; ++x) {
      float* pixel = out + x * p.stride_w * kBlock;
      std::copy(from + x * kBlock, from + (x + 1) * kBlock, pixel);
      if (!p.epilogue.residual) continue;
      const float* more =
          args.residual + row.image * args.residual_batch_stride + at + x * p.stride_w * kBlock;
      for (int i = 0; i < kBlock; ++i) {
        pixel[i] = std::min(clamp.hi, std::max(clamp.lo, pixel[i] + more[i]));
      }
    }
  }
}

}  // namespace

std::string RejectConvTranspose(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked); !why.empty()) {
    return why;
  }
  if (p.groups != 1) return "has groups";
  if (p.kernel_h > kMostTaps || p.kernel_w > kMostTaps) return "kernel is larger than 64";
  return "";
}

size_t ConvTransposePackedBytes(const ConvProblem& p) {
  const Plan plan(p);
  return static_cast<size_t>(plan.n_blocks * kBlock * (plan.taps * plan.k_blocks * kBlock + 1)) *
         sizeof(float);
}

// Phase after phase, each packed as an ordinary convolution over its own taps.
void PackConvTranspose(const ConvProblem& p, const float* weights, const float* bias,
                       void* packed) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p);
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, ConvTransposePackedBytes(p));
  PhaseTap ty[kMostTaps], tx[kMostTaps];
  for (int phase_y = 0; phase_y < p.stride_h; ++phase_y) {
    const int ny = PhaseTaps(phase_y, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top, ty);
    for (int phase_x = 0; phase_x < p.stride_w; ++phase_x) {
      const int nx = PhaseTaps(phase_x, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left, tx);
      const int64_t k = int64_t{ny} * nx * plan.k_blocks * kBlock;
      for (int64_t block = 0; block < plan.n_blocks;) {
        const int panel = gemm.Panel(plan.n_blocks - block);
        const int64_t wide = int64_t{panel} * kBlock;
        const int64_t last = std::min<int64_t>(p.out_channels - block * kBlock, wide);
        for (int i = 0; i < ny * nx; ++i) {
          const int tap = ty[i / nx].tap * p.kernel_w + tx[i % nx].tap;
          for (int64_t c = 0; c < p.in_channels; ++c) {
            float* row = to + (i * plan.k_blocks * kBlock + c) * wide;
            for (int64_t j = 0; j < last; ++j) {
              row[j] = weights[(c * p.out_channels + block * kBlock + j) * plan.taps + tap];
            }
          }
        }
        to += k * wide;
        block += panel;
      }
    }
  }
  if (bias != nullptr) {
    std::memcpy(to, bias, static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

size_t ConvTransposeScratchBytes(const ConvProblem& p, int threads) {
  const Plan plan(p);
  return static_cast<size_t>(plan.OffsetFloats() + plan.CopyFloats() + threads * plan.RowFloats()) *
         sizeof(float);
}

void RunConvTranspose(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p);
  const Clamp clamp = ClampOf(p.epilogue);
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + plan.n_blocks * kBlock * plan.taps * plan.k_blocks * kBlock;
  int64_t* offsets = static_cast<int64_t*>(args.scratch);
  float* copy = static_cast<float*>(args.scratch) + plan.OffsetFloats();
  float* lines = copy + plan.CopyFloats();
  const int64_t copy_row = int64_t{plan.columns} * kBlock, copy_plane = plan.rows * copy_row;
  const int64_t in_row = int64_t{p.in_width} * kBlock;
  PhaseTap ty[kMostTaps], tx[kMostTaps];
  for (int image = 0; image < p.batch; ++image) {
    pool.ParallelFor(plan.k_blocks * plan.rows, [&](int64_t item, int) {
      const int64_t block = item / plan.rows, row = item % plan.rows, y = row - plan.before_y;
      float* to = copy + block * copy_plane + row * copy_row;
      std::fill(to, to + copy_row, 0.0f);
      if (y < 0 || y >= p.in_height) return;
      const float* from =
          args.input + image * args.input_batch_stride + (block * p.in_height + y) * in_row;
      std::copy(from, from + in_row, to + int64_t{plan.before_x} * kBlock);
    });
    const float* phase_weights = weights;
    for (int phase_y = 0; phase_y < p.stride_h; ++phase_y) {
      const int ny = PhaseTaps(phase_y, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top, ty);
      for (int phase_x = 0; phase_x < p.stride_w; ++phase_x) {
        const int nx = PhaseTaps(phase_x, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left, tx);
        const int64_t k = int64_t{ny} * nx * plan.k_blocks * kBlock;
        const float* b = phase_weights;
        phase_weights += k * plan.n_blocks * kBlock;
        if (phase_y >= p.out_height || phase_x >= p.out_width) continue;
        int64_t* next = offsets;
        for (int i = 0; i < ny * nx; ++i) {
          const int64_t tap = (ty[i / nx].shift + plan.before_y) * copy_row +
                              (tx[i % nx].shift + plan.before_x) * int64_t{kBlock};
          for (int64_t block = 0; block < plan.k_blocks; ++block) {
            *next++ = tap + block * copy_plane;
          }
        }
        const int64_t phase_rows = DivideUp(p.out_height - phase_y, p.stride_h);
        const int64_t phase_columns = DivideUp(p.out_width - phase_x, p.stride_w);
        pool.ParallelFor(phase_rows, [&](int64_t row, int worker) {
          float* line = lines + worker * plan.RowFloats();
          for (int64_t n = 0; n < plan.n_blocks;) {
            const int panel = gemm.Panel(plan.n_blocks - n);
            BlockTile tile;
            tile.a = copy + row * copy_row;
            tile.offsets = offsets;
            tile.segments = int64_t{ny} * nx * plan.k_blocks;
            tile.rows = phase_columns;
            tile.b = b + n * kBlock * k;
            tile.c = line;
            tile.c_block_stride = plan.phase_columns * kBlock;
            tile.bias = bias + n * kBlock;
            tile.lo = p.epilogue.residual ? -HUGE_VALF : clamp.lo;
            tile.hi = p.epilogue.residual ? HUGE_VALF : clamp.hi;
            gemm.Run(panel, tile);
            Scatter(p, args, clamp,
                    {.line = line,
                     .line_stride = tile.c_block_stride,
                     .first = n,
                     .blocks = panel,
                     .image = image,
                     .y = row * p.stride_h + phase_y,
                     .x = phase_x,
                     .pixels = phase_columns});
            n += panel;
          }
        });
      }
    }
  }
  FinishEpilogue(p, args, pool);
}

}  // namespace peel::engine
