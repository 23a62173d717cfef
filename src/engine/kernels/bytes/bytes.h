#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/map/pool.h"
#include "src/engine/kernels/map/resize.h"
#include "src/engine/kernels/requantize.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// Images of quantised bytes (uint8) in both layouts: blocked, 16 channels a pixel as of floats, but
// what lies in the channels past the last is anything; blocked bytes start anywhere.
struct ConstBytes {
  const uint8_t* data = nullptr;
  int64_t batch_stride = 0;  // bytes
};
struct Bytes {
  uint8_t* data = nullptr;
  int64_t batch_stride = 0;
};

// y = table[x]. Of each image `count` bytes lie side by side. y may be x.
void RunByteTable(const uint8_t* table, int64_t batch, int64_t count, ConstBytes x, Bytes y,
                  ThreadPool& pool);

// clamp(round_half_even((a - a_zero) * a_scale + (b - b_zero) * b_scale) + zero, low, high), each
// product rounded to float32 before they are added. y may be a or b.
struct ByteSum {
  int a_zero = 0, b_zero = 0;
  float a_scale = 1, b_scale = 1;
  ByteRange range;
};
void RunByteAdd(const ByteSum& sum, int64_t batch, int64_t count, ConstBytes a, ConstBytes b,
                Bytes y, ThreadPool& pool);

// Float32 to bytes: clamp(round_half_even(x / scale) + zero, 0, 255) (of NaN, any
// byte), and back: (byte - zero) * scale; from any layout to any.
struct ByteGrid {
  float scale = 1;
  int zero = 0;
};
void RunQuantize(const ByteGrid& grid, const Shape4& shape, Layout from, ConstSlice x, Layout to,
                 Bytes y, ThreadPool& pool);
void RunDequantize(const ByteGrid& grid, const Shape4& shape, Layout from, ConstBytes x, Layout to,
                   Slice y, ThreadPool& pool);

// Between the layouts.
void RunByteReorder(const Shape4& shape, Layout from, ConstBytes x, Bytes y, ThreadPool& pool);

// Blocked parts woven together where their channels do not end on a block; as RunConcat.
struct ByteConcatPart {
  ConstBytes data;
  int64_t channels = 0;
};
void RunByteConcat(const Shape4& shape, std::span<const ByteConcatPart> parts, Bytes output,
                   ThreadPool& pool);

// The largest byte of each window (PoolKind::kMax only); rejections as RejectPool's.
void RunBytePool(const PoolProblem& problem, ConstBytes input, Bytes output, ThreadPool& pool);

// Resize of x - zero with weights of 11 bits (which those of doubling and halving fit), rounded
// half to even. Integers throughout: the same on every CPU. Scratch and rejections as RunResize's.
void RunByteResize(const ResizeProblem& problem, int zero, ConstBytes input, Bytes output,
                   void* scratch, ThreadPool& pool);

}  // namespace peel::engine
