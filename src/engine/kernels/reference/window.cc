#include "src/engine/kernels/reference/window.h"

#include <algorithm>
#include <string>

#include "src/base/checked.h"

namespace peel::engine::reference {
namespace {

// Beyond these an attribute is a mistake or an attack; within them no position overflows.
constexpr int64_t kMaxStep = int64_t{1} << 31;

}  // namespace

Result<Window> MakeWindow(const Node& node, const Shape& in, const Shape& out,
                          const std::vector<int64_t>& kernel) {
  if (in.size() < 3 || in.size() > 2 + Window::kAxes) {
    return Unsupported("an input of " + std::to_string(in.size()) +
                       " dimensions is not supported (3 to 5 are)");
  }
  const size_t axes = in.size() - 2;
  const auto strides = node.Ints("strides", std::vector<int64_t>(axes, 1));
  const auto dilations = node.Ints("dilations", std::vector<int64_t>(axes, 1));
  const auto pads = node.Ints("pads", std::vector<int64_t>(axes * 2, 0));
  if (out.size() != in.size() || kernel.size() != axes || strides.size() != axes ||
      dilations.size() != axes || pads.size() != axes * 2) {
    return InvalidArgument("kernel, strides, dilations or pads do not fit the input's dimensions");
  }
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  const size_t skip = Window::kAxes - axes;
  Window w;
  for (size_t d = 0; d < axes; ++d) {
    const size_t k = skip + d;
    if (kernel[d] < 1 || strides[d] < 1 || dilations[d] < 1 || kernel[d] > kMaxStep ||
        strides[d] > kMaxStep || dilations[d] > kMaxStep) {
      return InvalidArgument("a kernel extent, stride or dilation is out of range");
    }
    w.in[k] = in[2 + d];
    w.out[k] = out[2 + d];
    w.kernel[k] = kernel[d];
    w.stride[k] = strides[d];
    w.dilation[k] = dilations[d];
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      const auto reach = CheckedMul(w.out[k] - 1, strides[d]);
      if (!reach) return LimitExceeded("the output's extents are too large");
      const int64_t total =
          std::max<int64_t>(*reach + (kernel[d] - 1) * dilations[d] + 1 - in[2 + d], 0);
      w.pad_begin[k] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.pad_end[k] = total - w.pad_begin[k];
    } else if (auto_pad != "VALID") {
      if (std::abs(pads[d]) > kMaxStep || std::abs(pads[axes + d]) > kMaxStep) {
        return InvalidArgument("a pad is out of range");
      }
      w.pad_begin[k] = pads[d];
      w.pad_end[k] = pads[axes + d];
    }
  }
  return w;
}

}  // namespace peel::engine::reference
