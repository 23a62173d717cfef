// Operators between DequantizeLinear and QuantizeLinear that have a form on bytes:
//   functions of one element, and a change of scale   a table of 256 bytes (peel.QTable)
//   Add                                               peel.QAdd
//   GlobalAveragePool                                 peel.QGlobalAveragePool
//   MaxPool, Concat, Resize, Transpose, Reshape, …    the operator on the bytes themselves, with a
//                                                     table where the scales differ
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "src/engine/graph/order.h"
#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/passes/quantised.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

// Functions of one element whose other operands, if any, are constants.
constexpr std::string_view kFunctions[] = {
    "Abs",       "Clip",      "Elu",  "Erf",  "Exp",  "Gelu",       "HardSigmoid",
    "HardSwish", "LeakyRelu", "Neg",  "Relu", "Selu", "Sign",       "Sigmoid",
    "Softplus",  "Softsign",  "Sqrt", "Tanh", "Celu", "Reciprocal", "Swish"};
// Operators that move elements and compute nothing.
constexpr std::string_view kMovers[] = {"DepthToSpace", "Flatten",   "Reshape",
                                        "Slice",        "Squeeze",   "SpaceToDepth",
                                        "Transpose",    "Unsqueeze", "MaxPool"};

template <size_t kCount>
bool OneOf(const Node& node, const std::string_view (&names)[kCount]) {
  if (!node.domain.empty()) return false;
  for (const std::string_view name : names) {
    if (node.op_type == name) return true;
  }
  return false;
}

// A node between bytes and bytes.
class Converter {
 public:
  Converter(Rewriter& rewriter, const PassContext& context)
      : rewriter_(rewriter), context_(context) {}

  bool added() const { return added_; }

  Result<bool> Convert(NodeId n) {
    const Node node = rewriter_.node(n);
    if (node.outputs.empty() || node.inputs.empty()) return false;
    if (node.Is("QuantizeLinear")) return ChangeOfScale(n, node);
    const NodeId quantise = node.outputs.size() == 1 || node.outputs[1] == kNone
                                ? rewriter_.SoleReader(node.outputs[0])
                                : kNone;
    if (quantise == kNone || rewriter_.node(quantise).inputs[0] != node.outputs[0]) return false;
    if (node.Is("Add") && rewriter_.node(quantise).Is("Relu")) {
      return AddThenRelu(n, node, quantise);
    }
    const auto scale = QuantisesToBytes(rewriter_, rewriter_.node(quantise));
    if (!scale) return false;
    if (OneOf(node, kFunctions)) return Function(n, node, quantise, *scale);
    if (OneOf(node, kMovers) || IsResize(node)) return Mover(n, node, quantise, *scale);
    if (node.Is("Concat")) return Concat(n, node, quantise, *scale);
    if (node.Is("Add")) return Add(n, node, kNone, quantise, *scale);
    if (node.Is("GlobalAveragePool")) return GlobalPool(n, node, quantise, *scale);
    return false;
  }

 private:
  // The table of x -> bytes of f(real number of x), f null for the identity.
  Result<std::optional<Tensor>> Table(const ByteScale& from, const Node* f, const ByteScale& to) {
    PEEL_ASSIGN_OR_RETURN(Tensor reals, Tensor::Allocate(DataType::kFloat32, {256}));
    for (int i = 0; i < 256; ++i) {
      reals.data<float>()[i] = static_cast<float>(i - from.zero) * from.scale;
    }
    std::vector<Tensor> result{reals};
    if (f != nullptr) {
      if (context_.evaluate == nullptr) return std::optional<Tensor>();
      PEEL_ASSIGN_OR_RETURN(result[0], Tensor::Allocate(DataType::kFloat32, {256}));
      std::vector<const Tensor*> inputs{&reals};
      for (size_t i = 1; i < f->inputs.size(); ++i) {
        inputs.push_back(rewriter_.Constant(f->inputs[i]));
        if (inputs.back() == nullptr && f->inputs[i] != kNone) return std::optional<Tensor>();
      }
      if (!(*context_.evaluate)(*f, inputs, result).ok()) return std::optional<Tensor>();
    }
    PEEL_ASSIGN_OR_RETURN(Tensor table, Tensor::Allocate(DataType::kUint8, {256}));
    for (int i = 0; i < 256; ++i) {
      table.data<uint8_t>()[i] = ToByte(result[0].data<float>()[i], to);
    }
    return std::optional(std::move(table));
  }

  Node TableNode(const std::string& name, ValueId x, Tensor table, ValueId y) {
    Node node;
    node.name = name;
    node.op_type = "QTable";
    node.domain = "peel";
    node.opset = 1;
    node.inputs = {x, rewriter_.AddConstant(name + "/table", std::move(table))};
    node.outputs = {y};
    rewriter_.graph().value(y).type = DataType::kUint8;
    return node;
  }

  // DequantizeLinear, QuantizeLinear.
  Result<bool> ChangeOfScale(NodeId n, const Node& node) {
    const auto to = QuantisesToBytes(rewriter_, node);
    const auto x = DequantisedBytes(rewriter_, node.inputs[0]);
    if (!to || !x) return false;
    if (x->scale == *to && !rewriter_.IsOutput(node.outputs[0])) {
      rewriter_.Replace(node.outputs[0], x->bytes);
      rewriter_.Remove(n);
      return true;
    }
    PEEL_ASSIGN_OR_RETURN(auto table, Table(x->scale, nullptr, *to));
    if (!table) return false;
    rewriter_.Become(n, TableNode(node.name, x->bytes, *std::move(table), node.outputs[0]));
    return true;
  }

  Result<bool> Function(NodeId n, const Node& node, NodeId quantise, const ByteScale& to) {
    const auto x = DequantisedBytes(rewriter_, node.inputs[0]);
    if (!x) return false;
    PEEL_ASSIGN_OR_RETURN(auto table, Table(x->scale, &node, to));
    if (!table) return false;
    const ValueId y = rewriter_.node(quantise).outputs[0];
    rewriter_.Remove(quantise);
    rewriter_.Become(n, TableNode(node.name, x->bytes, *std::move(table), y));
    return true;
  }

  static bool IsResize(const Node& node) {
    if (!node.Is("Resize")) return false;
    const std::string mode = node.String("mode", "nearest");
    // Others may leave the range of their input.
    return (mode == "nearest" || mode == "linear") &&
           node.String("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
  }

  // Gives the node the bytes instead of the real numbers; what it makes of them goes to the
  // quantisation's readers, through a table where the scale changes.
  Result<bool> Mover(NodeId n, const Node& node, NodeId quantise, const ByteScale& to) {
    const auto x = DequantisedBytes(rewriter_, node.inputs[0]);
    if (!x) return false;
    Node moved = node;
    moved.inputs[0] = x->bytes;
    if (node.Is("Resize")) {
      moved.op_type = "QResize";
      moved.domain = "peel";
      moved.attributes["x_zero"] = int64_t{x->scale.zero};
    }
    if (node.Is("MaxPool")) moved.opset = std::max(node.opset, 12);  // the first that takes bytes
    FinishMove(n, std::move(moved), quantise, x->scale, to);
    return true;
  }

  void FinishMove(NodeId n, Node moved, NodeId quantise, const ByteScale& from,
                  const ByteScale& to) {
    const Node last = rewriter_.node(quantise);
    if (from == to) {
      rewriter_.Remove(quantise);
      moved.outputs[0] = last.outputs[0];
    } else {
      auto table = Table(from, nullptr, to);
      if (!table.ok()) return;  // no memory for 256 bytes: the node stays as it is
      moved.outputs[0] = rewriter_.AddValue(last.name + "/bytes", DataType::kUint8);
      rewriter_.Become(quantise,
                       TableNode(last.name, moved.outputs[0], **std::move(table), last.outputs[0]));
    }
    rewriter_.graph().value(moved.outputs[0]).type = DataType::kUint8;
    rewriter_.Become(n, std::move(moved));
  }

  Result<bool> Concat(NodeId n, const Node& node, NodeId quantise, const ByteScale& to) {
    std::vector<Dequantised> parts;
    for (const ValueId v : node.inputs) {
      const auto part = DequantisedBytes(rewriter_, v);
      if (!part) return false;
      parts.push_back(*part);
    }
    Node moved = node;
    for (size_t i = 0; i < parts.size(); ++i) {
      moved.inputs[i] = parts[i].bytes;
      if (parts[i].scale == to) continue;
      PEEL_ASSIGN_OR_RETURN(auto table, Table(parts[i].scale, nullptr, to));
      const std::string name = node.name + "/part" + std::to_string(i);
      moved.inputs[i] = rewriter_.AddValue(name, DataType::kUint8);
      rewriter_.Add(TableNode(name, parts[i].bytes, *std::move(table), moved.inputs[i]));
      added_ = true;
    }
    FinishMove(n, std::move(moved), quantise, to, to);
    return true;
  }

  Result<bool> AddThenRelu(NodeId n, const Node& add, NodeId relu) {
    const NodeId quantise = rewriter_.SoleReader(rewriter_.node(relu).outputs[0]);
    if (quantise == kNone) return false;
    const auto scale = QuantisesToBytes(rewriter_, rewriter_.node(quantise));
    if (!scale || rewriter_.node(quantise).inputs[0] != rewriter_.node(relu).outputs[0]) {
      return false;
    }
    return Add(n, add, relu, quantise, *scale);
  }

  // Where the shapes are known to be the same: otherwise the sum might broadcast.
  Result<bool> Add(NodeId n, const Node& add, NodeId relu, NodeId quantise, const ByteScale& to) {
    if (add.inputs.size() != 2) return false;
    const auto a = DequantisedBytes(rewriter_, add.inputs[0]);
    const auto b = DequantisedBytes(rewriter_, add.inputs[1]);
    if (!a || !b) return false;
    const auto& a_shape = rewriter_.graph().value(add.inputs[0]).shape;
    const auto& b_shape = rewriter_.graph().value(add.inputs[1]).shape;
    if (!a_shape || !b_shape || *a_shape != *b_shape) return false;
    const float a_scale = a->scale.scale / to.scale, b_scale = b->scale.scale / to.scale;
    if (!std::isfinite(a_scale) || !std::isfinite(b_scale)) return false;
    Node node = add;
    node.op_type = "QAdd";
    node.domain = "peel";
    node.opset = 1;
    node.inputs = {a->bytes, b->bytes};
    node.attributes = {{"a_zero", int64_t{a->scale.zero}},
                       {"b_zero", int64_t{b->scale.zero}},
                       {"a_scale", a_scale},
                       {"b_scale", b_scale},
                       {"y_zero", int64_t{to.zero}}};
    if (relu != kNone) {
      node.attributes["low"] = int64_t{to.zero};
      rewriter_.Remove(relu);
    }
    Finish(n, std::move(node), quantise);
    return true;
  }

  Result<bool> GlobalPool(NodeId n, const Node& node, NodeId quantise, const ByteScale& to) {
    const auto x = DequantisedBytes(rewriter_, node.inputs[0]);
    if (!x || !std::isfinite(x->scale.scale / to.scale)) return false;
    Node pool = node;
    pool.op_type = "QGlobalAveragePool";
    pool.domain = "peel";
    pool.opset = 1;
    pool.inputs = {x->bytes};
    pool.attributes = {{"x_zero", int64_t{x->scale.zero}},
                       {"y_zero", int64_t{to.zero}},
                       {"scale", x->scale.scale / to.scale}};
    Finish(n, std::move(pool), quantise);
    return true;
  }

  // The node computes what the quantisation did.
  void Finish(NodeId n, Node node, NodeId quantise) {
    node.outputs = rewriter_.node(quantise).outputs;
    rewriter_.graph().value(node.outputs[0]).type = DataType::kUint8;
    rewriter_.Remove(quantise);
    rewriter_.Become(n, std::move(node));
  }

  Rewriter& rewriter_;
  const PassContext& context_;
  bool added_ = false;
};

}  // namespace

Result<int> IntegerOps(Graph& graph, const PassContext& context) {
  int changes = 0;
  bool added = false;
  {
    Rewriter rewriter(graph);
    Converter converter(rewriter, context);
    const NodeId count = rewriter.node_count();
    for (NodeId n = 0; n < count; ++n) {
      if (rewriter.removed(n)) continue;
      PEEL_ASSIGN_OR_RETURN(const bool converted, converter.Convert(n));
      changes += converted ? 1 : 0;
    }
    added = converter.added();
  }
  if (added) SortNodes(graph);
  return changes;
}

}  // namespace peel::engine::passes
