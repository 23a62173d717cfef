#include "src/engine/kernels/map/resize.h"

#include <climits>
#include <optional>

#include "src/engine/plan/byte_operand.h"

namespace peel::engine {
namespace {

// The scales that the node states, one per axis of the image; empty where it states sizes, nothing
// where they are not known.
std::optional<std::vector<float>> StatedScales(const NodeView& view) {
  const Node& node = view.node();
  std::vector<float> scales;
  if (node.op_type == "Upsample" && node.opset < 9) {
    scales = node.Floats("scales");
  } else {
    const int input = node.op_type == "Upsample" || node.opset < 11 ? 1 : 2;
    if (!view.HasInput(input)) return scales;
    if (!view.Input(input).is_constant()) return std::nullopt;
    auto values = view.Input(input).constant.AsFloats();
    if (!values.ok()) return std::nullopt;
    scales = *std::move(values);
  }
  if (scales.empty()) return scales;
  std::vector<float> whole(4, 1.0f);
  std::vector<int64_t> axes = node.Ints("axes");
  if (axes.empty()) axes = {0, 1, 2, 3};
  if (axes.size() != scales.size()) return std::nullopt;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + 4 : axes[i];
    if (axis < 0 || axis > 3) return std::nullopt;
    whole[static_cast<size_t>(axis)] = scales[i];
  }
  return whole;
}

std::string MakeResize(const NodeView& view, ResizeProblem* problem) {
  const Node& node = view.node();
  const bool bytes = NodeView::IsByteImage(view.Input(0)) && node.op_type == "QResize";
  if (!bytes && (!NodeView::IsImage(view.Input(0)) || !NodeView::IsImage(view.Output()))) {
    return "wants float32 images";
  }
  if (bytes && !NodeView::IsByteImage(view.Output())) return "wants images";
  const Shape &in = view.InputShape(0), &out = view.OutputShape();
  if (in[0] != out[0] || in[1] != out[1]) return "resizes the spatial axes only";
  if (out[2] > INT_MAX || out[3] > INT_MAX) return "is too large";
  ResizeProblem p;
  p.in = ImageShape(in);
  p.out_height = static_cast<int>(out[2]);
  p.out_width = static_cast<int>(out[3]);
  const std::string mode = node.String("mode", "nearest");
  if (mode == "linear" || mode == "bilinear") {
    p.mode = ResizeMode::kLinear;
  } else if (mode == "nearest") {
    p.mode = ResizeMode::kNearest;
  } else {
    return "knows no " + mode + " interpolation";
  }
  // Before opset 11 there was one way to map coordinates and one to round.
  const bool old = node.op_type == "Upsample" || node.opset < 11;
  const std::string coordinates =
      old ? "asymmetric" : node.String("coordinate_transformation_mode", "half_pixel");
  if (coordinates == "half_pixel") {
    p.coordinates = ResizeCoordinates::kHalfPixel;
  } else if (coordinates == "pytorch_half_pixel") {
    p.coordinates = ResizeCoordinates::kPytorchHalfPixel;
  } else if (coordinates == "align_corners") {
    p.coordinates = ResizeCoordinates::kAlignCorners;
  } else if (coordinates == "asymmetric") {
    p.coordinates = ResizeCoordinates::kAsymmetric;
  } else {
    return "knows no coordinates " + coordinates;
  }
  const std::string rounding = old ? "floor" : node.String("nearest_mode", "round_prefer_floor");
  if (rounding == "round_prefer_floor") {
    p.rounding = ResizeRounding::kPreferFloor;
  } else if (rounding == "round_prefer_ceil") {
    p.rounding = ResizeRounding::kPreferCeil;
  } else if (rounding == "floor") {
    p.rounding = ResizeRounding::kFloor;
  } else if (rounding == "ceil") {
    p.rounding = ResizeRounding::kCeil;
  } else {
    return "knows no rounding " + rounding;
  }
  if (node.Int("antialias", 0) != 0 && (out[2] < in[2] || out[3] < in[3])) {
    return "does not antialias";
  }
  const auto scales = StatedScales(view);
  if (!scales) return "wants scales that are known before the run";
  if (!scales->empty()) {
    if ((*scales)[0] != 1 || (*scales)[1] != 1) return "resizes the spatial axes only";
    p.scale_h = (*scales)[2];
    p.scale_w = (*scales)[3];
    // These two map by the extent before it is rounded down, the kernel by the one after.
    const bool by_extent = p.coordinates == ResizeCoordinates::kAlignCorners ||
                           p.coordinates == ResizeCoordinates::kPytorchHalfPixel;
    if (by_extent && (p.scale_h * static_cast<float>(in[2]) != static_cast<float>(out[2]) ||
                      p.scale_w * static_cast<float>(in[3]) != static_cast<float>(out[3]))) {
      return "wants scales that give whole extents";
    }
  } else if (node.String("keep_aspect_ratio_policy", "stretch") != "stretch") {
    return "does not keep the aspect ratio";
  }
  *problem = p;
  return "";
}

}  // namespace

void ResizeVariants(const NodeView& view, Choices& choices) {
  ResizeProblem problem;
  const std::string why = MakeResize(view, &problem);
  for (const Layout layout : {Layout::kBlocked, Layout::kPlain}) {
    problem.layout = layout;
    const char* name = layout == Layout::kBlocked ? "resize_blocked" : "resize";
    const std::string reason = why.empty() ? RejectResize(problem) : why;
    if (!reason.empty()) {
      choices.rejections.push_back({name, reason});
      continue;
    }
    const double in = Floats(view.InputShape(0), layout), out = Floats(view.OutputShape(), layout);
    const double tap_cost = layout == Layout::kBlocked ? 1.0 : 4.0;
    Variant variant =
        SameLayout(view, name, layout, StreamCost(4 * (in + out) + 4 * tap_cost * out));
    for (size_t i = 1; i < variant.in.size(); ++i) variant.in[i] = Layout::kPlain;
    variant.strided = true;
    if (view.node().op_type == "QResize") {
      variant.cost = StreamCost(in + out + 2 * tap_cost * out);
      const int zero = ByteAttribute(view.node(), "x_zero");
      variant.emit = [problem, zero](EmitArgs& args) -> Result<Emitted> {
        Emitted step = Simple([problem, zero, x = args.in[0], y = args.out[0]](const RunEnv& env) {
          RunByteResize(problem, zero, ReadBytes(x, env), WriteBytes(y, env), env.scratch,
                        *env.pool);
          return OkStatus();
        });
        step.scratch_bytes = ResizeScratchBytes(problem, args.threads);
        return step;
      };
      choices.variants.push_back(std::move(variant));
      continue;
    }
    variant.emit = [problem](EmitArgs& args) -> Result<Emitted> {
      Emitted step = Simple([problem, x = args.in[0], y = args.out[0]](const RunEnv& env) {
        RunResize(problem, Read(x, env), Write(y, env), env.scratch, *env.pool);
        return OkStatus();
      });
      step.scratch_bytes = ResizeScratchBytes(problem, args.threads);
      return step;
    };
    choices.variants.push_back(std::move(variant));
  }
}

}  // namespace peel::engine
