#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// A window that slides over the spatial axes (those after batch and channels), with everything that
// a node leaves to defaults and auto_pad filled in. All lists have one entry a spatial axis.
struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads_begin, pads_end;  // may be negative: cropping
  std::vector<int64_t> output;                // spatial extents of the result
};

// Of Conv and the pools. input: spatial extents; kernel: from the weights or the attribute. Reads
// strides, dilations, pads, auto_pad and ceil_mode. With ceil_mode the last window may hang over
// the end, but must begin inside the input or its begin padding; pads_end stay as the node gives
// them. kCorrupt for attributes that make no sense, kInvalidArgument where the kernel is larger
// than the padded input, kLimit for absurd extents.
Result<Window> ResolveWindow(const Node& node, const std::vector<int64_t>& input,
                             const std::vector<int64_t>& kernel);

// Of ConvTranspose: also output_padding and output_shape. An element (i, k) of input position and
// kernel position lands at i * stride + k * dilation - pads_begin.
Result<Window> ResolveTransposedWindow(const Node& node, const std::vector<int64_t>& input,
                                       const std::vector<int64_t>& kernel);

}  // namespace peel::engine
