#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/conv/conv.h"
#include "src/engine/kernels/requantize.h"

namespace peel::engine {

// A convolution of bytes (uint8 with one zero point) with int8 weights whose zero point is 0. Sums
// are exact in int32; then sum * multiplier[filter], a float32 product, becomes a byte or stays
// float32. The result is the same bits on every CPU.
// Blocked bytes lie as blocked floats do, but what is in the channels past the last is anything.
struct QConvProblem {
  // Geometry and layouts. The epilogue, none or a clamp, is that of a float32 result; the clamp of
  // bytes is in range.
  ConvProblem conv;
  int x_zero = 0;  // padding is this byte
  ByteRange range;
  bool to_float = false;
};

// Batch strides in elements.
struct QConvArgs {
  const uint8_t* input = nullptr;
  int64_t input_batch_stride = 0;
  const void* packed = nullptr;
  void* output = nullptr;  // uint8_t, or float where to_float
  int64_t output_batch_stride = 0;
  void* scratch = nullptr;  // scratch_bytes(problem, pool.size()), 64-byte aligned
};

// One way to compute it; as ConvKernel in conv.h.
struct QConvKernel {
  const char* name;
  std::string (*reject)(const QConvProblem& problem);
  double (*cost)(const QConvProblem& problem, int threads);
  size_t (*packed_bytes)(const QConvProblem& problem);
  // weights [out_channels][in_channels / groups][kernel_h][kernel_w]; bias (or null) and multiplier
  // [out_channels]. The result depends on neither the batch nor the extents of the images.
  void (*pack)(const QConvProblem& problem, const int8_t* weights, const int32_t* bias,
               const float* multiplier, void* packed);
  size_t (*scratch_bytes)(const QConvProblem& problem, int threads);
  void (*run)(const QConvProblem& problem, const QConvArgs& args, ThreadPool& pool);
};

}  // namespace peel::engine
