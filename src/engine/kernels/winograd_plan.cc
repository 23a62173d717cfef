#include "src/engine/kernels/winograd_plan.h"

#include <cstdlib>


namespace peel::engine {
namespace {

int64_t TilesAlong(int extent, int dilation, int size) {
  int64_t sum = 0;
  for (int phase = 0; phase < std::min(extent, dilation); ++phase) {
    sum += DivideUp(DivideUp(extent - phase, dilation), size);
  }
  return sum;
}

int64_t OddLines(int64_t floats) { return (floats / kBlock) % 2 == 0 ? floats + kBlock : floats; }

}  // namespace

WinogradPlan::WinogradPlan(const ConvProblem& p, int tile_size, int threads, const BlockGemm& gemm)
    : size(tile_size),
      taps(tile_size + 2),
      k_blocks(ChannelBlocks(p.in_channels)),
      n_blocks(ChannelBlocks(p.out_channels)),
      rows_of_tiles(TilesAlong(p.out_height, p.dilation_h, size)),
      tiles_in_row(TilesAlong(p.out_width, p.dilation_w, size)),
      tiles(p.batch * rows_of_tiles * tiles_in_row) {
  static const int64_t l2 = getenv("WL2") ? atol(getenv("WL2")) : 700000;
  static const int64_t l3 = getenv("WL3") ? atol(getenv("WL3")) : 6000000;
  static const int64_t big = getenv("WBIG") ? atol(getenv("WBIG")) : 1000000;
  const int64_t tile_bytes = taps * taps * (k_blocks + n_blocks) * kBlock * 4;
  const int64_t weight_bytes = WeightFloats() * 4;
  const int64_t step = gemm.BestRows(gemm.Panel(n_blocks));
  shared = weight_bytes > big;
  int64_t want = std::max<int64_t>((shared ? l3 : l2) / tile_bytes, 12);
  if (!shared) want = std::min(want, DivideUp(tiles, threads));
  // Equal blocks, a multiple of the threads where each has its own.
  int64_t blocks = DivideUp(tiles, want);
  if (!shared && blocks > 1) blocks = RoundUp(blocks, threads);
  want = DivideUp(tiles, blocks);
  block_tiles = std::min(tiles, want > step ? RoundUp(want, step) : want);
  v_stride = OddLines(k_blocks * block_tiles * kBlock);
  m_stride = OddLines(n_blocks * block_tiles * kBlock);
}

}  // namespace peel::engine
