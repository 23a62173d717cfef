// Batch and instance normalisation with known parameters become peel.ChannelNorm, together with a
// ReLU or clip that alone reads the result; so does what cuts the channels in parts, normalises
// some and joins all again, as networks do that use one kind for some channels and the other for
// the rest (MODNet). Only where shapes are known, which is after specialisation.
#include <cmath>
#include <limits>
#include <optional>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"
#include "src/engine/graph/slice.h"

namespace peel::engine::passes {
namespace {

// y = x * scale + shift by channel, after statistics of its own where `own`.
struct Norm {
  ValueId x = kNone;
  std::vector<float> scale, shift;
  bool own = false;
  float epsilon = 0;
};

bool IsImage(const Graph& graph, ValueId v) {
  const Value& value = graph.value(v);
  return value.type == DataType::kFloat32 && value.shape && value.shape->size() == 4;
}

std::optional<Norm> FromNode(const Rewriter& rewriter, const Node& node) {
  const bool batch = node.Is("BatchNormalization");
  if (!batch && !node.Is("InstanceNormalization")) return std::nullopt;
  const size_t count = batch ? 4 : 2;
  if (node.inputs.size() != count + 1 || node.outputs.size() != 1 ||
      !IsImage(rewriter.graph(), node.inputs[0]) || node.Int("training_mode", 0) != 0 ||
      node.Int("spatial", 1) == 0) {
    return std::nullopt;
  }
  const auto channels = static_cast<size_t>((*rewriter.graph().value(node.inputs[0]).shape)[1]);
  std::vector<float> numbers[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < count; ++i) {
    const Tensor* tensor = rewriter.Constant(node.inputs[i + 1]);
    if (tensor == nullptr) return std::nullopt;
    Result<std::vector<float>> values = tensor->AsFloats();
    if (!values.ok() || values->size() != channels) return std::nullopt;
    numbers[i] = *std::move(values);
  }
  Norm norm{node.inputs[0], std::move(numbers[0]), std::move(numbers[1]), !batch,
            node.Float("epsilon", 1e-5f)};
  for (size_t c = 0; batch && c < channels; ++c) {
    const double scale = norm.scale[c] / std::sqrt(double{numbers[3][c]} + norm.epsilon);
    norm.shift[c] = static_cast<float>(norm.shift[c] - numbers[2][c] * scale);
    norm.scale[c] = static_cast<float>(scale);
    if (!std::isfinite(norm.scale[c]) || !std::isfinite(norm.shift[c])) return std::nullopt;
  }
  return norm;
}

// Channels [begin, end) of x.
struct Range {
  ValueId x = kNone;
  int64_t begin = 0, end = 0;
};

std::optional<Range> RangeOf(const Rewriter& rewriter, ValueId v) {
  const NodeId producer = rewriter.Producer(v);
  if (producer == kNone || !IsImage(rewriter.graph(), v)) return std::nullopt;
  const Node& node = rewriter.node(producer);
  const auto channels = [&](ValueId id) { return (*rewriter.graph().value(id).shape)[1]; };
  if (node.Is("Split")) {
    if (const int64_t axis = node.Int("axis", 0); axis != 1 && axis != -3) return std::nullopt;
    Range range{node.inputs[0]};
    for (const ValueId output : node.outputs) {
      if (output == v) {
        range.end = range.begin + channels(v);
        return range;
      }
      if (output == kNone || !IsImage(rewriter.graph(), output)) return std::nullopt;
      range.begin += channels(output);
    }
  }
  if (!node.Is("Slice") || !IsImage(rewriter.graph(), node.inputs[0])) return std::nullopt;
  const auto starts = IntsOf(rewriter, node, 1, "starts"), ends = IntsOf(rewriter, node, 2, "ends");
  if (!starts || !ends) return std::nullopt;
  const bool has_axes = node.inputs.size() > 3 && node.inputs[3] != kNone;
  const bool has_steps = node.inputs.size() > 4 && node.inputs[4] != kNone;
  const auto axes = IntsOf(rewriter, node, 3, "axes"), steps = IntsOf(rewriter, node, 4, "steps");
  if ((has_axes && !axes) || (has_steps && !steps)) return std::nullopt;
  const Shape& whole = *rewriter.graph().value(node.inputs[0]).shape;
  const auto cuts = ResolveSlice(whole, *starts, *ends, axes.value_or(std::vector<int64_t>()),
                                 steps.value_or(std::vector<int64_t>()));
  if (!cuts.ok()) return std::nullopt;
  for (size_t i = 0; i < cuts->size(); ++i) {
    const SliceRange& cut = (*cuts)[i];
    if (cut.step != 1 || (i != 1 && (cut.start != 0 || cut.count != whole[i]))) return std::nullopt;
  }
  return Range{node.inputs[0], (*cuts)[1].start, (*cuts)[1].start + (*cuts)[1].count};
}

class Fuser {
 public:
  explicit Fuser(Rewriter& rewriter) : rewriter_(rewriter) {}

  bool Join(NodeId n) {
    const Node& concat = rewriter_.node(n);
    if (const int64_t axis = concat.Int("axis", 0); axis != 1 && axis != -3) return false;
    Norm whole;
    int64_t own_begin = 0, own_end = 0;
    std::vector<NodeId> norms;
    for (const ValueId part : concat.inputs) {
      std::optional<Norm> norm;
      if (const NodeId producer = rewriter_.Producer(part); producer != kNone) {
        norm = FromNode(rewriter_, rewriter_.node(producer));
      }
      if (norm && rewriter_.SoleReader(part) != n) return false;
      const auto range = RangeOf(rewriter_, norm ? norm->x : part);
      const auto done = static_cast<int64_t>(whole.scale.size());
      if (!range || range->begin != done || (whole.x != kNone && range->x != whole.x)) return false;
      whole.x = range->x;
      const auto count = static_cast<size_t>(range->end - range->begin);
      if (norm && norm->own) {
        // One range with one epsilon is what the operator knows.
        if (own_end != own_begin && (own_end != done || norm->epsilon != whole.epsilon)) {
          return false;
        }
        if (own_end == own_begin) own_begin = done;
        own_end = range->end;
        whole.epsilon = norm->epsilon;
      }
      if (norm) norms.push_back(rewriter_.Producer(part));
      if (!norm) norm = Norm{kNone, std::vector<float>(count, 1), std::vector<float>(count, 0)};
      whole.scale.insert(whole.scale.end(), norm->scale.begin(), norm->scale.end());
      whole.shift.insert(whole.shift.end(), norm->shift.begin(), norm->shift.end());
    }
    if (norms.empty() || !IsImage(rewriter_.graph(), whole.x) ||
        (*rewriter_.graph().value(whole.x).shape)[1] != static_cast<int64_t>(whole.scale.size())) {
      return false;
    }
    Become(n, whole, own_begin, own_end);
    for (const NodeId norm : norms) rewriter_.Remove(norm);
    return true;
  }

  bool Single(NodeId n) {
    const auto norm = FromNode(rewriter_, rewriter_.node(n));
    if (!norm) return false;
    Become(n, *norm, 0, norm->own ? static_cast<int64_t>(norm->scale.size()) : 0);
    return true;
  }

 private:
  void Become(NodeId n, const Norm& norm, int64_t own_begin, int64_t own_end) {
    const Node& old = rewriter_.node(n);
    Node node;
    node.name = old.name;
    node.op_type = "ChannelNorm";
    node.domain = "peel";
    node.opset = 1;
    node.outputs = old.outputs;
    node.attributes["own_begin"] = own_begin;
    node.attributes["own_end"] = own_end;
    node.attributes["epsilon"] = norm.epsilon;
    const NodeId reader = rewriter_.SoleReader(node.outputs[0]);
    if (reader != kNone) {
      const Node& clamp = rewriter_.node(reader);
      std::optional<std::pair<float, float>> bounds;
      if (clamp.Is("Relu")) bounds = {0.0f, std::numeric_limits<float>::infinity()};
      if (clamp.Is("Clip")) bounds = ClipBounds(rewriter_, clamp);
      if (bounds && bounds->first <= bounds->second) {
        node.attributes["min"] = bounds->first;
        node.attributes["max"] = bounds->second;
        node.outputs = clamp.outputs;
        rewriter_.Remove(reader);
      }
    }
    node.inputs = {
        norm.x,
        rewriter_.AddConstant(node.name + "/scale", Tensor::Of(std::span<const float>(norm.scale))),
        rewriter_.AddConstant(node.name + "/shift",
                              Tensor::Of(std::span<const float>(norm.shift)))};
    rewriter_.Become(n, std::move(node));
  }

  Rewriter& rewriter_;
};

}  // namespace

Result<int> FuseChannelNorm(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  Fuser fuser(rewriter);
  int changes = 0;
  // Joined ones first: nothing else reads their parts afterwards.
  for (const bool join : {true, false}) {
    for (NodeId n = 0; n < rewriter.node_count(); ++n) {
      if (rewriter.removed(n)) continue;
      if (join != rewriter.node(n).Is("Concat")) continue;
      changes += join ? fuser.Join(n) : fuser.Single(n);
    }
  }
  return changes;
}

}  // namespace peel::engine::passes
