#include <algorithm>
#include <cstring>

#include "src/engine/kernels/block_gemm.h"
#include "src/engine/kernels/conv_common.h"

namespace peel::engine {
namespace {

// A plain image of few channels to a blocked output: first layers. One row of outputs at a time has
// its patches laid out in segments of 16 taps, which the shared inner product takes as channels.

constexpr int kMostChannels = 8;

struct Plan {
  explicit Plan(const ConvProblem& p)
      : taps(int64_t{p.in_channels} * p.kernel_h * p.kernel_w),
        segments(DivideUp(taps, kBlock)),
        n_blocks(ChannelBlocks(p.out_channels)),
        padded_width(RoundUp(
            int64_t{p.out_width - 1} * p.stride_w + int64_t{p.kernel_w - 1} * p.dilation_w + 1,
            int64_t{kBlock})) {}
  int64_t taps, segments, n_blocks;
  int64_t padded_width;  // floats of an input row with its padding
  int64_t OffsetFloats() const { return RoundUp(segments * 2, int64_t{kBlock}); }
  int64_t PatchFloats(const ConvProblem& p) const { return segments * p.out_width * kBlock; }
};

std::string Reject(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kPlain, Layout::kBlocked); !why.empty()) return why;
  if (p.groups != 1) return "has groups";
  if (p.in_channels > kMostChannels) return "more than 8 input channels";
  return "";
}

size_t PackedBytes(const ConvProblem& p) {
  const Plan plan(p);
  return static_cast<size_t>(plan.n_blocks * kBlock * (plan.segments * kBlock + 1)) * sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const Plan plan(p);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double products = pixels * static_cast<double>(plan.segments * plan.n_blocks) * 256;
  // Laying out a tap costs about as much as a vector of products.
  const double layout = pixels * static_cast<double>(plan.segments) * 256;
  return EstimateMs(products + layout, 0.8, pixels * static_cast<double>(plan.n_blocks) * 64,
                    threads);
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
    float* b = to + block * kBlock * plan.segments * kBlock;
    for (int64_t j = 0; j < last; ++j) {
      for (int64_t tap = 0; tap < plan.taps; ++tap) {
        b[tap * wide + j] = weights[(block * kBlock + j) * plan.taps + tap];
      }
    }
    block += panel;
  }
  if (bias != nullptr) {
    std::memcpy(to + plan.n_blocks * kBlock * plan.segments * kBlock, bias,
                static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

size_t ScratchBytes(const ConvProblem& p, int threads) {
  const Plan plan(p);
  return static_cast<size_t>(plan.OffsetFloats() +
                             threads * (plan.padded_width + plan.PatchFloats(p))) *
         sizeof(float);
}

// The patches of output row y: [segment][pixel][16], taps in the order of the weights.
void LayOut(const ConvProblem& p, const Plan& plan, const float* image, int64_t y, float* padded,
            float* patches) {
  const int64_t unused = plan.segments * kBlock - plan.taps;
  if (unused > 0) {
    float* last = patches + (plan.segments - 1) * p.out_width * kBlock;
    for (int64_t x = 0; x < p.out_width; ++x) {
      std::fill(last + (x + 1) * kBlock - unused, last + (x + 1) * kBlock, 0.0f);
    }
  }
  int64_t tap = 0;
  for (int c = 0; c < p.in_channels; ++c) {
    for (int ky = 0; ky < p.kernel_h; ++ky) {
      const int64_t from_y = y * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
      std::fill(padded, padded + plan.padded_width, 0.0f);
      if (from_y >= 0 && from_y < p.in_height) {
        const float* row = image + (int64_t{c} * p.in_height + from_y) * p.in_width;
        const int64_t begin = std::max(0, -p.pad_left);
        const int64_t end = std::min<int64_t>(p.in_width, plan.padded_width - p.pad_left);
        if (end > begin) std::copy(row + begin, row + end, padded + begin + p.pad_left);
      }
      for (int kx = 0; kx < p.kernel_w; ++kx, ++tap) {
        const float* from = padded + int64_t{kx} * p.dilation_w;
        float* to = patches + tap / kBlock * p.out_width * kBlock + tap % kBlock;
        for (int64_t x = 0; x < p.out_width; ++x) to[x * kBlock] = from[x * p.stride_w];
      }
    }
  }
}

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p);
  const Clamp clamp = ClampOf(p.epilogue);
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + plan.n_blocks * kBlock * plan.segments * kBlock;
  int64_t* offsets = static_cast<int64_t*>(args.scratch);
  for (int64_t s = 0; s < plan.segments; ++s) offsets[s] = s * p.out_width * kBlock;
  float* buffers = static_cast<float*>(args.scratch) + plan.OffsetFloats();
  const int64_t plane = int64_t{p.out_height} * p.out_width * kBlock;
  pool.ParallelFor(int64_t{p.batch} * p.out_height, [&](int64_t item, int worker) {
    const int64_t image = item / p.out_height, y = item % p.out_height;
    float* padded = buffers + worker * (plan.padded_width + plan.PatchFloats(p));
    float* patches = padded + plan.padded_width;
    LayOut(p, plan, args.input + image * args.input_batch_stride, y, padded, patches);
    for (int64_t n = 0; n < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - n);
      const int64_t at = n * plane + y * p.out_width * kBlock;
      BlockTile tile;
      tile.a = patches;
      tile.offsets = offsets;
      tile.segments = plan.segments;
      tile.rows = p.out_width;
      tile.b = weights + n * kBlock * plan.segments * kBlock;
      tile.c = args.output + image * args.output_batch_stride + at;
      tile.c_block_stride = plane;
      tile.bias = bias + n * kBlock;
      if (p.epilogue.residual) {
        tile.residual = args.residual + image * args.residual_batch_stride + at;
        tile.residual_block_stride = plane;
      }
      tile.lo = clamp.lo;
      tile.hi = clamp.hi;
      gemm.Run(panel, tile);
      n += panel;
    }
  });
  FinishEpilogue(p, args, pool);
}

}  // namespace

const ConvKernel kDirectFewIn = {"direct_few_in", Reject, Cost, PackedBytes, Pack,
                                 ScratchBytes,    Run};

}  // namespace peel::engine
