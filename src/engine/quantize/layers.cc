#include "src/engine/quantize/layers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/schema.h"
#include "src/engine/graph/specialise.h"
#include "src/engine/kernels/reference/reference.h"
#include "src/engine/plan/plan.h"

namespace peel::engine {
namespace {

// The graph with constants, batch norms and shapes worked out.
Result<Graph> Settled(const Graph& file, std::span<const std::string> fetches,
                      const std::map<std::string, Shape, std::less<>>& shapes) {
  for (const Node& node : file.nodes) PEEL_RETURN_IF_ERROR(CheckNode(node));
  Graph graph = file;
  std::vector<Port> wanted;
  for (const Port& port : graph.outputs) {
    if (std::find(fetches.begin(), fetches.end(), port.name) != fetches.end()) {
      wanted.push_back(port);
    }
  }
  if (wanted.size() != fetches.size()) return InvalidArgument("lacks an output that is asked for");
  graph.outputs = std::move(wanted);
  const Evaluator evaluator(kReferenceEvaluator);
  const PassContext context{&evaluator};
  PEEL_RETURN_IF_ERROR(passes::FoldConstants(graph, context).status());
  PEEL_RETURN_IF_ERROR(passes::RemoveDeadNodes(graph, context).status());
  PEEL_RETURN_IF_ERROR(passes::FoldBatchNorm(graph, context).status());
  Binding binding;
  binding.shapes = shapes;
  PEEL_RETURN_IF_ERROR(Specialise(graph, binding, kReferenceEvaluator));
  return graph;
}

bool IsFloat(const Value& value) { return value.type == DataType::kFloat32; }

// Nothing where the node is not one, or reads anything but float32 activations.
std::optional<QuantMover> MoverOf(const Graph& graph, const Node& node) {
  const bool concat = node.Is("Concat") && node.Int("axis", 0) == 1;
  const bool add = node.Is("Add");
  if (!concat && !add && !node.Is("MaxPool") && !node.Is("Resize")) return std::nullopt;
  if (node.outputs.size() > 1 && node.outputs[1] != kNone) return std::nullopt;
  const Value& result = graph.value(node.outputs[0]);
  if (!IsFloat(result) || !result.shape || result.shape->size() != 4) return std::nullopt;
  QuantMover mover;
  mover.output = result.name;
  mover.one_code = !add;
  const size_t count = concat || add ? node.inputs.size() : 1;
  for (size_t i = 0; i < count; ++i) {
    if (node.inputs[i] == kNone) return std::nullopt;
    const Value& x = graph.value(node.inputs[i]);
    if (x.is_constant() || !IsFloat(x) || !x.shape || x.shape->size() != 4) return std::nullopt;
    if (add && *x.shape != *result.shape) return std::nullopt;
    mover.inputs.push_back(x.name);
  }
  return mover;
}

// Behind a ReLU that alone reads it, else the value itself.
ValueId BehindRelu(const Graph& graph, const std::vector<std::vector<NodeId>>& consumers,
                   ValueId v) {
  const auto& readers = consumers[static_cast<size_t>(v)];
  if (readers.size() != 1) return v;
  const Node& reader = graph.nodes[static_cast<size_t>(readers[0])];
  return reader.Is("Relu") ? reader.outputs[0] : v;
}

}  // namespace

Result<QuantTarget> FindLayers(const Graph& file, std::span<const std::string> fetches,
                               const std::map<std::string, Shape, std::less<>>& shapes) {
  for (const Node& node : file.nodes) {
    if (node.Is("QuantizeLinear") || node.Is("QLinearConv") || node.Is("ConvInteger") ||
        node.Is("DynamicQuantizeLinear")) {
      return Unsupported("is quantised already (" + node.Describe() +
                         "); give the float32 model it was made from");
    }
  }
  PEEL_ASSIGN_OR_RETURN(const Graph graph, Settled(file, fetches, shapes));
  std::map<std::string, const Node*> producers;  // in the file, by value
  for (const Node& node : file.nodes) {
    for (const ValueId v : node.outputs) {
      if (v != kNone) producers.emplace(file.value(v).name, &node);
    }
  }
  QuantTarget target;
  for (const Value& value : graph.values) {
    if (value.shape) target.ranks[value.name] = static_cast<int>(value.shape->size());
  }
  for (const Node& node : file.nodes) {
    if (node.outputs.empty() || node.outputs[0] == kNone) continue;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNone) continue;
      target.readers[file.value(node.inputs[i]).name].push_back(
          {file.value(node.outputs[0]).name, i});
    }
  }
  const auto consumers = graph.Consumers();
  for (const Node& node : graph.nodes) {
    target.multiply_adds += MultiplyAdds(graph, node);
    if (auto mover = MoverOf(graph, node)) {
      for (size_t i = 0; i < mover->inputs.size(); ++i) {
        target.values[mover->inputs[i]] = *graph.value(node.inputs[i]).shape;
      }
      target.values[mover->output] = *graph.value(node.outputs[0]).shape;
      target.movers.push_back(*std::move(mover));
      continue;
    }
    if (!node.Is("Conv") || node.inputs.size() < 2) continue;
    const Value& x = graph.value(node.inputs[0]);
    const Value& w = graph.value(node.inputs[1]);
    const ValueId b = node.inputs.size() > 2 ? node.inputs[2] : kNone;
    if (x.is_constant() || !w.is_constant() || !IsFloat(x) || !IsFloat(w) || !x.shape ||
        w.constant.elements() == 0) {
      continue;
    }
    QuantLayer layer;
    if (b != kNone) {
      if (!graph.value(b).is_constant() || !IsFloat(graph.value(b))) continue;
      PEEL_ASSIGN_OR_RETURN(layer.bias, graph.value(b).constant.AsFloats());
    }
    layer.node = node.name;
    layer.output = graph.value(node.outputs[0]).name;
    const auto producer = producers.find(layer.output);
    if (producer == producers.end()) continue;
    if (producer->second->Is("BatchNormalization")) {
      layer.folded_norm = layer.output;
      layer.output = file.value(producer->second->inputs[0]).name;
    }
    layer.input = x.name;
    layer.result = graph.value(BehindRelu(graph, consumers, node.outputs[0])).name;
    target.values[layer.input] = *x.shape;
    layer.weights = w.constant;
    layer.groups = node.Int("group", 1);
    layer.multiply_adds = MultiplyAdds(graph, node);
    target.layers.push_back(std::move(layer));
  }
  if (target.layers.empty()) {
    return Unsupported(
        "has no convolution of float32 numbers with known weights, so there is nothing to "
        "quantise");
  }
  return target;
}

}  // namespace peel::engine
