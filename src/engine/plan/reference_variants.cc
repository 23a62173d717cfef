#include <algorithm>
#include <string_view>

#include "src/engine/kernels/reference/reference.h"
#include "src/engine/plan/variants.h"

namespace peel::engine {
namespace {

// The plain operators are not written for speed: a core gets about this much out of them.
constexpr double kScalarMultiplyAddsPerMs = 1e6;

double Work(const NodeView& view) {
  const Node& node = view.node();
  double elements = 0;
  for (const ValueId v : node.outputs) {
    if (v == kNone) continue;
    elements += static_cast<double>(ElementCount(view.OutputShape()).value());
    break;
  }
  const int weights_at = node.op_type == "QLinearConv" ? 3 : 1;
  constexpr std::string_view kConvolutions[] = {"Conv", "ConvTranspose", "QConv", "QLinearConv",
                                                "ConvInteger"};
  if (view.HasInput(weights_at) &&
      std::ranges::find(kConvolutions, node.op_type) != std::end(kConvolutions)) {
    double taps = 1;
    const Shape& weights = view.InputShape(weights_at);
    for (size_t i = 1; i < weights.size(); ++i) taps *= static_cast<double>(weights[i]);
    return elements * taps;
  }
  if (view.HasInput(0) && (node.op_type == "MatMul" || node.op_type == "Gemm")) {
    const Shape& a = view.InputShape(0);
    return elements * (a.empty() ? 1.0 : static_cast<double>(a.back()));
  }
  if (node.op_type == "MaxPool" || node.op_type == "AveragePool") {
    for (const int64_t extent : node.Ints("kernel_shape")) elements *= static_cast<double>(extent);
    return elements;
  }
  // Reductions read more than they write.
  double read = 0;
  if (view.HasInput(0) && view.Input(0).shape) {
    read = static_cast<double>(ElementCount(view.InputShape(0)).value());
  }
  return 4 * std::max(elements, read);
}

}  // namespace

void ReferenceVariants(const NodeView& view, Choices& choices) {
  const ReferenceOp op = FindReference(view.node());
  if (op == nullptr) {
    choices.rejections.push_back({"reference", "there is none for this operator"});
    return;
  }
  Variant variant;
  variant.kernel = "reference";
  variant.reference = true;
  variant.in.assign(view.node().inputs.size(), Layout::kPlain);
  variant.cost = 0.002 + Work(view) / kScalarMultiplyAddsPerMs;
  variant.emit = [op](EmitArgs& args) -> Result<Emitted> {
    Emitted step;
    step.bind_tensors = true;
    step.run = [op, node = &args.node, operation = args.operation](const RunEnv& env) {
      RunEnv::Bound& bound = (*env.bound)[operation];
      return op({*node, bound.in_pointers, bound.out});
    };
    return step;
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace peel::engine
