#include <cmath>

#include "src/engine/kernels/bytes/qconv_common.h"

namespace peel::engine {
namespace {

// A convolution with so few filters that the products of all taps and filters fit a few vectors: a
// 1×1 convolution gives, for every pixel of the padded input, what it adds through each tap to each
// filter, and an output is the sum of what its taps' pixels have for it. One pass over the input
// instead of one a tap, with the vectors filled.

constexpr int kMostColumns = 4 * kBlock;
// Output rows of a band: its sums stay in the second-level cache.
constexpr int64_t kBandBytes = 256 << 10;

int Columns(const ConvProblem& p) { return p.kernel_h * p.kernel_w * p.out_channels; }

// The padded input as a 1×1 problem sees it, and the bands of it.
struct Plan {
  Plan(const QConvProblem& q, const QGemm& gemm, int threads) {
    const ConvProblem& p = q.conv;
    pixel_bytes = gemm.pixel_bytes();
    k_blocks = ChannelBlocks(p.in_channels);
    n_blocks = ChannelBlocks(Columns(p));
    columns = p.out_width + int64_t{p.kernel_w - 1} * p.dilation_w;
    halo = (p.kernel_h - 1) * p.dilation_h;
    const int64_t row = columns * (n_blocks * kBlock * 4 + k_blocks * pixel_bytes);
    rows = std::clamp<int64_t>(kBandBytes / row - halo, 1, p.out_height);
    rows = std::min(rows, std::max<int64_t>(DivideUp(p.out_height, int64_t{threads} * 2), 4));
    bands = DivideUp(p.out_height, rows);
    copy_bytes = RoundUp((rows + halo) * columns * k_blocks * pixel_bytes, int64_t{64});
    sum_bytes = (rows + halo) * columns * n_blocks * kBlock * 4;
    offset_bytes = RoundUp(k_blocks * 8, int64_t{64});
  }
  int64_t pixel_bytes, k_blocks, n_blocks, columns, halo, rows, bands;
  int64_t copy_bytes, sum_bytes, offset_bytes;
};

std::string Reject(const QConvProblem& q) {
  const ConvProblem& p = q.conv;
  if (auto why = RejectQConv(q); !why.empty()) return why;
  if (p.out_layout != Layout::kPlain) return "gives a plain output";
  if (p.groups != 1) return "takes one group";
  if (p.stride_h != 1 || p.stride_w != 1) return "takes no stride";
  if (Columns(p) > kMostColumns) return "more than 64 taps of all filters";
  return "";
}

// Packed: bias and multiplier of the filters, zeros and ones of the 1×1 problem, weights.
constexpr int64_t kWeightsAt = int64_t{4} * kMostColumns * 4;

size_t PackedBytes(const QConvProblem& q) {
  const QGemm& gemm = GetQGemm();
  const Plan plan(q, gemm, 1);
  return static_cast<size_t>(kWeightsAt + plan.k_blocks * SegmentGroups(q.conv, gemm) * 4 *
                                              plan.n_blocks * kBlock);
}

double Cost(const QConvProblem& q, int threads) {
  const ConvProblem& p = q.conv;
  const Plan plan(q, GetQGemm(), threads);
  const double pixels = 1.0 * p.batch * p.out_height * p.out_width;
  const double multiply_adds =
      pixels * static_cast<double>(plan.k_blocks * kBlock * plan.n_blocks * kBlock);
  // Adding up the taps one number at a time, at about one a nanosecond.
  const double adding = pixels * Columns(p) * 1e-6 / threads;
  return EstimateQConvMs(multiply_adds, pixels * p.in_channels, threads) + adding + 0.002;
}

void Pack(const QConvProblem& q, const int8_t* weights, const int32_t* bias,
          const float* multiplier, void* packed) {
  const ConvProblem& p = q.conv;
  const QGemm& gemm = GetQGemm();
  const Plan plan(q, gemm, 1);
  std::memset(packed, 0, PackedBytes(q));
  auto* biases = static_cast<int32_t*>(packed);
  auto* scales = static_cast<float*>(packed) + kMostColumns;
  auto* b = static_cast<uint8_t*>(packed) + kWeightsAt;
  const int taps = p.kernel_h * p.kernel_w;
  const int64_t segment_groups = SegmentGroups(p, gemm), group = gemm.group;
  for (int filter = 0; filter < p.out_channels; ++filter) {
    const int8_t* w = weights + int64_t{filter} * p.in_channels * taps;
    int64_t sum = 0;
    for (int64_t c = 0; c < p.in_channels; ++c) {
      for (int tap = 0; tap < taps; ++tap) {
        const int8_t value = w[c * taps + tap];
        sum += value;
        // Which panel the column lies in, and where.
        const int64_t column = int64_t{tap} * p.out_channels + filter;
        int64_t first = 0;
        int panel = gemm.Panel(plan.n_blocks);
        while (column / kBlock >= first + panel) {
          first += panel;
          panel = gemm.Panel(plan.n_blocks - first);
        }
        const int64_t wide = int64_t{panel} * kBlock, in = c % kBlock;
        const int64_t panel_at = first * kBlock * plan.k_blocks * segment_groups * group;
        const int64_t at =
            panel_at +
            ((c / kBlock * segment_groups + in / group) * wide + (column - first * kBlock)) *
                group +
            in % group;
        if (group == 4) {
          reinterpret_cast<int8_t*>(b)[at] = value;
        } else {
          reinterpret_cast<int16_t*>(b)[at] = value;
        }
      }
    }
    const int64_t constant = (gemm.offset - q.x_zero) * sum + (bias ? bias[filter] : 0);
    biases[filter] = static_cast<int32_t>(constant);
    scales[filter] = multiplier[filter];
  }
}

size_t ScratchBytes(const QConvProblem& q, int threads) {
  const Plan plan(q, GetQGemm(), threads);
  return static_cast<size_t>(plan.offset_bytes + threads * (plan.copy_bytes + plan.sum_bytes));
}

// Adds up the taps of one row of one filter.
void AddTaps(const ConvProblem& p, const Plan& plan, const int32_t* sums, int64_t row, int filter,
             int32_t bias, int32_t* out) {
  std::fill_n(out, p.out_width, bias);
  const int64_t pixels = (plan.rows + plan.halo) * plan.columns;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int column = (ky * p.kernel_w + kx) * p.out_channels + filter;
      const int32_t* from = sums + column / kBlock * pixels * kBlock + column % kBlock +
                            ((row + ky * p.dilation_h) * plan.columns + kx * p.dilation_w) * kBlock;
      for (int64_t x = 0; x < p.out_width; ++x) out[x] += from[x * kBlock];
    }
  }
}

void Run(const QConvProblem& q, const QConvArgs& args, ThreadPool& pool) {
  const ConvProblem& p = q.conv;
  const QGemm& gemm = GetQGemm();
  const Plan plan(q, gemm, pool.size());
  // The band's copy is made as for a 1×1 convolution over the padded input.
  ConvProblem padded = p;
  padded.kernel_h = padded.kernel_w = padded.dilation_h = padded.dilation_w = 1;
  padded.out_width = static_cast<int>(plan.columns);
  padded.out_height = static_cast<int>(p.out_height + plan.halo);
  ConvBands layout(padded, plan.pixel_bytes, false, 1);
  layout.slots = plan.rows + plan.halo;
  auto* offsets = static_cast<int64_t*>(args.scratch);
  for (int64_t k = 0; k < plan.k_blocks; ++k) offsets[k] = k * layout.slots * layout.row_bytes;
  const ByteSource source(q, args, gemm);
  const auto* biases = static_cast<const int32_t*>(args.packed);
  const auto* scales = static_cast<const float*>(args.packed) + kMostColumns;
  const auto* none = static_cast<const int32_t*>(args.packed) + int64_t{2} * kMostColumns;
  const auto* weights = static_cast<const uint8_t*>(args.packed) + kWeightsAt;
  const int64_t filter_bytes = plan.k_blocks * SegmentGroups(p, gemm) * 4;
  const Clamp clamp = ClampOf(p.epilogue);
  const int64_t pixels = int64_t{p.out_height} * p.out_width;
  pool.ParallelFor(p.batch * plan.bands, [&](int64_t item, int worker) {
    uint8_t* copy = static_cast<uint8_t*>(args.scratch) + plan.offset_bytes +
                    worker * (plan.copy_bytes + plan.sum_bytes);
    auto* sums = reinterpret_cast<int32_t*>(copy + plan.copy_bytes);
    const int image = static_cast<int>(item / plan.bands);
    const int64_t y = item % plan.bands * plan.rows;
    const int64_t rows = std::min<int64_t>(plan.rows, p.out_height - y);
    CopyBand(padded, layout, source, image, y, rows + plan.halo, 0, plan.k_blocks, copy);
    QTile tile;
    tile.a = copy;
    tile.offsets = offsets;
    tile.segments = plan.k_blocks;
    tile.groups = SegmentGroups(p, gemm);
    tile.rows = (rows + plan.halo) * plan.columns;
    tile.bias = none;
    tile.multiplier = reinterpret_cast<const float*>(none);
    tile.output = QOutput::kSum;
    tile.c_block_stride = (plan.rows + plan.halo) * plan.columns * kBlock;
    for (int64_t n = 0; n < plan.n_blocks;) {
      const int panel = gemm.Panel(plan.n_blocks - n);
      tile.b = weights + n * kBlock * filter_bytes;
      tile.c = sums + n * tile.c_block_stride;
      gemm.Run(panel, tile);
      n += panel;
    }
    // The copy has been used up; its place takes a row of results.
    auto* line = reinterpret_cast<int32_t*>(copy);
    for (int filter = 0; filter < p.out_channels; ++filter) {
      for (int64_t r = 0; r < rows; ++r) {
        AddTaps(p, plan, sums, r, filter, biases[filter], line);
        const int64_t at =
            image * args.output_batch_stride + filter * pixels + (y + r) * p.out_width;
        for (int64_t x = 0; x < p.out_width; ++x) {
          const float value = static_cast<float>(line[x]) * scales[filter];
          if (q.to_float) {
            static_cast<float*>(args.output)[at + x] =
                std::min(clamp.hi, std::max(clamp.lo, value));
          } else {
            static_cast<uint8_t*>(args.output)[at + x] = RoundToByte(value, q.range);
          }
        }
      }
    }
  });
}

}  // namespace

const QConvKernel kQConvFewOut = {"qconv_few_out", Reject, Cost, PackedBytes, Pack,
                                  ScratchBytes,    Run};

}  // namespace peel::engine
