// QDQ form in, integer operators out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/engine/graph/graph_builder.h"
#include "src/engine/graph/pass.h"
#include "src/engine/graph/passes/passes.h"

namespace peel::engine {
namespace {

using ::testing::ElementsAre;
using testing::GraphBuilder;

constexpr auto kF32 = DataType::kFloat32;
const PassContext kNoKernels;

template <typename T>
Tensor Of(DataType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor = *Tensor::Allocate(type, shape);
  std::copy(values.begin(), values.end(), tensor.data<T>());
  return tensor;
}

std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    names.push_back((node.domain.empty() ? "" : node.domain + ".") + node.op_type);
  }
  return names;
}

// Runs the rewrites of QDQ form in their order and removes the dead.
int Apply(Graph& graph, const PassContext& context = kNoKernels) {
  int changes = 0;
  for (const auto pass : {passes::UnsignedBytes, passes::IntegerConv, passes::IntegerOps,
                          passes::RemoveDeadNodes, passes::ClampTables, passes::RemoveDeadNodes}) {
    const Result<int> result = pass(graph, context);
    EXPECT_TRUE(result.ok()) << result.status().message();
    EXPECT_TRUE(graph.Verify().ok()) << graph.Verify().message();
    if (pass != passes::RemoveDeadNodes && result.ok()) changes += *result;
  }
  return changes;
}

// Scales and zero points: "s1", "z1" of 0.5 and 10; "s2", "z2" of 0.25 and 3; weights "w" of two
// filters, scaled by 0.5 and 2, and the bias that belongs to them.
GraphBuilder Start(DataType type = DataType::kUint8) {
  GraphBuilder b;
  b.Input("x", kF32, Shape{1, 1, 2, 2});
  const bool is_signed = type == DataType::kInt8;
  b.Floats("s1", {0.5f}, {}).Floats("s2", {0.25f}, {});
  b.Constant("z1", Of<uint8_t>(type, {}, {static_cast<uint8_t>(is_signed ? -118 : 10)}));
  b.Constant("z2", Of<uint8_t>(type, {}, {static_cast<uint8_t>(is_signed ? -125 : 3)}));
  b.Constant("wq", Of<int8_t>(DataType::kInt8, {2, 1, 1, 1}, {7, -100}))
      .Floats("ws", {0.5f, 2}, {2});
  b.Constant("wz", Of<int8_t>(DataType::kInt8, {2}, {0, 0}));
  b.Op("DequantizeLinear", {"wq", "ws", "wz"}, {"w"}, {{"axis", int64_t{0}}});
  b.Constant("bq", Of<int32_t>(DataType::kInt32, {2}, {5, 6})).Floats("bs", {0.25f, 1}, {2});
  b.Op("DequantizeLinear", {"bq", "bs"}, {"b"}, {{"axis", int64_t{0}}});
  b.Op("QuantizeLinear", {"x", "s1", "z1"}, {"xq"});
  b.Op("DequantizeLinear", {"xq", "s1", "z1"}, {"xd"});
  return b;
}

const Node* Find(const Graph& graph, const std::string& op) {
  for (const Node& node : graph.nodes) {
    if (node.op_type == op) return &node;
  }
  return nullptr;
}

class Integer : public ::testing::TestWithParam<DataType> {};

TEST_P(Integer, ConvolutionWithActivation) {
  GraphBuilder b = Start(GetParam());
  b.Op("Conv", {"xd", "w", "b"}, {"c"}).Op("Relu", {"c"}, {"r"});
  b.Op("QuantizeLinear", {"r", "s2", "z2"}, {"yq"});
  b.Op("DequantizeLinear", {"yq", "s2", "z2"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_GT(Apply(graph), 0);
  ASSERT_THAT(Operators(graph), ElementsAre("QuantizeLinear", "peel.QConv", "DequantizeLinear"));
  const Node& conv = *Find(graph, "QConv");
  EXPECT_EQ(conv.name, "Conv4");
  EXPECT_EQ(conv.Int("x_zero", -1), 10);
  EXPECT_EQ(conv.Int("y_zero", -1), 3);
  EXPECT_EQ(conv.Int("low", -1), 3);  // the Relu
  EXPECT_EQ(conv.Int("high", -1), 255);
  const Tensor& multiplier = graph.value(conv.inputs[2]).constant;
  EXPECT_EQ(multiplier.data<float>()[0], 0.5f * 0.5f / 0.25f);
  EXPECT_EQ(multiplier.data<float>()[1], 0.5f * 2 / 0.25f);
  EXPECT_EQ(graph.value(conv.inputs[3]).constant.data<int32_t>()[1], 6);
  // The borders are bytes of the kind that the convolution reads.
  const Node& first = *Find(graph, "QuantizeLinear");
  EXPECT_EQ(graph.value(first.inputs[2]).constant.type(), DataType::kUint8);
  EXPECT_EQ(*graph.value(first.inputs[2]).constant.data<uint8_t>(), 10);
}
INSTANTIATE_TEST_SUITE_P(Types, Integer, ::testing::Values(DataType::kUint8, DataType::kInt8));

TEST(IntegerConv, GivesFloatsWhereNothingQuantisesThem) {
  GraphBuilder b = Start();
  b.Op("Conv", {"xd", "w"}, {"c"}).Op("Sigmoid", {"c"}, {"y"});
  Graph graph = b.Build({"y"});
  Apply(graph);
  ASSERT_THAT(Operators(graph), ElementsAre("QuantizeLinear", "peel.QConv", "Sigmoid"));
  const Node& conv = *Find(graph, "QConv");
  EXPECT_EQ(conv.Int("output_dtype", 0), static_cast<int64_t>(kF32));
  EXPECT_EQ(graph.value(conv.inputs[2]).constant.data<float>()[1], 1.0f);
}

TEST(IntegerConv, RoundsABiasOfOtherUnits) {
  GraphBuilder b = Start();
  b.Floats("plain", {1.3f, -2.6f}, {2}).Op("Conv", {"xd", "w", "plain"}, {"y"});
  Graph graph = b.Build({"y"});
  Apply(graph);
  const Tensor& bias = graph.value(Find(graph, "QConv")->inputs[3]).constant;
  EXPECT_EQ(bias.data<int32_t>()[0], 5);  // in units of 0.25
  EXPECT_EQ(bias.data<int32_t>()[1], -3);
}

TEST(IntegerConv, LeavesWhatItCannotDoExactly) {
  {  // weights around another number than 0
    GraphBuilder b = Start();
    b.Constant("odd", Of<int8_t>(DataType::kInt8, {2}, {0, 1}));
    b.Op("DequantizeLinear", {"wq", "ws", "odd"}, {"w2"}, {{"axis", int64_t{0}}});
    b.Op("Conv", {"xd", "w2"}, {"y"});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(graph), 0);
    EXPECT_NE(Find(graph, "Conv"), nullptr);
  }
  {  // a scale for each input channel
    GraphBuilder b = Start();
    b.Constant("four", Of<int8_t>(DataType::kInt8, {2, 2, 1, 1}, {1, 2, 3, 4}));
    b.Op("DequantizeLinear", {"four", "ws", "wz"}, {"w2"}, {{"axis", int64_t{1}}});
    b.Op("Conv", {"xd", "w2"}, {"y"});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(graph), 0);
  }
  {  // weights that only a run knows
    GraphBuilder b = Start();
    b.Op("Conv", {"xd", "xd"}, {"y"});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(graph), 0);
  }
  {  // its result, before it is quantised, is somebody else's too
    GraphBuilder b = Start();
    b.Op("Conv", {"xd", "w"}, {"c"}).Op("QuantizeLinear", {"c", "s2", "z2"}, {"yq"});
    Graph graph = b.Build({"yq", "c"});
    Apply(graph);
    ASSERT_NE(Find(graph, "QConv"), nullptr);
    EXPECT_EQ(Find(graph, "QConv")->Int("output_dtype", 0), static_cast<int64_t>(kF32));
  }
}

TEST(IntegerOps, PartsOfAConcatenationGetItsScale) {
  GraphBuilder b = Start();
  b.Op("QuantizeLinear", {"x", "s2", "z2"}, {"aq"})
      .Op("DequantizeLinear", {"aq", "s2", "z2"}, {"a"});
  b.Op("Concat", {"xd", "a"}, {"c"}, {{"axis", int64_t{1}}});
  b.Op("QuantizeLinear", {"c", "s2", "z2"}, {"yq"});
  Graph graph = b.Build({"yq"});
  Apply(graph);
  ASSERT_THAT(Operators(graph),
              ElementsAre("QuantizeLinear", "QuantizeLinear", "peel.QTable", "Concat"));
  const auto* table = graph.value(Find(graph, "QTable")->inputs[1]).constant.data<uint8_t>();
  EXPECT_EQ(table[10], 3);  // zero to zero
  EXPECT_EQ(table[12], 7);  // 1.0
  EXPECT_EQ(table[0], 0);   // -5.0 is below the range
  EXPECT_EQ(table[255], 255);
}

TEST(IntegerOps, MoversKeepTheBytes) {
  GraphBuilder b = Start();
  b.Op("MaxPool", {"xd"}, {"p"}, {{"kernel_shape", std::vector<int64_t>{2, 2}}});
  b.Op("QuantizeLinear", {"p", "s1", "z1"}, {"pq"});
  Graph graph = b.Build({"pq"});
  Apply(graph);
  EXPECT_THAT(Operators(graph), ElementsAre("QuantizeLinear", "MaxPool"));
}

TEST(IntegerOps, AddsWhereTheShapesAreTheSame) {
  const auto build = [](bool known) {
    GraphBuilder with = Start();
    with.Op("QuantizeLinear", {"x", "s2", "z2"}, {"aq"});
    with.Op("DequantizeLinear", {"aq", "s2", "z2"}, {"a"});
    with.Op("Add", {"xd", "a"}, {"s"}).Op("Relu", {"s"}, {"r"});
    with.Op("QuantizeLinear", {"r", "s2", "z2"}, {"yq"});
    Graph graph = with.Build({"yq"});
    if (known) {
      for (Value& value : graph.values) {
        if (value.name == "xd" || value.name == "a") value.shape = Shape{1, 1, 2, 2};
      }
    }
    Apply(graph);
    return graph;
  };
  EXPECT_EQ(Find(build(false), "QAdd"), nullptr);
  const Graph graph = build(true);
  const Node* add = Find(graph, "QAdd");
  ASSERT_NE(add, nullptr);
  EXPECT_EQ(Find(graph, "Relu"), nullptr);
  EXPECT_EQ(add->Float("a_scale", 0), 2.0f);
  EXPECT_EQ(add->Float("b_scale", 0), 1.0f);
  EXPECT_EQ(add->Int("low", -1), 3);
}

TEST(ClampTables, AReluOfTheSameScaleIsABound) {
  const auto relu = [](const Node&, std::span<const Tensor* const> in, std::span<Tensor> out) {
    for (int64_t i = 0; i < in[0]->elements(); ++i) {
      out[0].data<float>()[i] = std::max(0.0f, in[0]->data<float>()[i]);
    }
    return OkStatus();
  };
  const Evaluator evaluate(relu);
  GraphBuilder b = Start();
  b.Op("Conv", {"xd", "w"}, {"c"}).Op("QuantizeLinear", {"c", "s2", "z2"}, {"cq"});
  b.Op("DequantizeLinear", {"cq", "s2", "z2"}, {"cd"}).Op("Relu", {"cd"}, {"r"});
  b.Op("QuantizeLinear", {"r", "s2", "z2"}, {"yq"});
  Graph graph = b.Build({"yq"});
  Apply(graph, PassContext{&evaluate});
  ASSERT_THAT(Operators(graph), ElementsAre("QuantizeLinear", "peel.QConv"));
  EXPECT_EQ(Find(graph, "QConv")->Int("low", -1), 3);
}

}  // namespace
}  // namespace peel::engine
