#pragma once

#include <cstdint>
#include <span>

namespace peel::engine {

// The inner product of the integer convolutions. One tile:
//   sum[block][row][16] = bias + sum over k of A[row][k] * B[k][panel]           exact in int32
//   C[block][row][16]   = clamp(sum * multiplier, lo, hi), as float32, or rounded half to even plus
//                         zero, as a byte; or the sum as it is
// A row is a pixel of 16 channels (QGemm::pixel_bytes apart), K comes in segments of one pixel
// each: segment s of row r at a + offsets[s] + r * pixel_bytes. The products being exact, results
// do not depend on the CPU or on how rows and channels were divided up.
enum class QOutput : uint8_t { kByte, kFloat, kSum };

// One call of the integer kernel.
struct QTile {
  const uint8_t* a = nullptr;
  const int64_t* offsets = nullptr;  // [segments], in bytes
  int64_t segments = 0;
  int groups = 0;  // of each segment that are read: channels / QGemm::group, rounded up
  int64_t rows = 0;
  const void* b = nullptr;            // as QGemm::group says, 64-byte aligned
  const int32_t* bias = nullptr;      // [16 * panel blocks], 64-byte aligned as multiplier is
  const float* multiplier = nullptr;  // [16 * panel blocks]
  float lo = 0, hi = 0;
  int zero = 0;
  QOutput output = QOutput::kByte;
  void* c = nullptr;           // uint8_t, float or int32_t; rows 16 elements apart
  int64_t c_block_stride = 0;  // in elements
};

// The functions of the CPU in use. run[i] takes panels of 1 << i blocks.
struct QGemm {
  void (*run[3])(const QTile& tile);
  const char* name;  // of the instructions: "vnni", "madd", …
  int max_panel;     // 1, 2 or 4
  // Channels that are multiplied and added at once. 4: A holds bytes, B int8; 2: A holds the bytes
  // as int16, B too. B is [segment][groups][16 * panel][group].
  int group;
  // What is to be taken from the sums for the way in which A's bytes are read: they count from 0,
  // or from -128 where the CPU multiplies signed bytes only. sum(A * B) = sum of the kernel +
  // offset * sum(B).
  int offset;
  double speed;  // multiply-adds against those of float32

  int pixel_bytes() const { return group == 4 ? 16 : 32; }
  int weight_bytes() const { return group == 4 ? 1 : 2; }
  // Blocks in the panel that starts where left blocks remain; packing and running both walk the
  // output channels with it.
  int Panel(int64_t left) const {
    return left >= 4 && max_panel >= 4 ? 4 : left >= 2 && max_panel >= 2 ? 2 : 1;
  }
  void Run(int panel, const QTile& tile) const { run[panel == 4 ? 2 : panel - 1](tile); }
};

// What the CPU target in use offers, best first: production takes the first, tests all.
std::span<const QGemm> QGemms();
inline const QGemm& GetQGemm() { return QGemms().front(); }

// Whether 8-bit convolutions run on instructions made for them, so that they may be expected to be
// faster than float32's.
inline bool HasFastIntegers() { return GetQGemm().speed > 2; }

}  // namespace peel::engine
