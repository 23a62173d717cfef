#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/gemm/block_gemm.h"

namespace peel::engine {
namespace {

// Convolution as one matrix product for each row of outputs: K runs over kernel taps and input
// channels, whose addresses differ by constants only, so nothing is gathered. What stands in the
// way of that, padding and strides, is taken out by copying bands of rows once: zeros around, and
// columns that a stride separates side by side.

// Floats of B that a run over a row of tiles comes back to: a part of the second-level cache.
constexpr int64_t kWeightFloats = 32768;
// Bytes of a band of copied rows, for the same reason.
constexpr int64_t kBandBytes = 256 << 10;
// An input up to this size is copied whole, so that threads can share it and split its channels.
constexpr int64_t kSharedBytes = 1 << 20;

struct Plan {
  Plan(const ConvProblem& p, int threads);

  int64_t k_blocks, n_blocks;  // of one group
  int64_t taps;
  bool flat;            // 1×1 without stride and padding: reads the input where it is
  bool shared;          // the copy is of the whole image, made by all threads before the products
  int rows;             // output rows (flat: pixels) a task takes
  int64_t bands;        // of one image
  int panels_together;  // panel-sized steps of channels a task takes (shared and flat only)
  int phases;           // columns are dealt to this many sub-rows
  int64_t columns;      // of a sub-row
  int64_t slots;        // copied rows of a band
  int64_t row_floats;   // of a copied row: phases * columns * 16
  int64_t copy_floats;  // of one copy
  int64_t k() const { return taps * k_blocks * kBlock; }
};

// Rows of the copy that output row y's tap ky reads: Slot(p, y - first, ky).
int64_t Slot(const ConvProblem& p, int64_t y, int ky) {
  return p.kernel_h == 1 ? y : y * p.stride_h + int64_t{ky} * p.dilation_h;
}

Plan::Plan(const ConvProblem& p, int threads) {
  k_blocks = ChannelBlocks(p.in_channels / p.groups);
  n_blocks = ChannelBlocks(p.out_channels / p.groups);
  taps = int64_t{p.kernel_h} * p.kernel_w;
  flat = taps == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 && p.pad_left == 0 &&
         p.out_height == p.in_height && p.out_width == p.in_width;
  phases = p.kernel_w == 1 ? 1 : p.stride_w;
  columns = p.kernel_w == 1 ? p.out_width
                            : DivideUp(int64_t{p.out_width - 1} * p.stride_w +
                                           int64_t{p.kernel_w - 1} * p.dilation_w + 1,
                                       phases);
  row_floats = phases * columns * kBlock;
  const int64_t blocks_in = k_blocks * p.groups;
  const auto slots_of = [&](int64_t y) { return Slot(p, y - 1, p.kernel_h - 1) + 1; };
  const int64_t whole = slots_of(p.out_height) * row_floats * blocks_in;
  shared = !flat && whole * 4 <= kSharedBytes;
  panels_together = 1 << 20;
  if (flat) {
    const int64_t pixels = int64_t{p.out_height} * p.out_width;
    const int64_t fit = std::max<int64_t>(kBandBytes / (4 * kBlock * blocks_in), 56);
    rows = static_cast<int>(std::min(pixels, std::min(fit, int64_t{672})));
    bands = DivideUp(pixels, rows);
    slots = 0;
    copy_floats = 0;
  } else {
    rows = p.out_height;
    while (rows > 1 && slots_of(rows) * row_floats * blocks_in * 4 > kBandBytes) {
      rows = static_cast<int>(DivideUp(rows, 2));
    }
    // Bands overlap by the kernel's height, so a thin one copies mostly what its neighbours do.
    bands = DivideUp(p.out_height, rows);
    if (!shared) {
      while (rows > 2 && p.batch * bands < 2 * threads) {
        rows = static_cast<int>(DivideUp(rows, 2));
        bands = DivideUp(p.out_height, rows);
      }
    }
    slots = shared ? slots_of(p.out_height) : slots_of(rows);
    copy_floats = slots * row_floats * blocks_in;
  }
  if ((flat || shared) && bands * p.batch < 3 * threads) panels_together = 1;
}

std::string Reject(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked); !why.empty()) {
    return why;
  }
  if (p.groups != 1 &&
      ((p.in_channels / p.groups) % kBlock != 0 || (p.out_channels / p.groups) % kBlock != 0)) {
    return "channels of a group are no multiple of 16";
  }
  return "";
}

size_t PackedBytes(const ConvProblem& p) {
  const Plan plan(p, 1);
  const int64_t n = plan.n_blocks * p.groups * kBlock;
  return static_cast<size_t>(n * (plan.k() + 1)) * sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const Plan plan(p, threads);
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
  const Plan plan(p, 1);
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

int64_t OffsetFloats(const Plan& plan) {
  return RoundUp(plan.taps * plan.k_blocks * 2, int64_t{kBlock});
}

size_t ScratchBytes(const ConvProblem& p, int threads) {
  const Plan plan(p, threads);
  return static_cast<size_t>(OffsetFloats(plan) + plan.copy_floats * (plan.shared ? 1 : threads)) *
         sizeof(float);
}

// The rows output rows [y, y + count) read, of the blocks [first, last), into a copy.
void CopyRows(const ConvProblem& p, const Plan& plan, const float* image, int64_t y, int64_t count,
              int64_t first, int64_t last, float* copy) {
  const int64_t slots = Slot(p, count - 1, p.kernel_h - 1) + 1;
  const int64_t in_plane = int64_t{p.in_height} * p.in_width * kBlock;
  for (int64_t block = first; block < last; ++block) {
    for (int64_t slot = 0; slot < slots; ++slot) {
      float* to = copy + (block * plan.slots + slot) * plan.row_floats;
      const int64_t from_y =
          y * p.stride_h - p.pad_top + (p.kernel_h == 1 ? slot * p.stride_h : slot);
      if (from_y < 0 || from_y >= p.in_height) {
        std::memset(to, 0, static_cast<size_t>(plan.row_floats) * sizeof(float));
        continue;
      }
      const float* row = image + block * in_plane + from_y * p.in_width * kBlock;
      for (int phase = 0; phase < plan.phases; ++phase) {
        float* sub = to + phase * plan.columns * kBlock;
        // Columns of this sub-row that lie inside the image: [begin, end).
        const int64_t origin = phase - p.pad_left;
        const int64_t begin =
            std::clamp<int64_t>(origin >= 0 ? 0 : DivideUp(-origin, p.stride_w), 0, plan.columns);
        const int64_t end =
            std::clamp<int64_t>(p.in_width > origin ? DivideUp(p.in_width - origin, p.stride_w) : 0,
                                begin, plan.columns);
        std::memset(sub, 0, static_cast<size_t>(begin * kBlock) * sizeof(float));
        if (p.stride_w == 1) {
          std::memcpy(sub + begin * kBlock, row + (origin + begin) * kBlock,
                      static_cast<size_t>((end - begin) * kBlock) * sizeof(float));
        } else {
          for (int64_t x = begin; x < end; ++x) {
            std::memcpy(sub + x * kBlock, row + (origin + x * p.stride_w) * kBlock,
                        kBlock * sizeof(float));
          }
        }
        std::memset(sub + end * kBlock, 0,
                    static_cast<size_t>((plan.columns - end) * kBlock) * sizeof(float));
      }
    }
  }
}

// A task's output rows (flat: one run of pixels) for the channel blocks [first, last) of one group.
struct Job {
  const float* a;                           // where the first output row's first tap reads
  int64_t row_step;                         // floats of a from one output row to the next
  int64_t output_row, output_rows, pixels;  // rows of pixels each
  int image, group;
  int64_t first, last;
};

void Multiply(const ConvProblem& p, const ConvArgs& args, const Plan& plan, const BlockGemm& gemm,
              const int64_t* offsets, const Job& job) {
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
        const int64_t at = block * plane + (job.output_row + r) * p.out_width * kBlock;
        tile.a = job.a + r * job.row_step;
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

void RunFlat(const ConvProblem& p, const ConvArgs& args, const Plan& plan, const BlockGemm& gemm,
             const int64_t* offsets, ThreadPool& pool) {
  const int64_t pixels = int64_t{p.out_height} * p.out_width;
  const int64_t step = plan.panels_together == 1 ? gemm.Panel(plan.n_blocks) : plan.n_blocks;
  const int64_t slices = DivideUp(plan.n_blocks, step);
  // One long row: output_row counts pixels when the width is taken as 1.
  ConvProblem line = p;
  line.out_height = static_cast<int>(pixels);
  line.out_width = 1;
  pool.ParallelFor(p.batch * p.groups * plan.bands * slices, [&](int64_t item, int) {
    Job job;
    job.first = item % slices * step;
    job.last = std::min(job.first + step, plan.n_blocks);
    item /= slices;
    job.output_row = item % plan.bands * plan.rows;
    item /= plan.bands;
    job.group = static_cast<int>(item % p.groups);
    job.image = static_cast<int>(item / p.groups);
    job.output_rows = 1;
    job.pixels = std::min<int64_t>(plan.rows, pixels - job.output_row);
    job.row_step = 0;
    job.a = args.input + job.image * args.input_batch_stride +
            (job.group * plan.k_blocks * pixels + job.output_row) * kBlock;
    Multiply(line, args, plan, gemm, offsets, job);
  });
}

void RunShared(const ConvProblem& p, const ConvArgs& args, const Plan& plan, const BlockGemm& gemm,
               const int64_t* offsets, float* copy, ThreadPool& pool) {
  const int64_t step = plan.panels_together == 1 ? gemm.Panel(plan.n_blocks) : plan.n_blocks;
  const int64_t slices = DivideUp(plan.n_blocks, step);
  for (int image = 0; image < p.batch; ++image) {
    pool.ParallelFor(plan.k_blocks * p.groups, [&](int64_t block, int) {
      CopyRows(p, plan, args.input + image * args.input_batch_stride, 0, p.out_height, block,
               block + 1, copy);
    });
    pool.ParallelFor(p.groups * plan.bands * slices, [&](int64_t item, int) {
      Job job;
      job.image = image;
      job.first = item % slices * step;
      job.last = std::min(job.first + step, plan.n_blocks);
      item /= slices;
      job.output_row = item % plan.bands * plan.rows;
      job.group = static_cast<int>(item / plan.bands);
      job.output_rows = std::min<int64_t>(plan.rows, p.out_height - job.output_row);
      job.pixels = p.out_width;
      job.row_step = Slot(p, 1, 0) * plan.row_floats;
      job.a = copy + job.group * plan.k_blocks * plan.slots * plan.row_floats +
              job.output_row * job.row_step;
      Multiply(p, args, plan, gemm, offsets, job);
    });
  }
}

void RunBands(const ConvProblem& p, const ConvArgs& args, const Plan& plan, const BlockGemm& gemm,
              const int64_t* offsets, float* copies, ThreadPool& pool) {
  pool.ParallelFor(p.batch * plan.bands, [&](int64_t item, int worker) {
    float* copy = copies + worker * plan.copy_floats;
    Job job;
    job.image = static_cast<int>(item / plan.bands);
    job.first = 0;
    job.last = plan.n_blocks;
    job.output_row = item % plan.bands * plan.rows;
    job.output_rows = std::min<int64_t>(plan.rows, p.out_height - job.output_row);
    job.pixels = p.out_width;
    job.row_step = Slot(p, 1, 0) * plan.row_floats;
    CopyRows(p, plan, args.input + job.image * args.input_batch_stride, job.output_row,
             job.output_rows, 0, plan.k_blocks * p.groups, copy);
    for (job.group = 0; job.group < p.groups; ++job.group) {
      job.a = copy + job.group * plan.k_blocks * plan.slots * plan.row_floats;
      Multiply(p, args, plan, gemm, offsets, job);
    }
  });
}

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const Plan plan(p, pool.size());
  int64_t* offsets = static_cast<int64_t*>(args.scratch);
  float* copies = static_cast<float*>(args.scratch) + OffsetFloats(plan);
  const int64_t block_floats =
      plan.flat ? int64_t{p.in_height} * p.in_width * kBlock : plan.slots * plan.row_floats;
  int64_t* next = offsets;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int64_t x = int64_t{kx} * p.dilation_w;
      const int64_t tap = Slot(p, 0, ky) * plan.row_floats +
                          (x % plan.phases * plan.columns + x / plan.phases) * kBlock;
      for (int64_t k = 0; k < plan.k_blocks; ++k) *next++ = tap + k * block_floats;
    }
  }
  if (plan.flat) {
    RunFlat(p, args, plan, gemm, offsets, pool);
  } else if (plan.shared) {
    RunShared(p, args, plan, gemm, offsets, copies, pool);
  } else {
    RunBands(p, args, plan, gemm, offsets, copies, pool);
  }
  FinishEpilogue(p, args, pool);
}

}  // namespace

const ConvKernel kDirectBlocked = {"direct_blocked", Reject, Cost, PackedBytes, Pack,
                                   ScratchBytes,     Run};

}  // namespace peel::engine
