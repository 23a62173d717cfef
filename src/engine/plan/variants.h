#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/engine/plan/precision.h"
#include "src/engine/plan/program.h"

namespace peel::engine {

// A node of a specialised graph (every type and shape known) as the enumerators below see it.
class NodeView {
 public:
  NodeView(const Graph& graph, const Node& node, int threads,
           Precision precision = Precision::kFp32)
      : graph_(graph), node_(node), threads_(threads), precision_(precision) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return node_; }
  int threads() const { return threads_; }
  // What the session allows this node.
  Precision precision() const { return precision_; }
  int input_count() const { return static_cast<int>(node_.inputs.size()); }
  bool HasInput(int i) const {
    return i < input_count() && node_.inputs[static_cast<size_t>(i)] != kNone;
  }
  const Value& Input(int i) const { return graph_.value(node_.inputs[static_cast<size_t>(i)]); }
  const Shape& InputShape(int i) const { return *Input(i).shape; }
  const Value& Output(int i = 0) const {
    return graph_.value(node_.outputs[static_cast<size_t>(i)]);
  }
  const Shape& OutputShape(int i = 0) const { return *Output(i).shape; }
  // A float32 tensor of four extents, none of them zero: what blocked kernels work on.
  static bool IsImage(const Value& value);
  // The same of uint8.
  static bool IsByteImage(const Value& value);

 private:
  const Graph& graph_;
  const Node& node_;
  int threads_;
  Precision precision_;
};

// Kernels are compared as if this many threads ran them whatever the pool has, so that the choice,
// and with it every bit of the result, is the same for every pool.
constexpr int kCostThreads = 2;

// Estimates of what is not a convolution: bytes moved at what one core streams, and a constant for
// each step.
double StreamCost(double bytes);

// Adds its ways to compute a node. Each family of operators has one, in <family>_variants.cc.
using Enumerate = void (*)(const NodeView& view, Choices& choices);
void ReferenceVariants(const NodeView& view, Choices& choices);
void ViewVariants(const NodeView& view, Choices& choices);
void ConcatVariants(const NodeView& view, Choices& choices);
void ConvVariants(const NodeView& view, Choices& choices);
void ConvMaxPoolVariants(const NodeView& view, Choices& choices);
void ConvTransposeVariants(const NodeView& view, Choices& choices);
void DepthToSpaceVariants(const NodeView& view, Choices& choices);
void PoolVariants(const NodeView& view, Choices& choices);
void GlobalPoolVariants(const NodeView& view, Choices& choices);
void ResizeVariants(const NodeView& view, Choices& choices);
void ActivationVariants(const NodeView& view, Choices& choices);
void UnaryVariants(const NodeView& view, Choices& choices);
void BinaryVariants(const NodeView& view, Choices& choices);
void MatrixVariants(const NodeView& view, Choices& choices);
void QConvVariants(const NodeView& view, Choices& choices);
void QTableVariants(const NodeView& view, Choices& choices);
void QAddVariants(const NodeView& view, Choices& choices);
void QuantizeVariants(const NodeView& view, Choices& choices);
void ChannelNormVariants(const NodeView& view, Choices& choices);
void SliceVariants(const NodeView& view, Choices& choices);
void SoftmaxVariants(const NodeView& view, Choices& choices);

// All of them for this node: fast ones first, the reference last. Never empty for a node whose
// operator has a reference. Kernels with a disabled name ("all": every one but views and the
// reference) are left out.
Choices EnumerateVariants(const NodeView& view, std::span<const std::string> disabled_kernels);

// Copies between plain and blocked layout.
Variant ReorderVariant(const Value& value, Layout from, Layout to);

}  // namespace peel::engine
