#pragma once

#include <cstddef>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

enum class ResizeMode : uint8_t { kNearest, kLinear };
enum class ResizeCoordinates : uint8_t {
  kHalfPixel,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
};
enum class ResizeRounding : uint8_t { kPreferFloor, kPreferCeil, kFloor, kCeil };  // kNearest only

// ONNX Resize and Upsample of the two spatial axes.
struct ResizeProblem {
  ResizeMode mode = ResizeMode::kLinear;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  ResizeRounding rounding = ResizeRounding::kPreferFloor;
  Layout layout = Layout::kBlocked;
  Shape4 in;
  int out_height = 1, out_width = 1;
  // Output extent over input extent, as the node states it; 0 means exactly the extents' ratio.
  float scale_h = 0, scale_w = 0;
};

// Where an output row or column reads: the two neighbours and their weights, which add up to 1.
struct ResizeTap {
  int32_t near, far;
  float near_weight, far_weight;
};
// The tables of all rows (out_height) and columns (out_width).
void FillResizeTaps(const ResizeProblem& problem, ResizeTap* rows, ResizeTap* columns);

// Why RunResize cannot do it; empty where it can.
std::string RejectResize(const ResizeProblem& problem);
// For the tables of source pixels and weights; 64-byte aligned.
size_t ResizeScratchBytes(const ResizeProblem& problem, int threads);
void RunResize(const ResizeProblem& problem, ConstSlice input, Slice output, void* scratch,
               ThreadPool& pool);

}  // namespace peel::engine
