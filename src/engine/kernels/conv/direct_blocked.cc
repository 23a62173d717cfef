#include <cmath>
#include <cstring>

#include "src/engine/kernels/conv/conv_bands.h"
#include "src/engine/kernels/gemm/block_gemm.h"

namespace peel::engine {
namespace {

// A direct convolution in float32: the bands of conv_bands.h, multiplied in blocks of 16 channels.

// Floats of B that a run over a row of tiles comes back to: a part of the second-level cache.
constexpr int64_t kWeightFloats = 32768;
constexpr int64_t kPixelBytes = kBlock * sizeof(float);
constexpr BandLimits kLimits = {.band_bytes = 256 << 10, .shared_bytes = 1 << 20};

ConvBands PlanOf(const ConvProblem& p, int threads) {
  return {p, kPixelBytes, true, threads, kLimits};
}

// A CopyBand source.
class FloatSource {
 public:
  FloatSource(const ConvProblem& p, const ConvArgs& args) : p_(p), args_(args) {}
  void Pad(uint8_t* to, int64_t pixels) const {
    std::memset(to, 0, static_cast<size_t>(pixels * kPixelBytes));
  }
  void Copy(int image, int64_t block, int64_t y, int64_t x, int64_t step, uint8_t* to,
            int64_t pixels) const {
    const float* from = args_.input + image * args_.input_batch_stride +
                        ((block * p_.in_height + y) * p_.in_width + x) * kBlock;
    if (step == 1) {
      std::memcpy(to, from, static_cast<size_t>(pixels * kPixelBytes));
      return;
    }
    for (int64_t i = 0; i < pixels; ++i) {
      std::memcpy(to + i * kPixelBytes, from + i * step * kBlock, kPixelBytes);
    }
  }

 private:
  const ConvProblem& p_;
  const ConvArgs& args_;
};

std::string Reject(const ConvProblem& p) { return RejectUnlessBlocked(p); }

size_t PackedBytes(const ConvProblem& p) {
  const ConvBands plan = PlanOf(p, 1);
  const int64_t n = plan.n_blocks * p.groups * kBlock;
  return static_cast<size_t>(n * (plan.k() + 1)) * sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const ConvBands plan = PlanOf(p, threads);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double multiply_adds = pixels * static_cast<double>(plan.k()) *
                               static_cast<double>(plan.n_blocks * kBlock * p.groups);
  const double bytes = static_cast<double>(PackedBytes(p)) +
                       4.0 * static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p)) +
                                                 TensorFloats(Layout::kBlocked, OutputShape(p)));
  return EstimateMs(multiply_adds, 0.85, bytes, threads);
}

void Pack(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  const BlockGemm& gemm = GetBlockGemm();
  const ConvBands plan = PlanOf(p, 1);
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, PackedBytes(p));
  const int group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  for (int g = 0; g < p.groups; ++g) {
    for (int64_t block = 0; block < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - block);
      const int64_t wide = int64_t{panel} * kBlock;
      const int64_t last = std::min<int64_t>(group_out - block * kBlock, wide);
      float* b = to + (g * plan.n_blocks + block) * kBlock * plan.k();
      for (int64_t j = 0; j < last; ++j) {
        const float* w =
            weights + (int64_t{g} * group_out + block * kBlock + j) * group_in * plan.taps;
        for (int64_t c = 0; c < group_in; ++c) {
          for (int64_t tap = 0; tap < plan.taps; ++tap) {
            b[(tap * plan.k_blocks * kBlock + c) * wide + j] = w[c * plan.taps + tap];
          }
        }
      }
      block += panel;
    }
  }
  if (bias != nullptr) {
    std::memcpy(to + plan.n_blocks * p.groups * kBlock * plan.k(), bias,
                static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

size_t ScratchBytes(const ConvProblem& p, int threads) {
  return PlanOf(p, threads).scratch_bytes();
}

void Multiply(const ConvProblem& p, const ConvArgs& args, const ConvBands& plan,
              const BlockGemm& gemm, const int64_t* offsets, const BandJob& job) {
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + plan.n_blocks * p.groups * kBlock * plan.k();
  const Clamp clamp = ClampOf(p.epilogue);
  const int64_t plane = int64_t{p.out_height} * p.out_width * kBlock;
  const int64_t segments = plan.taps * plan.k_blocks;
  for (int64_t n = job.first; n < job.last;) {
    const int panel = gemm.Panel(plan.n_blocks - n);
    const int64_t block = job.group * plan.n_blocks + n;
    const int64_t chunk = std::max<int64_t>(kWeightFloats / (int64_t{panel} * kBlock * kBlock), 1);
    for (int64_t s = 0; s < segments; s += chunk) {
      BlockTile tile;
      tile.offsets = offsets + s;
      tile.segments = std::min(chunk, segments - s);
      tile.rows = job.pixels;
      tile.b = weights + block * kBlock * plan.k() + s * kBlock * panel * kBlock;
      tile.c_block_stride = plane;
      const bool is_first = s == 0, is_last = s + chunk >= segments;
      tile.lo = is_last ? clamp.lo : -HUGE_VALF;
      tile.hi = is_last ? clamp.hi : HUGE_VALF;
      if (is_first) tile.bias = bias + block * kBlock;
      for (int64_t r = 0; r < job.output_rows; ++r) {
        const int64_t at = block * plane + (job.output_at + r * p.out_width) * kBlock;
        tile.a = reinterpret_cast<const float*>(job.a + r * job.row_step);
        tile.c = args.output + job.image * args.output_batch_stride + at;
        if (!is_first) {
          tile.residual = tile.c;
          tile.residual_block_stride = plane;
        } else if (p.epilogue.residual) {
          tile.residual = args.residual + job.image * args.residual_batch_stride + at;
          tile.residual_block_stride = plane;
        }
        gemm.Run(panel, tile);
      }
    }
    n += panel;
  }
}

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const ConvBands plan = PlanOf(p, pool.size());
  auto* offsets = static_cast<int64_t*>(args.scratch);
  plan.FillOffsets(p, sizeof(float), offsets);
  RunConvBands(
      p, plan, FloatSource(p, args),
      [&](int image) {
        return reinterpret_cast<const uint8_t*>(args.input + image * args.input_batch_stride);
      },
      gemm.Panel(plan.n_blocks), static_cast<uint8_t*>(args.scratch) + plan.offset_bytes(), pool,
      [&](const BandJob& job) { Multiply(p, args, plan, gemm, offsets, job); });
  FinishEpilogue(p, args, pool);
}

}  // namespace

const ConvKernel kDirectBlocked = {"direct_blocked", Reject, Cost, PackedBytes, Pack,
                                   ScratchBytes,     Run};

}  // namespace peel::engine
