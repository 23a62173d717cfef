#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/conv/conv_common.h"

namespace peel::engine {

// How much of a copied input a kernel works on at once.
struct BandLimits {
  // Bytes of a band of copied rows: a part of the second-level cache, beside a panel of weights.
  int64_t band_bytes;
  // An input up to this size is copied whole, so that threads can share it and split its channels.
  int64_t shared_bytes;
};
// Of elements narrower than float32.
inline constexpr BandLimits kNarrowLimits = {.band_bytes = 192 << 10, .shared_bytes = 512 << 10};

// How the direct convolutions (float32, bfloat16, bytes) go over an image: as one matrix product
// for each row of outputs, whose K runs over kernel taps and input channels at addresses that
// differ by constants only. What stands in the way of that, padding, strides and another element
// type, is taken out by copying bands of rows once: padding around, and columns that a stride
// separates side by side. A pixel of the copy is 16 channels of one block.
struct ConvBands {
  // pixel_bytes: of 16 channels in the copy. can_flat: the input's own pixels will do as they are,
  // so that a 1×1 convolution needs no copy.
  ConvBands(const ConvProblem& p, int64_t pixel_bytes, bool can_flat, int threads,
            const BandLimits& limits = kNarrowLimits);

  int64_t pixel_bytes;
  int64_t k_blocks, n_blocks;  // of one group
  int64_t taps;
  bool flat;            // reads the input where it is
  bool shared;          // the copy is of the whole image, made by all threads before the products
  int rows;             // output rows (flat: pixels) a task takes
  int64_t bands;        // of one image
  int panels_together;  // channel blocks a task takes at least: 1 (shared and flat only) or all
  int phases;           // columns are dealt to this many sub-rows
  int64_t columns;      // of a sub-row
  int64_t slots;        // copied rows of a band
  int64_t row_bytes;    // of a copied row
  int64_t copy_bytes;   // of one copy
  int copies;           // one a thread, or one for all

  int64_t k() const { return taps * k_blocks * kBlock; }
  // Scratch: the offsets of the segments of K, then the copies.
  int64_t offset_bytes() const { return RoundUp(taps * k_blocks * 8, int64_t{64}); }
  size_t scratch_bytes() const { return static_cast<size_t>(offset_bytes() + copy_bytes * copies); }
  // Row of the copy that tap ky of output row y reads, less that of output row 0's first tap.
  static int64_t Slot(const ConvProblem& p, int64_t y, int ky) {
    return p.kernel_h == 1 ? y : y * p.stride_h + int64_t{ky} * p.dilation_h;
  }
  // From the first tap's pixel to each segment's, in units of `unit` bytes: taps outside, blocks of
  // channels inside.
  void FillOffsets(const ConvProblem& p, int64_t unit, int64_t* offsets) const;
};

// A task: output rows (flat: one run of pixels) for the channel blocks [first, last) of one group.
struct BandJob {
  const uint8_t* a;                         // where the first output row's first tap reads
  int64_t row_step;                         // bytes of a from one output row to the next
  int64_t output_row, output_rows, pixels;  // rows of `pixels` pixels
  int64_t output_at;                        // first output pixel, counted over the image
  int image, group;
  int64_t first, last;
};

// Copies what output rows [y, y + count) read of the blocks [first, last).
// source.Pad(to, pixels) writes pixels of padding; source.Copy(image, block, y, x, step, to,
// pixels) writes pixels x, x + step, … of a row.
template <typename Source>
void CopyBand(const ConvProblem& p, const ConvBands& plan, const Source& source, int image,
              int64_t y, int64_t count, int64_t first, int64_t last, uint8_t* copy) {
  const int64_t slots = ConvBands::Slot(p, count - 1, p.kernel_h - 1) + 1;
  const int64_t step = p.kernel_w == 1 ? p.stride_w : plan.phases;
  for (int64_t block = first; block < last; ++block) {
    for (int64_t slot = 0; slot < slots; ++slot) {
      uint8_t* to = copy + (block * plan.slots + slot) * plan.row_bytes;
      const int64_t from_y =
          y * p.stride_h - p.pad_top + (p.kernel_h == 1 ? slot * p.stride_h : slot);
      if (from_y < 0 || from_y >= p.in_height) {
        source.Pad(to, plan.phases * plan.columns);
        continue;
      }
      for (int64_t phase = 0; phase < plan.phases; ++phase) {
        uint8_t* sub = to + phase * plan.columns * plan.pixel_bytes;
        // Column c is pixel c * step + shift.
        const int64_t shift = phase - p.pad_left;
        const int64_t begin =
            std::min(plan.columns, shift < 0 ? DivideUp(-shift, step) : int64_t{0});
        const int64_t end =
            std::clamp(p.in_width > shift ? DivideUp(p.in_width - shift, step) : int64_t{0}, begin,
                       plan.columns);
        source.Pad(sub, begin);
        if (end > begin) {
          source.Copy(image, block, from_y, begin * step + shift, step,
                      sub + begin * plan.pixel_bytes, end - begin);
        }
        source.Pad(sub + end * plan.pixel_bytes, plan.columns - end);
      }
    }
  }
}

// Runs multiply(BandJob) over the whole convolution, with copies made in between. panel_step:
// channel blocks of the widest panel. input(image): the first byte of an image, asked for flat
// plans only.
template <typename Source, typename Input, typename Multiply>
void RunConvBands(const ConvProblem& p, const ConvBands& plan, const Source& source,
                  const Input& input, int panel_step, uint8_t* copies, ThreadPool& pool,
                  const Multiply& multiply) {
  const int64_t step = plan.panels_together == 1 ? panel_step : plan.n_blocks;
  const int64_t slices = DivideUp(plan.n_blocks, step);
  const auto job_rows = [&](BandJob& job, int64_t band) {
    job.output_row = band * plan.rows;
    job.output_rows = std::min<int64_t>(plan.rows, p.out_height - job.output_row);
    job.pixels = p.out_width;
    job.output_at = job.output_row * p.out_width;
    job.row_step = ConvBands::Slot(p, 1, 0) * plan.row_bytes;
  };
  if (plan.flat) {
    const int64_t pixels = int64_t{p.out_height} * p.out_width;
    pool.ParallelFor(int64_t{p.batch} * p.groups * plan.bands * slices, [&](int64_t item, int) {
      BandJob job;
      job.first = item % slices * step;
      job.last = std::min(job.first + step, plan.n_blocks);
      item /= slices;
      job.output_at = item % plan.bands * plan.rows;
      item /= plan.bands;
      job.group = static_cast<int>(item % p.groups);
      job.image = static_cast<int>(item / p.groups);
      job.output_row = 0;
      job.output_rows = 1;
      job.pixels = std::min<int64_t>(plan.rows, pixels - job.output_at);
      job.row_step = 0;
      job.a = input(job.image) +
              (job.group * plan.k_blocks * pixels + job.output_at) * plan.pixel_bytes;
      multiply(job);
    });
    return;
  }
  const int64_t group_bytes = plan.k_blocks * plan.slots * plan.row_bytes;
  if (plan.shared) {
    for (int image = 0; image < p.batch; ++image) {
      pool.ParallelFor(plan.k_blocks * p.groups, [&](int64_t block, int) {
        CopyBand(p, plan, source, image, 0, p.out_height, block, block + 1, copies);
      });
      pool.ParallelFor(p.groups * plan.bands * slices, [&](int64_t item, int) {
        BandJob job;
        job.image = image;
        job.first = item % slices * step;
        job.last = std::min(job.first + step, plan.n_blocks);
        item /= slices;
        job_rows(job, item % plan.bands);
        job.group = static_cast<int>(item / plan.bands);
        job.a = copies + job.group * group_bytes + job.output_row * job.row_step;
        multiply(job);
      });
    }
    return;
  }
  pool.ParallelFor(p.batch * plan.bands, [&](int64_t item, int worker) {
    uint8_t* copy = copies + worker * plan.copy_bytes;
    BandJob job;
    job.image = static_cast<int>(item / plan.bands);
    job.first = 0;
    job.last = plan.n_blocks;
    job_rows(job, item % plan.bands);
    CopyBand(p, plan, source, job.image, job.output_row, job.output_rows, 0,
             plan.k_blocks * p.groups, copy);
    for (job.group = 0; job.group < p.groups; ++job.group) {
      job.a = copy + job.group * group_bytes;
      multiply(job);
    }
  });
}

}  // namespace peel::engine
