#include "src/engine/kernels/map/pool.h"

#include <algorithm>
#include <climits>
#include <optional>

#include "src/engine/plan/byte_operand.h"

namespace peel::engine {
namespace {

constexpr Layout kLayouts[] = {Layout::kBlocked, Layout::kPlain};

std::string MakePool(const NodeView& view, PoolProblem* problem) {
  const Node& node = view.node();
  if (node.outputs.size() > 1 && node.outputs[1] != kNone) return "gives no indices";
  const bool bytes = NodeView::IsByteImage(view.Input(0)) && node.op_type == "MaxPool";
  if (!bytes && !(NodeView::IsImage(view.Input(0)) && NodeView::IsImage(view.Output()))) {
    return "wants float32 images, or bytes for their largest";
  }
  const std::vector<int64_t> kernel = node.Ints("kernel_shape");
  const std::vector<int64_t> strides = node.Ints("strides", {1, 1});
  const std::vector<int64_t> dilations = node.Ints("dilations", {1, 1});
  for (const auto* list : {&kernel, &strides, &dilations}) {
    if (list->size() != 2) return "wants two spatial axes";
    for (const int64_t x : *list) {
      if (x < 1 || x > INT_MAX / 4) return "has an odd window";
    }
  }
  PoolProblem p;
  p.kind = PoolKind::kMax;
  if (node.op_type == "AveragePool") {
    p.kind = node.Int("count_include_pad", 0) ? PoolKind::kAverageIncludePad : PoolKind::kAverage;
  }
  p.in = ImageShape(view.InputShape(0));
  const Shape& out = view.OutputShape();
  if (out[2] > INT_MAX || out[3] > INT_MAX) return "is too large";
  p.out_height = static_cast<int>(out[2]);
  p.out_width = static_cast<int>(out[3]);
  p.kernel_h = static_cast<int>(kernel[0]);
  p.kernel_w = static_cast<int>(kernel[1]);
  p.stride_h = static_cast<int>(strides[0]);
  p.stride_w = static_cast<int>(strides[1]);
  p.dilation_h = static_cast<int>(dilations[0]);
  p.dilation_w = static_cast<int>(dilations[1]);
  AxisPads rows, columns;
  if (!ReadPads(node, 0, p.in.height, out[2], kernel[0], strides[0], dilations[0], &rows) ||
      !ReadPads(node, 1, p.in.width, out[3], kernel[1], strides[1], dilations[1], &columns)) {
    return "has odd pads";
  }
  p.pad_top = static_cast<int>(rows.before);
  p.pad_bottom = static_cast<int>(rows.after);
  p.pad_left = static_cast<int>(columns.before);
  p.pad_right = static_cast<int>(columns.after);
  *problem = p;
  return "";
}

// The axes that a reduction runs over, made non-negative and sorted; nothing where they are not
// known.
std::optional<std::vector<int64_t>> ReducedAxes(const NodeView& view) {
  std::vector<int64_t> axes = view.node().Ints("axes");
  if (view.HasInput(1)) {
    if (!view.Input(1).is_constant()) return std::nullopt;
    auto values = view.Input(1).constant.AsInt64s();
    if (!values.ok()) return std::nullopt;
    axes = *std::move(values);
  }
  for (int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
  std::sort(axes.begin(), axes.end());
  return axes;
}

}  // namespace

void PoolVariants(const NodeView& view, Choices& choices) {
  PoolProblem problem;
  std::string why = MakePool(view, &problem);
  for (const Layout layout : kLayouts) {
    problem.layout = layout;
    const char* name = layout == Layout::kBlocked ? "pool_blocked" : "pool";
    const std::string reason = why.empty() ? RejectPool(problem) : why;
    if (!reason.empty()) {
      choices.rejections.push_back({name, reason});
      continue;
    }
    const double in = Floats(view.InputShape(0), layout), out = Floats(view.OutputShape(), layout);
    const double taps = problem.kernel_h * problem.kernel_w;
    // A plain window walks lane by lane what a blocked one takes 16 at a time.
    const double tap_cost = layout == Layout::kBlocked ? 1.0 : 4.0;
    Variant variant =
        SameLayout(view, name, layout, StreamCost(4 * (in + out) + tap_cost * out * taps));
    variant.strided = true;
    if (view.Output().type == DataType::kUint8) {
      variant.cost = StreamCost(in + out + tap_cost * out * taps);
      variant.emit = [problem](EmitArgs& args) -> Result<Emitted> {
        return Simple([problem, x = args.in[0], y = args.out[0]](const RunEnv& env) {
          RunBytePool(problem, ReadBytes(x, env), WriteBytes(y, env), *env.pool);
          return OkStatus();
        });
      };
      choices.variants.push_back(std::move(variant));
      continue;
    }
    variant.emit = [problem](EmitArgs& args) -> Result<Emitted> {
      return Simple([problem, x = args.in[0], y = args.out[0]](const RunEnv& env) {
        RunPool(problem, Read(x, env), Write(y, env), *env.pool);
        return OkStatus();
      });
    };
    choices.variants.push_back(std::move(variant));
  }
}

void GlobalPoolVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  const bool reduce = node.op_type == "ReduceMean" || node.op_type == "ReduceMax";
  const PoolKind kind = node.op_type == "GlobalMaxPool" || node.op_type == "ReduceMax"
                            ? PoolKind::kMax
                            : PoolKind::kAverage;
  std::string why;
  if (!NodeView::IsImage(view.Input(0))) why = "wants float32 images";
  if (why.empty() && reduce) {
    const auto axes = ReducedAxes(view);
    if (!axes || *axes != std::vector<int64_t>{2, 3}) why = "wants both spatial axes";
  }
  for (const Layout layout : kLayouts) {
    const char* name = layout == Layout::kBlocked ? "global_pool_blocked" : "global_pool";
    std::string reason = why;
    // Without the spatial axes the output is plain; the same bytes where blocks are full.
    const bool kept = view.OutputShape().size() == 4;
    if (reason.empty() && layout == Layout::kBlocked && !kept &&
        view.InputShape(0)[1] % kBlock != 0) {
      reason = "would leave gaps in a result without spatial axes";
    }
    if (!reason.empty()) {
      choices.rejections.push_back({name, reason});
      continue;
    }
    Variant variant =
        SameLayout(view, name, layout, StreamCost(4 * Floats(view.InputShape(0), layout)));
    if (!kept) variant.out = Layout::kPlain;
    variant.strided = kept;
    const Shape4 shape = ImageShape(view.InputShape(0));
    variant.emit = [kind, layout, shape](EmitArgs& args) -> Result<Emitted> {
      return Simple([kind, layout, shape, x = args.in[0], y = args.out[0]](const RunEnv& env) {
        // Of a result without spatial axes an item of the batch is its channels.
        const Slice out =
            y.shape.size() == 4 ? Write(y, env) : Slice{y.At<float>(env), shape.channels};
        RunGlobalPool(kind, layout, shape, Read(x, env), out, *env.pool);
        return OkStatus();
      });
    };
    choices.variants.push_back(std::move(variant));
  }
}

}  // namespace peel::engine
