#include <cmath>
#include <vector>

#include "src/engine/kernels/bytes/qconv_common.h"

namespace peel::engine {
namespace {

std::string Reject(const QConvProblem& q) {
  const ConvProblem& p = q.conv;
  if (auto why = RejectQConv(q); !why.empty()) return why;
  if (p.out_layout != Layout::kBlocked) return "gives a blocked output";
  if (auto why = RejectUnlessWholeBlocks(p); !why.empty()) return why;
  // Channels past the last must be 0 in a float tensor.
  const Clamp clamp = ClampOf(p.epilogue);
  if (q.to_float && p.out_channels % kBlock != 0 && (clamp.lo > 0 || clamp.hi < 0)) {
    return "clamps away from 0";
  }
  return "";
}

ConvBands PlanOf(const QConvProblem& q, const QGemm& gemm, int threads) {
  return {q.conv, gemm.pixel_bytes(), gemm.group == 4 && q.conv.in_layout == Layout::kBlocked,
          threads};
}

// Packed: multipliers, biases, then weights, each for all channels of whole blocks.
struct Packed {
  Packed(const QConvProblem& q, const QGemm& gemm) {
    const ConvBands plan = PlanOf(q, gemm, 1);
    channels = plan.n_blocks * q.conv.groups * kBlock;
    filter_bytes = plan.taps * plan.k_blocks * SegmentGroups(q.conv, gemm) * 4;
    weights_at = channels * 8;
    bytes = static_cast<size_t>(weights_at + channels * filter_bytes);
  }
  int64_t channels, filter_bytes, weights_at;
  size_t bytes;
};

size_t PackedBytes(const QConvProblem& q) { return Packed(q, GetQGemm()).bytes; }

double Cost(const QConvProblem& q, int threads) {
  const ConvProblem& p = q.conv;
  const QGemm& gemm = GetQGemm();
  const ConvBands plan = PlanOf(q, gemm, threads);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double terms =
      static_cast<double>(plan.taps * plan.k_blocks) * SegmentGroups(p, gemm) * gemm.group;
  const double multiply_adds =
      pixels * terms * static_cast<double>(plan.n_blocks * kBlock * p.groups);
  const double bytes =
      static_cast<double>(PackedBytes(q)) +
      static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p))) +
      static_cast<double>(TensorFloats(Layout::kBlocked, OutputShape(p))) * (q.to_float ? 4 : 1);
  return EstimateQConvMs(multiply_adds, bytes, threads) + 0.002;
}

void Pack(const QConvProblem& q, const int8_t* weights, const int32_t* bias,
          const float* multiplier, void* packed) {
  const ConvProblem& p = q.conv;
  const QGemm& gemm = GetQGemm();
  const ConvBands plan = PlanOf(q, gemm, 1);
  const Packed form(q, gemm);
  std::memset(packed, 0, form.bytes);
  auto* scales = static_cast<float*>(packed);
  auto* biases = static_cast<int32_t*>(packed) + form.channels;
  auto* start = static_cast<uint8_t*>(packed) + form.weights_at;
  const int group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  const int64_t segment_groups = SegmentGroups(p, gemm), group = gemm.group;
  for (int g = 0; g < p.groups; ++g) {
    for (int64_t block = 0; block < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - block);
      const int64_t wide = int64_t{panel} * kBlock, first = (g * plan.n_blocks + block) * kBlock;
      uint8_t* b = start + first * form.filter_bytes;
      const int64_t last = std::min<int64_t>(group_out - block * kBlock, wide);
      for (int64_t j = 0; j < last; ++j) {
        const int64_t filter = int64_t{g} * group_out + block * kBlock + j;
        const int8_t* w = weights + filter * group_in * plan.taps;
        int64_t sum = 0;
        for (int64_t c = 0; c < group_in; ++c) {
          for (int64_t tap = 0; tap < plan.taps; ++tap) {
            const int8_t value = w[c * plan.taps + tap];
            sum += value;
            const int64_t segment = tap * plan.k_blocks + c / kBlock, in = c % kBlock;
            const int64_t at =
                ((segment * segment_groups + in / group) * wide + j) * group + in % group;
            if (group == 4) {
              reinterpret_cast<int8_t*>(b)[at] = value;
            } else {
              // A weight, no character: its sign is meant.
              reinterpret_cast<int16_t*>(b)[at] = value;  // NOLINT(bugprone-signed-char-misuse)
            }
          }
        }
        // sum of w * (x - zero), by what the micro-kernel adds up.
        const int64_t constant = (gemm.offset - q.x_zero) * sum + (bias ? bias[filter] : 0);
        biases[first + j] = static_cast<int32_t>(constant);
        scales[first + j] = multiplier[filter];
      }
      block += panel;
    }
  }
}

size_t ScratchBytes(const QConvProblem& q, int threads) {
  return PlanOf(q, GetQGemm(), threads).scratch_bytes();
}

void Run(const QConvProblem& q, const QConvArgs& args, ThreadPool& pool) {
  const ConvProblem& p = q.conv;
  const QGemm& gemm = GetQGemm();
  const ConvBands plan = PlanOf(q, gemm, pool.size());
  const Packed form(q, gemm);
  auto* offsets = static_cast<int64_t*>(args.scratch);
  plan.FillOffsets(p, 1, offsets);
  QTile common;
  common.offsets = offsets;
  common.segments = plan.taps * plan.k_blocks;
  common.groups = SegmentGroups(p, gemm);
  const Clamp clamp = ClampOf(p.epilogue);
  common.lo = q.to_float ? clamp.lo : q.range.least();
  common.hi = q.to_float ? clamp.hi : q.range.most();
  common.zero = q.range.zero;
  common.output = q.to_float ? QOutput::kFloat : QOutput::kByte;
  common.c_block_stride = int64_t{p.out_height} * p.out_width * kBlock;
  const auto* scales = static_cast<const float*>(args.packed);
  const auto* biases = static_cast<const int32_t*>(args.packed) + form.channels;
  const auto* weights = static_cast<const uint8_t*>(args.packed) + form.weights_at;
  const int64_t element = q.to_float ? 4 : 1;
  RunConvBands(
      p, plan, ByteSource(q, args, gemm),
      [&](int image) { return args.input + image * args.input_batch_stride; },
      gemm.Panel(plan.n_blocks), static_cast<uint8_t*>(args.scratch) + plan.offset_bytes(), pool,
      [&](const BandJob& job) {
        for (int64_t n = job.first; n < job.last;) {
          const int panel = gemm.Panel(plan.n_blocks - n);
          const int64_t block = job.group * plan.n_blocks + n;
          QTile tile = common;
          tile.rows = job.pixels;
          tile.b = weights + block * kBlock * form.filter_bytes;
          tile.bias = biases + block * kBlock;
          tile.multiplier = scales + block * kBlock;
          for (int64_t r = 0; r < job.output_rows; ++r) {
            const int64_t at = job.image * args.output_batch_stride +
                               block * common.c_block_stride +
                               (job.output_at + r * p.out_width) * kBlock;
            tile.a = job.a + r * job.row_step;
            tile.c = static_cast<uint8_t*>(args.output) + at * element;
            gemm.Run(panel, tile);
          }
          n += panel;
        }
      });
}

}  // namespace

const QConvKernel kQConvDirect = {"qconv_direct", Reject,       Cost, PackedBytes,
                                  Pack,           ScratchBytes, Run};

}  // namespace peel::engine
