#include "src/engine/kernels/conv/direct_bf16.h"

#include <cmath>
#include <cstring>

#include "src/base/float16.h"
#include "src/engine/graph/tensor.h"
#include "src/engine/kernels/conv/conv_bands.h"
#include "src/engine/kernels/gemm/bf16_gemm.h"

namespace peel::engine {
namespace {

// A direct convolution whose operands are rounded to bfloat16: weights when they are packed,
// activations on their way into the copied bands. Twice float32's products an instruction, and
// float32's sums; half the bytes of weights.

constexpr int64_t kPixelBytes = int64_t{kBlock} * 2;

// A CopyBand source.
class RoundedSource {
 public:
  RoundedSource(const ConvProblem& p, const ConvArgs& args, const Bf16Gemm& gemm)
      : p_(p), args_(args), gemm_(gemm) {}
  void Pad(uint8_t* to, int64_t pixels) const {
    std::memset(to, 0, static_cast<size_t>(pixels * kPixelBytes));
  }
  void Copy(int image, int64_t block, int64_t y, int64_t x, int64_t step, uint8_t* to,
            int64_t pixels) const {
    const float* from = args_.input + image * args_.input_batch_stride +
                        ((block * p_.in_height + y) * p_.in_width + x) * kBlock;
    auto* rounded = reinterpret_cast<uint16_t*>(to);
    if (step == 1) {
      gemm_.round(from, pixels * kBlock, rounded);
      return;
    }
    for (int64_t i = 0; i < pixels; ++i) {
      gemm_.round(from + i * step * kBlock, kBlock, rounded + i * kBlock);
    }
  }

 private:
  const ConvProblem& p_;
  const ConvArgs& args_;
  const Bf16Gemm& gemm_;
};

ConvBands PlanOf(const ConvProblem& p, int threads) { return {p, kPixelBytes, false, threads}; }

std::string Reject(const ConvProblem& p) {
  if (GetBf16Gemm() == nullptr) return "this CPU multiplies no bfloat16";
  return RejectUnlessBlocked(p);
}

// Packed: bias for all channels of whole blocks, then weights.
int64_t Channels(const ConvProblem& p, const ConvBands& plan) {
  return plan.n_blocks * p.groups * kBlock;
}

size_t PackedBytes(const ConvProblem& p) {
  const ConvBands plan = PlanOf(p, 1);
  return static_cast<size_t>(Channels(p, plan) * (4 + 2 * plan.k()));
}

double Cost(const ConvProblem& p, int threads) {
  const ConvBands plan = PlanOf(p, threads);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double multiply_adds =
      pixels * static_cast<double>(plan.k()) * static_cast<double>(Channels(p, plan));
  const double bytes = static_cast<double>(PackedBytes(p)) +
                       4.0 * static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p)) +
                                                 TensorFloats(Layout::kBlocked, OutputShape(p)));
  return EstimateMs(multiply_adds / 2, 0.85, bytes, threads);
}

void Pack(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  const Bf16Gemm& gemm = *GetBf16Gemm();
  const ConvBands plan = PlanOf(p, 1);
  std::memset(packed, 0, PackedBytes(p));
  auto* biases = static_cast<float*>(packed);
  auto* start = reinterpret_cast<uint16_t*>(biases + Channels(p, plan));
  const int group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  for (int g = 0; g < p.groups; ++g) {
    for (int64_t block = 0; block < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - block);
      const int64_t wide = int64_t{panel} * kBlock, first = (g * plan.n_blocks + block) * kBlock;
      uint16_t* b = start + first * plan.k();
      const int64_t last = std::min<int64_t>(group_out - block * kBlock, wide);
      for (int64_t j = 0; j < last; ++j) {
        const int64_t filter = int64_t{g} * group_out + block * kBlock + j;
        const float* w = weights + filter * group_in * plan.taps;
        for (int64_t c = 0; c < group_in; ++c) {
          for (int64_t tap = 0; tap < plan.taps; ++tap) {
            const int64_t k = tap * plan.k_blocks * kBlock + c;
            b[(k / 2 * wide + j) * 2 + k % 2] = FloatToBfloat16(w[c * plan.taps + tap]);
          }
        }
        if (bias != nullptr) biases[first + j] = bias[filter];
      }
      block += panel;
    }
  }
}

size_t ScratchBytes(const ConvProblem& p, int threads) {
  return PlanOf(p, threads).scratch_bytes();
}

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const Bf16Gemm& gemm = *GetBf16Gemm();
  const ConvBands plan = PlanOf(p, pool.size());
  auto* offsets = static_cast<int64_t*>(args.scratch);
  plan.FillOffsets(p, 1, offsets);
  Bf16Tile common;
  common.offsets = offsets;
  common.segments = plan.taps * plan.k_blocks;
  const Clamp clamp = ClampOf(p.epilogue);
  common.lo = clamp.lo;
  common.hi = clamp.hi;
  common.c_block_stride = int64_t{p.out_height} * p.out_width * kBlock;
  const auto* biases = static_cast<const float*>(args.packed);
  const auto* weights = reinterpret_cast<const uint16_t*>(biases + Channels(p, plan));
  RunConvBands(
      p, plan, RoundedSource(p, args, gemm),
      [](int) -> const uint8_t* { return nullptr; },  // never flat
      gemm.Panel(plan.n_blocks), static_cast<uint8_t*>(args.scratch) + plan.offset_bytes(), pool,
      [&](const BandJob& job) {
        for (int64_t n = job.first; n < job.last;) {
          const int panel = gemm.Panel(plan.n_blocks - n);
          const int64_t block = job.group * plan.n_blocks + n;
          Bf16Tile tile = common;
          tile.rows = job.pixels;
          tile.b = weights + block * kBlock * plan.k();
          tile.bias = biases + block * kBlock;
          for (int64_t r = 0; r < job.output_rows; ++r) {
            const int64_t at =
                block * common.c_block_stride + (job.output_at + r * p.out_width) * kBlock;
            tile.a = job.a + r * job.row_step;
            tile.c = args.output + job.image * args.output_batch_stride + at;
            if (p.epilogue.residual) {
              tile.residual = args.residual + job.image * args.residual_batch_stride + at;
            }
            gemm.Run(panel, tile);
          }
          n += panel;
        }
      });
  FinishEpilogue(p, args, pool);
}

constexpr ConvKernel kDirectBf16 = {"direct_bf16", Reject,       Cost, PackedBytes,
                                    Pack,          ScratchBytes, Run};

}  // namespace

std::span<const ConvKernel> Bf16ConvKernels() { return {&kDirectBf16, 1}; }

}  // namespace peel::engine
