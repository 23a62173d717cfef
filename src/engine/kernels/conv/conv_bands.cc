#include "src/engine/kernels/conv/conv_bands.h"

namespace peel::engine {
namespace {

// Bytes of a pixel's 16 channels, over a run of pixels, that one task of a flat plan goes over.
constexpr int64_t kFlatRunBytes = 42 << 10;

}  // namespace

ConvBands::ConvBands(const ConvProblem& p, int64_t pixel, bool can_flat, int threads,
                     const BandLimits& limits) {
  pixel_bytes = pixel;
  k_blocks = ChannelBlocks(p.in_channels / p.groups);
  n_blocks = ChannelBlocks(p.out_channels / p.groups);
  taps = int64_t{p.kernel_h} * p.kernel_w;
  flat = can_flat && taps == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.out_height == p.in_height && p.out_width == p.in_width;
  phases = p.kernel_w == 1 ? 1 : p.stride_w;
  columns = p.kernel_w == 1 ? p.out_width
                            : DivideUp(int64_t{p.out_width - 1} * p.stride_w +
                                           int64_t{p.kernel_w - 1} * p.dilation_w + 1,
                                       int64_t{phases});
  row_bytes = phases * columns * pixel;
  const int64_t blocks_in = k_blocks * p.groups;
  const auto slots_of = [&](int64_t y) { return Slot(p, y - 1, p.kernel_h - 1) + 1; };
  shared = !flat && slots_of(p.out_height) * row_bytes * blocks_in <= limits.shared_bytes;
  panels_together = 1 << 20;
  slots = 0;
  copy_bytes = 0;
  copies = 0;
  if (flat) {
    const int64_t pixels = int64_t{p.out_height} * p.out_width;
    const int64_t fit = std::max<int64_t>(limits.band_bytes / (pixel * blocks_in), 56);
    rows = static_cast<int>(std::min({pixels, fit, kFlatRunBytes / pixel}));
    bands = DivideUp(pixels, int64_t{rows});
  } else {
    rows = p.out_height;
    while (rows > 1 && slots_of(rows) * row_bytes * blocks_in > limits.band_bytes) {
      rows = static_cast<int>(DivideUp(rows, 2));
    }
    bands = DivideUp(p.out_height, rows);
    if (!shared) {
      // Bands overlap by the kernel's height, so a thin one copies mostly what its neighbours do.
      while (rows > 2 && p.batch * bands < int64_t{2} * threads) {
        rows = static_cast<int>(DivideUp(rows, 2));
        bands = DivideUp(p.out_height, rows);
      }
    }
    slots = shared ? slots_of(p.out_height) : slots_of(rows);
    // Whole cache lines, so that threads' copies share none.
    copy_bytes = RoundUp(slots * row_bytes * blocks_in, int64_t{64});
    copies = shared ? 1 : threads;
  }
  if ((flat || shared) && bands * p.batch < int64_t{3} * threads) panels_together = 1;
}

void ConvBands::FillOffsets(const ConvProblem& p, int64_t unit, int64_t* offsets) const {
  const int64_t block_bytes =
      flat ? int64_t{p.in_height} * p.in_width * pixel_bytes : slots * row_bytes;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int64_t x = int64_t{kx} * p.dilation_w;
      const int64_t tap =
          flat ? 0 : Slot(p, 0, ky) * row_bytes + (x % phases * columns + x / phases) * pixel_bytes;
      for (int64_t k = 0; k < k_blocks; ++k) *offsets++ = (tap + k * block_bytes) / unit;
    }
  }
}

}  // namespace peel::engine
