#pragma once

#include <cstdint>

#include "src/engine/kernels/layout.h"

namespace peel::engine {

// The inner product all blocked convolutions share. One tile:
//   C[block][row][16] = clamp(sum over k of A[row][k] * B[k][panel] + bias + residual, lo, hi)
// A row is a pixel of a blocked tensor (or a transformed tile): K comes in segments of 16 channels,
// segment s of row r at a + offsets[s] + r * 16. Sums run over k in order, each element in one
// accumulator, so an element's bits do not depend on how rows and channels were divided up.
struct BlockTile {
  const float* a = nullptr;
  const int64_t* offsets = nullptr;  // [segments], in floats
  int64_t segments = 0;
  int64_t rows = 0;
  const float* b = nullptr;  // [segments * 16][16 * panel blocks], 64-byte aligned
  float* c = nullptr;        // 64-byte aligned; rows 16 floats apart
  int64_t c_block_stride = 0;
  const float* bias = nullptr;      // [16 * panel blocks] or null
  const float* residual = nullptr;  // like c, or null
  int64_t residual_block_stride = 0;
  float lo = 0, hi = 0;
};

// The functions of the CPU target in use. run[i] takes panels of 1 << i blocks; wider panels than
// max_panel blocks only lose.
struct BlockGemm {
  void (*run[3])(const BlockTile& tile);
  int max_panel;     // 1, 2 or 4
  int best_rows[3];  // rows a tile of registers takes; multiples of it waste nothing

  // Blocks in the panel that starts where left blocks remain. Packing and running both walk the
  // output channels with it, so B's panel at block j starts j * 16 * K floats in.
  int Panel(int64_t left) const {
    return left >= 4 && max_panel >= 4 ? 4 : left >= 2 && max_panel >= 2 ? 2 : 1;
  }
  void Run(int panel, const BlockTile& tile) const { run[panel == 4 ? 2 : panel - 1](tile); }
  int BestRows(int panel) const { return best_rows[panel == 4 ? 2 : panel - 1]; }
};

// Those of the CPU target in use (src/base/cpu.h); each target has some.
const BlockGemm& GetBlockGemm();

}  // namespace peel::engine
