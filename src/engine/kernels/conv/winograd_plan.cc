#include "src/engine/kernels/conv/winograd_plan.h"

namespace peel::engine {
namespace {

// Bytes of transformed tiles in a block: a part of a second-level cache where a thread has its own,
// of the third level where threads share it. Blocks are shared once the weights, which every block
// reads anew, are larger than kOwnWeightBytes. Timed over the layers of U²-Net and, for
// kOwnBytes, of the embedded model; the optimum is flat.
constexpr int64_t kOwnBytes = 350000;
constexpr int64_t kSharedBytes = 6000000;
constexpr int64_t kOwnWeightBytes = 3000000;

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
  const int64_t tile_bytes = int64_t{taps} * taps * (k_blocks + n_blocks) * kBlock * 4;
  const int64_t weight_bytes = WeightFloats() * 4;
  // What a tile of registers takes; where that is many rows, any multiple of four is one of its own
  // (HasRows in block_gemm.cc) and does as well.
  const int64_t rows = gemm.BestRows(gemm.Panel(n_blocks));
  const int64_t step = rows >= 16 ? 4 : rows;
  shared = weight_bytes > kOwnWeightBytes;
  int64_t want = std::max<int64_t>((shared ? kSharedBytes : kOwnBytes) / tile_bytes, 12);
  if (!shared) want = std::min(want, DivideUp(tiles, threads));
  // Equal blocks, a multiple of the threads where each has its own.
  int64_t blocks = DivideUp(tiles, want);
  if (!shared && blocks > 1) blocks = RoundUp(blocks, threads);
  want = DivideUp(tiles, blocks);
  block_tiles = std::min(tiles, RoundUp(want, step));
  v_stride = OddLines(k_blocks * block_tiles * kBlock);
  m_stride = OddLines(n_blocks * block_tiles * kBlock);
}

}  // namespace peel::engine
