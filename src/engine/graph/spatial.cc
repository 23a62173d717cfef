#include "src/engine/graph/spatial.h"

#include <algorithm>
#include <string>
#include <utility>

namespace peel::engine {
namespace {

// Every number that enters the formulas stays below this, so that no product of two of them and no
// sum of such products can overflow.
constexpr int64_t kMaxExtent = int64_t{1} << 30;

// The attribute with one number an axis, or the fallback repeated.
Result<std::vector<int64_t>> PerAxis(const Node& node, const char* name, size_t axes,
                                     int64_t fallback, int64_t min) {
  std::vector<int64_t> values = node.Ints(name);
  if (values.empty()) values.assign(axes, fallback);
  if (values.size() != axes) {
    return Corrupt(std::string("attribute '") + name + "' has " + std::to_string(values.size()) +
                   " entries where " + std::to_string(axes) + " are needed");
  }
  for (const int64_t v : values) {
    if (v < min || v > kMaxExtent) {
      return Corrupt(std::string("attribute '") + name + "' holds " + std::to_string(v));
    }
  }
  return values;
}

enum class AutoPad { kNotSet, kValid, kSameUpper, kSameLower };

Result<AutoPad> ReadAutoPad(const Node& node) {
  const std::string text = node.String("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return AutoPad::kNotSet;
  if (text == "VALID") return AutoPad::kValid;
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  return Corrupt("attribute 'auto_pad' is '" + text + "'");
}

// Kernel, strides, dilations and pads as written, checked.
Result<Window> ReadWindow(const Node& node, const std::vector<int64_t>& input,
                          const std::vector<int64_t>& kernel) {
  const size_t axes = input.size();
  Window w;
  w.kernel = kernel;
  if (kernel.size() != axes) {
    return Corrupt("its kernel has " + std::to_string(kernel.size()) + " dimensions where " +
                   std::to_string(axes) + " are needed");
  }
  for (size_t i = 0; i < axes; ++i) {
    if (kernel[i] < 1 || kernel[i] > kMaxExtent) {
      return Corrupt("its kernel has the extent " + std::to_string(kernel[i]));
    }
    if (input[i] < 0 || input[i] > kMaxExtent) {
      return LimitExceeded("its input has the extent " + std::to_string(input[i]));
    }
  }
  PEEL_ASSIGN_OR_RETURN(w.strides, PerAxis(node, "strides", axes, 1, 1));
  PEEL_ASSIGN_OR_RETURN(w.dilations, PerAxis(node, "dilations", axes, 1, 1));
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> pads,
                        PerAxis(node, "pads", axes * 2, 0, -kMaxExtent));
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(axes);
  w.pads_begin.assign(pads.begin(), middle);
  w.pads_end.assign(middle, pads.end());
  w.output.resize(axes);
  return w;
}

// Halves of a padding; the odd one goes to the end for SAME_UPPER, to the beginning otherwise.
void Divide(int64_t total, bool upper, int64_t* begin, int64_t* end) {
  const int64_t small = total / 2;
  const int64_t large = total - small;
  *begin = upper ? small : large;
  *end = upper ? large : small;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0 ? 1 : 0); }

}  // namespace

Result<Window> ResolveWindow(const Node& node, const std::vector<int64_t>& input,
                             const std::vector<int64_t>& kernel) {
  PEEL_ASSIGN_OR_RETURN(Window w, ReadWindow(node, input, kernel));
  PEEL_ASSIGN_OR_RETURN(const AutoPad auto_pad, ReadAutoPad(node));
  const bool ceil_mode = node.Int("ceil_mode", 0) != 0;
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t extent = (kernel[i] - 1) * w.dilations[i] + 1;
    const int64_t stride = w.strides[i];
    if (auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower) {
      w.output[i] = (input[i] + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (w.output[i] - 1) * stride + extent - input[i]);
      Divide(total, auto_pad == AutoPad::kSameUpper, &w.pads_begin[i], &w.pads_end[i]);
      continue;
    }
    if (auto_pad == AutoPad::kValid) w.pads_begin[i] = w.pads_end[i] = 0;
    const int64_t room = input[i] + w.pads_begin[i] + w.pads_end[i] - extent;
    if (room < 0 && !(ceil_mode && room + stride > 0)) {
      return InvalidArgument("its kernel of extent " + std::to_string(extent) +
                             " is larger than its padded input of " +
                             std::to_string(room + extent));
    }
    w.output[i] = FloorDivide(room, stride) + 1;
    if (ceil_mode && room % stride != 0 && w.output[i] * stride < input[i] + w.pads_begin[i]) {
      ++w.output[i];
    }
    if (w.output[i] < 1) {
      return InvalidArgument("its kernel of extent " + std::to_string(extent) +
                             " is larger than its padded input of " +
                             std::to_string(room + extent));
    }
  }
  return w;
}

Result<Window> ResolveTransposedWindow(const Node& node, const std::vector<int64_t>& input,
                                       const std::vector<int64_t>& kernel) {
  PEEL_ASSIGN_OR_RETURN(Window w, ReadWindow(node, input, kernel));
  PEEL_ASSIGN_OR_RETURN(const AutoPad auto_pad, ReadAutoPad(node));
  const size_t axes = input.size();
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> extra,
                        PerAxis(node, "output_padding", axes, 0, 0));
  std::vector<int64_t> wanted = node.Ints("output_shape");
  // Some exporters give batch and channels too.
  if (wanted.size() == axes + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (!wanted.empty() && wanted.size() != axes) {
    return Corrupt("attribute 'output_shape' has " + std::to_string(wanted.size()) +
                   " entries where " + std::to_string(axes) + " are needed");
  }
  const bool same = auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t full =
        (input[i] - 1) * w.strides[i] + extra[i] + (kernel[i] - 1) * w.dilations[i] + 1;
    if (!wanted.empty() || same) {
      w.output[i] = wanted.empty() ? input[i] * w.strides[i] : wanted[i];
      if (w.output[i] < 1 || w.output[i] > kMaxExtent) {
        return Corrupt("the extent " + std::to_string(w.output[i]) + " of its result is absurd");
      }
      Divide(std::max<int64_t>(0, full - w.output[i]), auto_pad == AutoPad::kSameUpper,
             &w.pads_begin[i], &w.pads_end[i]);
      continue;
    }
    if (auto_pad == AutoPad::kValid) w.pads_begin[i] = w.pads_end[i] = 0;
    w.output[i] = full - w.pads_begin[i] - w.pads_end[i];
    if (w.output[i] < 1) {
      return InvalidArgument("its padding is larger than its result of extent " +
                             std::to_string(full));
    }
  }
  return w;
}

}  // namespace peel::engine
