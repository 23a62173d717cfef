#pragma once

#include <cstdint>

#include "src/base/checked.h"
#include "src/engine/kernels/layout.h"

namespace peel::engine {

// Extents of a batch of images; every extent >= 1.
struct Shape4 {
  int64_t batch = 1, channels = 1, height = 1, width = 1;
  int64_t pixels() const { return height * width; }
};

// An operand: its first float, and the floats from one image of the batch to the next, so that it
// may be a channel slice of a larger tensor. Within an image it is dense in its layout. Blocked
// operands start at multiples of 64 bytes; plain ones only at multiples of 4.
struct ConstSlice {
  const float* data = nullptr;
  int64_t batch_stride = 0;
};
struct Slice {
  float* data = nullptr;
  int64_t batch_stride = 0;
};

constexpr int64_t ChannelBlocks(int64_t channels) { return DivideUp(channels, kBlock); }

// Floats of one image in a layout; what batch_stride is for a tensor of its own.
constexpr int64_t ImageFloats(Layout layout, const Shape4& s) {
  return (layout == Layout::kBlocked ? ChannelBlocks(s.channels) * kBlock : s.channels) * s.height *
         s.width;
}
constexpr int64_t TensorFloats(Layout layout, const Shape4& s) {
  return s.batch * ImageFloats(layout, s);
}

}  // namespace peel::engine
