#include "src/engine/plan/image_operand.h"

#include <algorithm>
#include <climits>

namespace peel::engine {

bool ReadPads(const Node& node, int axis, int64_t in, int64_t out, int64_t kernel, int64_t stride,
              int64_t dilation, AxisPads* pads) {
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    // The output has ceil(in / stride) pixels; what that lacks is padded on both sides.
    const int64_t total =
        std::max<int64_t>(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - in);
    pads->before = auto_pad == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
    pads->after = total - pads->before;
    return true;
  }
  *pads = {};
  if (auto_pad == "VALID") return true;
  const std::vector<int64_t> values = node.Ints("pads", {0, 0, 0, 0});
  if (values.size() != 4) return false;
  pads->before = values[static_cast<size_t>(axis)];
  pads->after = values[static_cast<size_t>(axis) + 2];
  const auto fits = [](int64_t p) { return p >= 0 && p <= INT_MAX / 4; };
  return fits(pads->before) && fits(pads->after);
}

}  // namespace peel::engine
