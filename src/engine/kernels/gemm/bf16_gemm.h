#pragma once

#include <cstdint>

#include "src/engine/kernels/gemm/block_gemm.h"

namespace peel::engine {

// The inner product of convolutions whose operands are rounded to bfloat16; sums are float32.
//   C[block][row][16] = clamp(sum over k of A[row][k] * B[k][panel] + bias + residual, lo, hi)
// As BlockTile, but for A: pixels of 16 bfloat16 (segment s of row r at a + offsets[s] + r * 32, in
// bytes), and B: bfloat16, [segment][8][16 * panel][2]. Denormals count as 0.
struct Bf16Tile {
  const uint8_t* a = nullptr;
  const int64_t* offsets = nullptr;
  int64_t segments = 0;
  int64_t rows = 0;
  const uint16_t* b = nullptr;  // 64-byte aligned
  float* c = nullptr;           // 64-byte aligned; rows 16 floats apart
  int64_t c_block_stride = 0;
  const float* bias = nullptr;      // [16 * panel blocks]
  const float* residual = nullptr;  // like c, or null
  float lo = 0, hi = 0;
};

// The functions for it; panels as in BlockGemm.
struct Bf16Gemm {
  void (*run[3])(const Bf16Tile& tile);  // run[i] takes panels of 1 << i blocks
  // count floats rounded to nearest even; a multiple of 16.
  void (*round)(const float* from, int64_t count, uint16_t* to);

  int Panel(int64_t left) const { return left >= 4 ? 4 : left >= 2 ? 2 : 1; }
  void Run(int panel, const Bf16Tile& tile) const { run[panel == 4 ? 2 : panel - 1](tile); }
};

// Null where the CPU target in use has no instruction for it (AVX-512 with BF16 has).
const Bf16Gemm* GetBf16Gemm();

}  // namespace peel::engine
