#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/engine/kernels/reference/op_helpers.h"

namespace peel::engine::reference {

// How a kernel slides over one, two or three spatial axes; fewer axes than three are padded in
// front with extents of 1, so that operators need loops for three only.
struct Window {
  static constexpr size_t kAxes = 3;
  using Extents = std::array<int64_t, kAxes>;
  Extents in{1, 1, 1}, out{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1};
  Extents pad_begin{0, 0, 0}, pad_end{0, 0, 0};

  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

// From the attributes strides, dilations, pads and auto_pad of a node whose input and output are
// [N, C, spatial…]. `in` and `out` are those shapes; for a transposed convolution they are swapped
// (there the small side is where windows are counted). kUnsupported beyond three spatial axes;
// kInvalidArgument where the attributes do not fit.
Result<Window> MakeWindow(const Node& node, const Shape& in, const Shape& out,
                          const std::vector<int64_t>& kernel);

}  // namespace peel::engine::reference
