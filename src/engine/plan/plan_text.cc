#include <algorithm>
#include <cstdio>

#include "src/engine/plan/plan.h"

namespace peel::engine {
namespace {

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

const char* LayoutName(Layout layout) { return layout == Layout::kBlocked ? "blocked" : "plain"; }

std::string Padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

int64_t MultiplyAdds(const Graph& graph, const Node& node) {
  const bool pooled = node.op_type == "ConvMaxPool";
  const bool conv =
      pooled || node.op_type == "Conv" || node.op_type == "ConvInteger" || node.op_type == "QConv";
  const bool transposed = node.op_type == "ConvTranspose";
  const bool product = node.op_type == "MatMul" || node.op_type == "Gemm";
  if (!(conv || transposed || product) || node.inputs.size() < 2 || node.outputs.empty()) return 0;
  const Value& a = graph.value(node.inputs[0]);
  const Value& b = graph.value(node.inputs[1]);
  const Value& out = graph.value(node.outputs[0]);
  if (!a.shape || !b.shape || !out.shape) return 0;
  const auto count = [](const Shape& shape) {
    const auto n = ElementCount(shape);
    return n.ok() ? *n : int64_t{0};
  };
  if (conv || transposed) {
    // Weights [out][in / groups][taps…], or [in][out / groups][taps…] for the transposed one:
    // either way one element of the first dimension's side meets all but that dimension.
    if (b.shape->empty() || (*b.shape)[0] == 0) return 0;
    const int64_t taps = count(*b.shape) / (*b.shape)[0];
    return count(conv ? *out.shape : *a.shape) * taps * (pooled ? 4 : 1);
  }
  if (a.shape->empty() || out.shape->empty()) return 0;
  const bool flipped = node.op_type == "Gemm" && node.Int("transA", 0) != 0;
  return count(*out.shape) * (flipped ? a.shape->front() : a.shape->back());
}

StepInfo Plan::Describe(const Operation& op) const {
  const Graph& graph = *program_.graph;
  StepInfo info;
  info.kernel = op.variant.kernel;
  // Constants (weights, shapes) say little; what flows does.
  for (const int t : op.in) {
    if (t < 0) continue;
    const PlannedTensor& tensor = program_.tensors[static_cast<size_t>(t)];
    if (tensor.kind == PlannedTensor::Kind::kConstant) continue;
    info.detail += (info.detail.empty() ? "" : ", ") + ShapeString(tensor.shape);
  }
  if (!op.out.empty() && op.out[0] >= 0) {
    const PlannedTensor& out = program_.tensors[static_cast<size_t>(op.out[0])];
    info.detail += (info.detail.empty() ? "-> " : " -> ") + ShapeString(out.shape);
  }
  if (op.node == kNone) {
    const PlannedTensor& out = program_.tensors[static_cast<size_t>(op.out[0])];
    info.node = graph.value(out.value).name;
    info.op_type = "Reorder";
    return info;
  }
  const Node& node = graph.nodes[static_cast<size_t>(op.node)];
  info.node = node.name;
  info.op_type = node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
  info.multiply_adds = MultiplyAdds(graph, node);
  const bool window =
      node.op_type == "Conv" || node.op_type == "QConv" || node.op_type == "ConvTranspose";
  if (window && node.inputs.size() > 1) {
    const Value& weights = graph.value(node.inputs[1]);
    if (weights.shape && weights.shape->size() > 2) {
      info.detail += " k" + ShapeString(Shape(weights.shape->begin() + 2, weights.shape->end()));
    }
    const auto suffix = [&](const char* key, const char* letter) {
      const auto values = node.Ints(key);
      if (std::any_of(values.begin(), values.end(), [](int64_t x) { return x != 1; })) {
        info.detail += letter + ShapeString(values);
      }
    };
    suffix("strides", " s");
    suffix("dilations", " d");
    if (node.Int("group", 1) != 1) info.detail += " g" + std::to_string(node.Int("group", 1));
  }
  return info;
}

std::string Plan::Text() const {
  const Graph& graph = *program_.graph;
  std::string text;
  size_t number = 0;
  for (const Operation& op : program_.operations) {
    const StepInfo info = Describe(op);
    text += Padded(std::to_string(++number) + ".", 5) + Padded(info.op_type, 14) + " " +
            Padded(info.kernel, 20) + " " + info.detail;
    if (!op.out.empty() && op.out[0] >= 0) {
      text +=
          std::string(" ") + LayoutName(program_.tensors[static_cast<size_t>(op.out[0])].layout);
    }
    text += "  '" + info.node + "'";
    if (op.eliminated) text += "  (no work: the same memory)";
    if (op.overwrites >= 0) text += "  (in place)";
    if (op.variant.kind == Variant::Kind::kConcat) {
      const auto placed = std::count(op.in_place.begin(), op.in_place.end(), 1);
      text += "  (" + std::to_string(placed) + " of " + std::to_string(op.in.size()) +
              " parts in place)";
    }
    text += '\n';
    if (op.node == kNone) continue;
    const Choices& choices = choices_[static_cast<size_t>(op.node)];
    for (size_t k = 0; k < choices.variants.size(); ++k) {
      const Variant& variant = choices.variants[k];
      std::string layouts;
      if (!variant.in.empty()) layouts = std::string(LayoutName(variant.in[0])) + " to ";
      layouts += LayoutName(variant.out);
      const bool chosen = static_cast<int>(k) == choices.chosen;
      text += std::string("       ") + (chosen ? "* " : "  ") + Padded(variant.kernel, 20) + " " +
              Padded(layouts, 18) + (variant.timed ? " timed " : " estimated ") +
              Number("%.3f ms", variant.cost) + "\n";
    }
    for (const Rejection& rejection : choices.rejections) {
      text += "       - " + Padded(rejection.kernel, 20) + " " + rejection.reason + "\n";
    }
  }
  text += "\nactivations " + Number("%.2f MB", static_cast<double>(program_.arena_bytes) * 1e-6) +
          " in " + std::to_string(program_.storages.size()) + " places, scratch " +
          Number("%.2f MB", static_cast<double>(scratch_bytes_) * 1e-6) + ", packed weights " +
          Number("%.2f MB", static_cast<double>(weight_bytes_) * 1e-6) + "; " +
          std::to_string(steps_.size()) + " steps for " + std::to_string(graph.nodes.size()) +
          " nodes\n";
  return text;
}

}  // namespace peel::engine
