#include "src/engine/plan/plan.h"

#include <algorithm>
#include <set>

#include "src/base/checked.h"
#include "src/engine/plan/arena.h"
#include "src/engine/plan/layout.h"
#include "src/engine/plan/placement.h"
#include "src/engine/plan/tune.h"
#include "src/engine/plan/variants.h"

namespace peel::engine {
namespace {

// Nodes that the fetched values need, in the graph's order.
std::vector<NodeId> LiveNodes(const Graph& graph, std::span<const ValueId> fetches) {
  std::vector<char> wanted(graph.values.size(), 0);
  for (const ValueId v : fetches) wanted[static_cast<size_t>(v)] = 1;
  std::vector<NodeId> live;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool runs = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) {
      return v != kNone && wanted[static_cast<size_t>(v)];
    });
    if (!runs) continue;
    live.push_back(static_cast<NodeId>(i));
    for (const ValueId v : node.inputs) {
      if (v != kNone) wanted[static_cast<size_t>(v)] = 1;
    }
  }
  std::reverse(live.begin(), live.end());
  return live;
}

Status CheckKnown(const Graph& graph, const Node& node) {
  const auto known = [&](ValueId v) {
    return v == kNone || (graph.value(v).shape && graph.value(v).type != DataType::kUndefined);
  };
  if (std::all_of(node.inputs.begin(), node.inputs.end(), known) &&
      std::all_of(node.outputs.begin(), node.outputs.end(), known)) {
    return OkStatus();
  }
  return Internal(node.Describe() + ": a shape is not known although the graph was specialised");
}

std::string Megabytes(uint64_t bytes) { return std::to_string((bytes + 999999) / 1000000) + " MB"; }

}  // namespace

Result<uint64_t> LayoutBytes(DataType type, const Shape& shape, Layout layout) {
  Shape padded = shape;
  if (layout == Layout::kBlocked) padded[1] = RoundUp(padded[1], kBlock);
  PEEL_ASSIGN_OR_RETURN(const int64_t elements, ElementCount(padded));
  const auto bytes = CheckedMul<uint64_t>(static_cast<uint64_t>(elements), DataTypeSize(type));
  if (!bytes) return LimitExceeded("shape " + ShapeString(shape) + " is larger than any memory");
  return *bytes;
}

namespace {

// The tensors of a program's values, in each layout that one is needed in.
class TensorForms {
 public:
  explicit TensorForms(Program* program) : program_(*program) {
    for (auto& form : forms_) form.assign(program_.graph->values.size(), -1);
  }

  // The tensor of a value in a layout.
  Result<int> Of(ValueId v, Layout layout) {
    int& form = At(v, layout);
    if (form >= 0) return form;
    const Value& value = program_.graph->value(v);
    PlannedTensor tensor;
    tensor.value = v;
    tensor.layout = layout;
    tensor.type = value.type;
    tensor.shape = *value.shape;
    auto bytes = LayoutBytes(value.type, tensor.shape, layout);
    if (!bytes.ok()) return std::move(bytes).status().WithContext("value '" + value.name + "'");
    tensor.bytes = *bytes;
    if (value.is_constant()) tensor.kind = PlannedTensor::Kind::kConstant;
    form = static_cast<int>(program_.tensors.size());
    program_.tensors.push_back(std::move(tensor));
    return form;
  }

  // The same for reading it: copied from the other layout where it is only there.
  Result<int> Read(ValueId v, Layout layout) {
    const Value& value = program_.graph->value(v);
    if (At(v, layout) >= 0 || value.is_constant()) return Of(v, layout);
    const Layout other = layout == Layout::kPlain ? Layout::kBlocked : Layout::kPlain;
    PEEL_ASSIGN_OR_RETURN(const int from, Of(v, other));
    PEEL_ASSIGN_OR_RETURN(const int to, Of(v, layout));
    Operation op;
    op.in = {from};
    op.out = {to};
    op.variant = ReorderVariant(value, other, layout);
    program_.operations.push_back(std::move(op));
    return to;
  }

 private:
  int& At(ValueId v, Layout layout) {
    return forms_[static_cast<int>(layout)][static_cast<size_t>(v)];
  }

  Program& program_;
  std::vector<int> forms_[2];  // by layout: the tensor of each value, or -1
};

}  // namespace

Result<std::shared_ptr<const Plan>> Plan::Build(std::shared_ptr<const Graph> graph,
                                                std::span<const ValueId> fetches,
                                                const Options& options, ThreadPool& pool,
                                                WeightStore& weights) {
  auto plan = std::make_shared<Plan>();
  plan->program_.graph = std::move(graph);
  PEEL_RETURN_IF_ERROR(plan->Lower(fetches, options, pool));
  PEEL_RETURN_IF_ERROR(PlaceTensors(plan->program_));
  PEEL_ASSIGN_OR_RETURN(plan->program_.arena_bytes, AssignOffsets(plan->program_.storages));
  WeightBatch batch(weights);
  PEEL_RETURN_IF_ERROR(plan->Emit(pool.size(), batch));
  // Nothing of it has been touched yet, so that asking for too much costs no memory.
  const uint64_t need = plan->program_.arena_bytes + plan->scratch_bytes_ + plan->weight_bytes_;
  if (options.max_memory != 0 && need > options.max_memory) {
    return OutOfMemory("needs " + Megabytes(need) + " of memory (" +
                       Megabytes(plan->program_.arena_bytes) + " of it for activations) but only " +
                       Megabytes(options.max_memory) +
                       " may be used; use a smaller input or batch");
  }
  PEEL_RETURN_IF_ERROR(batch.Finish(pool));
  return std::shared_ptr<const Plan>(std::move(plan));
}

Status Plan::ChooseVariants(const std::vector<NodeId>& live, const Options& options,
                            ThreadPool& pool) {
  const Graph& graph = *program_.graph;
  choices_.resize(graph.nodes.size());
  for (const NodeId n : live) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    PEEL_RETURN_IF_ERROR(CheckKnown(graph, node));
    Choices& choices = choices_[static_cast<size_t>(n)];
    const Precision precision =
        options.precisions != nullptr ? options.precisions->Of(node.name) : Precision::kFp32;
    choices =
        EnumerateVariants(NodeView(graph, node, pool.size(), precision), options.disabled_kernels);
    if (choices.variants.empty()) {
      return Unsupported("operator " + node.op_type + " (node '" + node.name +
                         "') is not supported");
    }
    if (options.timings) TakeTimings(choices, *options.timings, options.tune, pool);
  }
  if (options.timings) options.timings->Save();
  return OkStatus();
}

Status Plan::Lower(std::span<const ValueId> fetches, const Options& options, ThreadPool& pool) {
  const Graph& graph = *program_.graph;
  const std::vector<NodeId> live = LiveNodes(graph, fetches);
  PEEL_RETURN_IF_ERROR(ChooseVariants(live, options, pool));
  const std::vector<Layout> layouts = AssignLayouts(graph, live, fetches, choices_);

  TensorForms forms(&program_);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const ValueId v = graph.inputs[i].value;
    if (!graph.value(v).shape || graph.value(v).is_constant()) continue;
    PEEL_ASSIGN_OR_RETURN(const int t, forms.Of(v, Layout::kPlain));
    program_.tensors[static_cast<size_t>(t)].kind = PlannedTensor::Kind::kInput;
    program_.tensors[static_cast<size_t>(t)].input = static_cast<int>(i);
  }
  for (const NodeId n : live) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    const Choices& choices = choices_[static_cast<size_t>(n)];
    Operation op;
    op.node = n;
    op.variant = choices.variants[static_cast<size_t>(choices.chosen)];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      int t = -1;
      if (node.inputs[i] != kNone) {
        const bool constant = graph.value(node.inputs[i]).is_constant();
        PEEL_ASSIGN_OR_RETURN(
            t, forms.Read(node.inputs[i], constant ? Layout::kPlain : op.variant.in[i]));
      }
      op.in.push_back(t);
    }
    for (const ValueId v : node.outputs) {
      int t = -1;
      if (v != kNone) {
        PEEL_ASSIGN_OR_RETURN(t, forms.Of(v, op.variant.out));
      }
      op.out.push_back(t);
    }
    program_.operations.push_back(std::move(op));
  }
  for (const ValueId v : fetches) {
    PEEL_ASSIGN_OR_RETURN(const int t, forms.Read(v, Layout::kPlain));
    program_.tensors[static_cast<size_t>(t)].is_output = true;
    program_.outputs.push_back(t);
  }
  return OkStatus();
}

Operand Plan::MakeOperand(int t) const {
  Operand operand;
  if (t < 0) return operand;
  const PlannedTensor& tensor = program_.tensors[static_cast<size_t>(t)];
  operand.present = true;
  operand.storage = tensor.storage;
  operand.offset = tensor.offset;
  operand.batch_stride = tensor.batch_stride;
  operand.layout = tensor.layout;
  operand.type = tensor.type;
  operand.shape = tensor.shape;
  const Value& value = program_.graph->value(tensor.value);
  if (value.is_constant()) operand.constant = &value.constant;
  return operand;
}

Status Plan::Emit(int threads, WeightBatch& weights) {
  static const Node kReorder;  // of no operator: layouts are the plan's own business
  std::set<const PackedWeights*> counted;
  for (size_t i = 0; i < program_.operations.size(); ++i) {
    const Operation& op = program_.operations[i];
    if (op.eliminated) continue;
    const Node& node =
        op.node == kNone ? kReorder : program_.graph->nodes[static_cast<size_t>(op.node)];
    EmitArgs args{node, i, {}, {}, op.in_place, threads, weights};
    for (const int t : op.in) args.in.push_back(MakeOperand(t));
    for (const int t : op.out) args.out.push_back(MakeOperand(t));
    auto emitted = op.variant.emit(args);
    if (!emitted.ok()) return std::move(emitted).status().WithContext(node.Describe());
    const bool packed = !emitted->packed.empty();
    for (auto& weight : emitted->packed) {
      if (counted.insert(weight.get()).second) weight_bytes_ += weight->size();
      packed_.push_back(std::move(weight));
    }
    if (!emitted->run) continue;
    scratch_bytes_ = std::max(scratch_bytes_, emitted->scratch_bytes);
    steps_.push_back({i, std::move(emitted->run), Describe(op), emitted->bind_tensors, packed});
  }
  return OkStatus();
}

}  // namespace peel::engine
