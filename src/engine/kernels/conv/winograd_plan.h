#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "src/engine/kernels/conv/conv.h"
#include "src/engine/kernels/gemm/block_gemm.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// How one 3×3 stride-1 convolution is cut into Winograd tiles of size×size outputs and the tiles
// into blocks. A dilation of d makes d×d interleaved phases, each an ordinary convolution of its
// own; tiles run along a phase's row, then its phases, then down. Transformed tiles lie as
// [q][channel block][tile][16], q one of the taps×taps points.
struct WinogradPlan {
  WinogradPlan(const ConvProblem& problem, int tile_size, int threads, const BlockGemm& gemm);

  int size, taps;  // 6, 8 or 4, 6 or 2, 4
  int64_t k_blocks, n_blocks;
  int64_t rows_of_tiles, tiles_in_row;  // of one image, all phases
  int64_t tiles;                        // of the batch
  // Tiles handled together. Where shared is false a block is one thread's, and its transforms stay
  // in that thread's cache; where true all threads do one block together, a stage after another,
  // so that each transformed weight is read once: for few tiles of many channels.
  int64_t block_tiles;
  bool shared;
  // Floats from point to point, an odd number of cache lines: an even one sends all points' writes
  // to the same few sets of the cache.
  int64_t v_stride, m_stride;

  int64_t ScratchFloats() const { return int64_t{taps} * taps * (v_stride + m_stride); }
  int64_t WeightFloats() const {
    return int64_t{taps} * taps * k_blocks * n_blocks * kBlock * kBlock;
  }
};

// A run of neighbouring tiles of one phase: output pixel (y + i * dilation_h, x + j * dilation_w).
struct WinogradStrip {
  int image, y, x;
  int64_t tiles, first;  // first: index within the block
};

// fn(strip) for the tiles [begin, begin + count).
template <typename Fn>
void ForEachStrip(const ConvProblem& p, const WinogradPlan& plan, int64_t begin, int64_t count,
                  const Fn& fn) {
  const int64_t per_image = plan.rows_of_tiles * plan.tiles_in_row;
  const auto tiles_of = [&](int extent, int dilation, int phase) {
    return extent <= phase ? 0 : DivideUp(DivideUp(extent - phase, dilation), plan.size);
  };
  for (int64_t t = 0; t < count;) {
    const int64_t in_image = (begin + t) % per_image;
    int64_t row = in_image / plan.tiles_in_row, column = in_image % plan.tiles_in_row;
    int phase_y = 0, phase_x = 0;
    for (int64_t n; row >= (n = tiles_of(p.out_height, p.dilation_h, phase_y)); ++phase_y) row -= n;
    int64_t in_phase;
    for (; column >= (in_phase = tiles_of(p.out_width, p.dilation_w, phase_x)); ++phase_x) {
      column -= in_phase;
    }
    WinogradStrip strip;
    strip.image = static_cast<int>((begin + t) / per_image);
    strip.y = phase_y + static_cast<int>(row) * plan.size * p.dilation_h;
    strip.x = phase_x + static_cast<int>(column) * plan.size * p.dilation_w;
    strip.tiles = std::min(in_phase - column, count - t);
    strip.first = t;
    fn(strip);
    t += strip.tiles;
  }
}

}  // namespace peel::engine
