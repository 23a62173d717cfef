#include "src/engine/plan/conv_problem.h"

#include <algorithm>
#include <climits>

#include "src/engine/plan/image_operand.h"

namespace peel::engine {
namespace {

bool FitsInt(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](int64_t e) { return e <= INT_MAX; });
}

}  // namespace

std::string ReadConvGeometry(const NodeView& view, ConvProblem* problem) {
  const Node& node = view.node();
  const Shape &in = view.InputShape(0), &w = view.InputShape(1), &out = view.OutputShape();
  if (w.size() != 4 || !FitsInt(in) || !FitsInt(w) || !FitsInt(out)) return "is too large";
  ConvProblem& p = *problem;
  p.max_pool = node.op_type == "ConvMaxPool";
  const int pooled = p.max_pool ? 2 : 1;
  if (out[2] > INT_MAX / pooled || out[3] > INT_MAX / pooled) return "is too large";
  p.batch = static_cast<int>(in[0]);
  p.in_channels = static_cast<int>(in[1]);
  p.in_height = static_cast<int>(in[2]);
  p.in_width = static_cast<int>(in[3]);
  p.out_channels = static_cast<int>(out[1]);
  p.out_height = static_cast<int>(out[2]) * pooled;
  p.out_width = static_cast<int>(out[3]) * pooled;
  p.kernel_h = static_cast<int>(w[2]);
  p.kernel_w = static_cast<int>(w[3]);
  const auto pair = [&](const char* key, int* h, int* wide) {
    const std::vector<int64_t> values = node.Ints(key, {1, 1});
    if (values.size() != 2) return false;
    *h = static_cast<int>(values[0]);
    *wide = static_cast<int>(values[1]);
    return values[0] > 0 && values[1] > 0 && values[0] <= INT_MAX && values[1] <= INT_MAX;
  };
  if (!pair("strides", &p.stride_h, &p.stride_w) ||
      !pair("dilations", &p.dilation_h, &p.dilation_w)) {
    return "has odd strides or dilations";
  }
  p.groups = static_cast<int>(node.Int("group", 1));
  AxisPads rows, columns;
  if (!ReadPads(node, 0, p.in_height, p.out_height, p.kernel_h, p.stride_h, p.dilation_h, &rows) ||
      !ReadPads(node, 1, p.in_width, p.out_width, p.kernel_w, p.stride_w, p.dilation_w, &columns)) {
    return "has odd pads";
  }
  p.pad_top = static_cast<int>(rows.before);
  p.pad_left = static_cast<int>(columns.before);
  return "";
}

}  // namespace peel::engine
