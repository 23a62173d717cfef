// Pattern in, pattern out, for every rewrite.
#include "src/engine/graph/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "src/base/float16.h"
#include "src/engine/graph/graph_builder.h"
#include "src/engine/graph/pass.h"
#include "src/engine/graph/test_evaluator.h"

namespace peel::engine {
namespace {

using ::testing::ElementsAre;
using testing::GraphBuilder;

constexpr auto kF32 = DataType::kFloat32;

using PassFunction = Result<int> (*)(Graph&, const PassContext&);

// Runs the pass and then the removal of the dead; the graph must hold together.
int Apply(PassFunction pass, Graph& graph) {
  const testing::TinyEvaluator tiny;
  const Evaluator evaluate = tiny;
  const PassContext context{&evaluate};
  const Result<int> changes = pass(graph, context);
  EXPECT_TRUE(changes.ok()) << changes.status().message();
  EXPECT_TRUE(graph.Verify().ok()) << graph.Verify().message();
  EXPECT_TRUE(passes::RemoveDeadNodes(graph, context).ok());
  EXPECT_TRUE(graph.Verify().ok()) << graph.Verify().message();
  return changes.ok() ? *changes : -1;
}

std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    names.push_back((node.domain.empty() ? "" : node.domain + ".") + node.op_type);
  }
  return names;
}

std::vector<float> ConstantFloats(const Graph& graph, ValueId v) {
  const Result<std::vector<float>> values = graph.value(v).constant.AsFloats();
  return values.ok() ? *values : std::vector<float>();
}

// A graph whose four channels are normalised by halves; the cut lies where `end` says.
Graph HalfAndHalf(int64_t end) {
  GraphBuilder b(17);
  b.Input("x", kF32, Shape{1, 4, 2, 2}).Floats("g", {1, 2}, {2}).Floats("v", {1, 4}, {2});
  b.Ints("zero", {0}).Ints("two", {2}).Ints("end", {end}).Ints("one", {1});
  b.Op("Slice", {"x", "zero", "two", "one"}, {"s1"})
      .Op("Slice", {"x", "two", "end", "one"}, {"s2"});
  b.Op("BatchNormalization", {"s1", "g", "g", "g", "v"}, {"n1"}, {{"epsilon", 0.0f}});
  b.Op("InstanceNormalization", {"s2", "g", "g"}, {"n2"}, {{"epsilon", 0.25f}});
  b.Op("Concat", {"n1", "n2"}, {"k"}, {{"axis", int64_t{1}}}).Op("Relu", {"k"}, {"y"});
  Graph graph = b.Build({"y"});
  for (Value& value : graph.values) {
    if (value.shape) continue;
    value.type = kF32;
    value.shape = Shape{1, value.name == "k" || value.name == "y" ? 4 : 2, 2, 2};
  }
  return graph;
}

TEST(FuseChannelNorm, TakesTheHalvesTogetherWithTheirRelu) {
  Graph graph = HalfAndHalf(4);
  EXPECT_EQ(Apply(passes::FuseChannelNorm, graph), 1);
  ASSERT_THAT(Operators(graph), ElementsAre("peel.ChannelNorm"));
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.Int("own_begin", -1), 2);
  EXPECT_EQ(node.Int("own_end", -1), 4);
  EXPECT_EQ(node.Float("epsilon", 0), 0.25f);
  EXPECT_EQ(node.Float("min", -1), 0.0f);
  EXPECT_THAT(ConstantFloats(graph, node.inputs[1]), ElementsAre(1, 1, 1, 2));
  EXPECT_THAT(ConstantFloats(graph, node.inputs[2]), ElementsAre(0, 0, 1, 2));
}

TEST(FuseChannelNorm, LeavesPartsThatDoNotCoverTheChannels) {
  Graph graph = HalfAndHalf(4);
  for (Value& value : graph.values) {
    if (value.name == "x") value.shape = Shape{1, 5, 2, 2};  // the last channel belongs to neither
  }
  // Each half alone becomes one, the concatenation stays.
  EXPECT_EQ(Apply(passes::FuseChannelNorm, graph), 2);
  EXPECT_THAT(Operators(graph), ElementsAre("Slice", "Slice", "peel.ChannelNorm",
                                            "peel.ChannelNorm", "Concat", "Relu"));
}

// Two filters of one weight each over one channel: weights 2 and 3.
GraphBuilder WithConv(int opset = 17) {
  GraphBuilder b(opset);
  b.Input("x", kF32, std::nullopt).Floats("w", {2, 3}, {2, 1, 1, 1}).Floats("b", {10, 20}, {2});
  b.Op("Conv", {"x", "w", "b"}, {"c"});
  return b;
}

TEST(RemoveDeadNodes, DropsNodesConstantsAndUnreadOutputs) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Floats("k", {1}, {1});
  b.Op("Dropout", {"x"}, {"y", "mask"}).Op("Add", {"x", "k"}, {"unused"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::RemoveDeadNodes, graph), 2);
  ASSERT_THAT(Operators(graph), ElementsAre("Dropout"));
  EXPECT_EQ(graph.nodes[0].outputs.size(), 1u);
  for (const Value& value : graph.values) EXPECT_FALSE(value.is_constant());
}

TEST(FoldConstants, FoldsConstantNodesAndCasts) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt);
  b.Op("Constant", {}, {"k"}, {{"value_ints", std::vector<int64_t>{2, 3}}});
  b.Op("Cast", {"k"}, {"k2"}, {{"to", int64_t{7}}});
  b.Op("Unsqueeze", {"k2", "zero"}, {"k3"}).Ints("zero", {0});
  b.Op("Reshape", {"x", "k2"}, {"y"});
  Graph graph = b.Build({"y", "k3"});
  EXPECT_EQ(Apply(passes::FoldConstants, graph), 3);
  ASSERT_THAT(Operators(graph), ElementsAre("Reshape"));
  EXPECT_THAT(*graph.value(graph.nodes[0].inputs[1]).constant.AsInt64s(), ElementsAre(2, 3));
  EXPECT_THAT(graph.value(graph.outputs[1].value).constant.shape(), ElementsAre(1, 2));
}

TEST(FoldConstants, TakesShapesOfDeclaredInputsButNotOfOpenOnes) {
  GraphBuilder b;
  b.Input("x", kF32, Shape{1, 3, 4, 5}).Input("open", kF32, std::nullopt);
  b.Op("Shape", {"x"}, {"s"}, {{"start", int64_t{2}}}).Op("Shape", {"open"}, {"t"});
  Graph graph = b.Build({"s", "t"});
  EXPECT_EQ(Apply(passes::FoldConstants, graph), 1);
  EXPECT_THAT(*graph.value(graph.outputs[0].value).constant.AsInt64s(), ElementsAre(4, 5));
  EXPECT_THAT(Operators(graph), ElementsAre("Shape"));
}

TEST(WidenHalf, KeepsTheBorderAndWidensTheRest) {
  GraphBuilder b;
  Tensor half = *Tensor::Allocate(DataType::kFloat16, {1, 1, 1, 1});
  *half.data<uint16_t>() = FloatToHalf(0.5f);
  b.Input("x", DataType::kFloat16, std::nullopt).Constant("w", half);
  b.Op("Conv", {"x", "w"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_GT(Apply(passes::WidenHalf, graph), 0);
  ASSERT_THAT(Operators(graph), ElementsAre("Cast", "Conv", "Cast"));
  EXPECT_EQ(graph.nodes[0].Int("to", 0), 1);
  EXPECT_EQ(graph.nodes[2].Int("to", 0), 10);
  EXPECT_EQ(graph.value(graph.nodes[1].inputs[1]).type, kF32);
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[1].inputs[1]), ElementsAre(0.5f));
  EXPECT_EQ(graph.value(graph.outputs[0].value).type, DataType::kFloat16);
}

TEST(WidenHalf, LeavesModelsWithoutHeavyHalfNodesAlone) {
  GraphBuilder b;
  b.Input("x", DataType::kFloat16, std::nullopt).Op("Relu", {"x"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::WidenHalf, graph), 0);
}

TEST(RemoveIdentity, TakesOutWhatDoesNothing) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt);
  b.Op("Relu", {"x"}, {"a"}).Op("Identity", {"a"}, {"b"});
  b.Op("Cast", {"b"}, {"c"}, {{"to", int64_t{1}}}).Op("Dropout", {"c"}, {"d"});
  b.Op("Transpose", {"d"}, {"e"}, {{"perm", std::vector<int64_t>{0, 1, 2, 3}}});
  b.Ints("none", {0, 0, 0, 0, 0, 0, 0, 0}).Op("Pad", {"e", "none"}, {"f"});
  b.Ints("zero", {0}).Ints("end", {std::numeric_limits<int64_t>::max()});
  b.Op("Slice", {"f", "zero", "end"}, {"g"}).Op("Concat", {"g"}, {"h"}, {{"axis", int64_t{1}}});
  Graph graph = b.Build({"h"});
  EXPECT_EQ(Apply(passes::RemoveIdentity, graph), 7);
  EXPECT_THAT(Operators(graph), ElementsAre("Relu"));
}

TEST(RemoveIdentity, LeavesWhatDoesSomething) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Ints("zero", {0}).Ints("end", {100});
  b.Op("Slice", {"x", "zero", "end"}, {"a"});
  b.Op("Cast", {"a"}, {"b"}, {{"to", int64_t{11}}});
  b.Op("Transpose", {"b"}, {"c"}).Op("Identity", {"x"}, {"same"});
  Graph graph = b.Build({"c", "same"});
  EXPECT_EQ(Apply(passes::RemoveIdentity, graph), 0);  // an output must not become an input
  EXPECT_EQ(graph.nodes.size(), 4u);
}

TEST(MergeDuplicates, MergesEqualNodesOnly) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt);
  b.Op("Elu", {"x"}, {"a"}, {{"alpha", 2.0f}}).Op("Elu", {"x"}, {"b"}, {{"alpha", 2.0f}});
  b.Op("Elu", {"x"}, {"c"}, {{"alpha", 3.0f}});
  b.Op("Sum", {"a", "b", "c"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::MergeDuplicates, graph), 1);
  EXPECT_THAT(Operators(graph), ElementsAre("Elu", "Elu", "Sum"));
  EXPECT_EQ(graph.nodes[2].inputs[0], graph.nodes[2].inputs[1]);
}

TEST(MergeTransposes, ComposesOrVanishes) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt);
  b.Op("Transpose", {"x"}, {"a"}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  b.Op("Transpose", {"a"}, {"b"}, {{"perm", std::vector<int64_t>{0, 3, 1, 2}}});
  b.Op("Relu", {"b"}, {"y"});
  b.Op("Transpose", {"a"}, {"z"}, {{"perm", std::vector<int64_t>{1, 0, 2, 3}}});
  Graph graph = b.Build({"y", "z"});
  EXPECT_EQ(Apply(passes::MergeTransposes, graph), 2);
  ASSERT_THAT(Operators(graph), ElementsAre("Relu", "Transpose"));
  EXPECT_THAT(graph.nodes[1].Ints("perm"), ElementsAre(2, 0, 3, 1));
}

TEST(ResizeForUpsample, WritesTheScalesAsAnOperand) {
  GraphBuilder b(7);
  b.Input("x", kF32, std::nullopt);
  b.Op("Upsample", {"x"}, {"y"},
       {{"scales", std::vector<float>{1, 1, 2, 2}}, {"mode", std::string("linear")}});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::ResizeForUpsample, graph), 1);
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.op_type, "Resize");
  EXPECT_EQ(node.String("coordinate_transformation_mode", ""), "asymmetric");
  EXPECT_THAT(ConstantFloats(graph, node.inputs[2]), ElementsAre(1, 1, 2, 2));
}

TEST(FoldBatchNorm, ScalesFiltersAndBias) {
  GraphBuilder b = WithConv();
  b.Floats("gamma", {2, 1}, {2}).Floats("beta", {1, 0}, {2});
  b.Floats("mean", {5, 0}, {2}).Floats("var", {4, 1}, {2});
  b.Op("BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {"y"}, {{"epsilon", 0.0f}});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FoldBatchNorm, graph), 1);
  ASSERT_THAT(Operators(graph), ElementsAre("Conv"));
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[1]), ElementsAre(2, 3));
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[2]), ElementsAre(6, 20));
}

TEST(FoldBatchNorm, KnowsHowTransposedFiltersLie) {
  GraphBuilder b;
  // Two groups with one input channel each and two filters each: channels 0,1 then 2,3.
  b.Input("x", kF32, std::nullopt).Floats("w", {1, 1, 1, 1}, {2, 2, 1, 1});
  b.Op("ConvTranspose", {"x", "w"}, {"c"}, {{"group", int64_t{2}}});
  b.Floats("gamma", {1, 2, 3, 4}, {4}).Floats("beta", {0, 0, 0, 1}, {4});
  b.Floats("mean", {0, 0, 0, 0}, {4}).Floats("var", {1, 1, 1, 1}, {4});
  b.Op("BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {"y"}, {{"epsilon", 0.0f}});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FoldBatchNorm, graph), 1);
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[1]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[2]), ElementsAre(0, 0, 0, 1));
}

TEST(FoldBatchNorm, KnowsBothOrdersOfGemm) {
  for (const int64_t transposed : {0, 1}) {
    GraphBuilder b;
    b.Input("x", kF32, std::nullopt).Floats("w", {1, 2, 3, 4}, {2, 2});
    b.Op("Gemm", {"x", "w"}, {"c"}, {{"transB", transposed}});
    b.Floats("gamma", {1, 10}, {2}).Floats("beta", {0, 0}, {2});
    b.Floats("mean", {0, 0}, {2}).Floats("var", {1, 1}, {2});
    b.Op("BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {"y"}, {{"epsilon", 0.0f}});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(passes::FoldBatchNorm, graph), 1);
    const std::vector<float> w = ConstantFloats(graph, graph.nodes[0].inputs[1]);
    EXPECT_EQ(w,
              transposed ? (std::vector<float>{1, 2, 30, 40}) : (std::vector<float>{1, 20, 3, 40}));
  }
}

TEST(FoldBatchNorm, LeavesAResultThatOthersRead) {
  GraphBuilder b = WithConv();
  b.Floats("one", {1, 1}, {2}).Floats("zero", {0, 0}, {2});
  b.Op("BatchNormalization", {"c", "one", "zero", "zero", "one"}, {"y"});
  Graph graph = b.Build({"y", "c"});
  EXPECT_EQ(Apply(passes::FoldBatchNorm, graph), 0);
}

TEST(FoldAffine, TakesScalarsAndChannels) {
  GraphBuilder b = WithConv();
  b.Floats("k", {2, 3}, {2, 1, 1}).Floats("s", {1}, {}).Floats("d", {4, 4}, {1, 2, 1, 1});
  b.Op("Mul", {"k", "c"}, {"m"}).Op("Sub", {"m", "s"}, {"n"}).Op("Div", {"n", "d"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FoldAffine, graph), 3);
  ASSERT_THAT(Operators(graph), ElementsAre("Conv"));
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[1]), ElementsAre(1, 2.25f));
  EXPECT_THAT(ConstantFloats(graph, graph.nodes[0].inputs[2]), ElementsAre(4.75f, 14.75f));
}

TEST(FoldAffine, LeavesOtherBroadcasts) {
  for (const Shape& shape : {Shape{2}, Shape{1, 2}, Shape{2, 1, 1, 1}, Shape{1, 2, 1, 1, 1}}) {
    GraphBuilder b = WithConv();
    b.Floats("k", {2, 3}, shape).Op("Mul", {"c", "k"}, {"y"});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(passes::FoldAffine, graph), 0) << ShapeString(shape);
  }
  GraphBuilder b = WithConv();
  b.Floats("k", {2}, {}).Op("Sub", {"k", "c"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FoldAffine, graph), 0);
}

TEST(FusePad, AddsToTheConvolutionsOwn) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Floats("w", {1}, {1, 1, 1, 1});
  b.Ints("pads", {0, 0, 1, 2, 0, 0, 3, 4}).Op("Pad", {"x", "pads"}, {"p"});
  b.Op("Conv", {"p", "w"}, {"y"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FusePad, graph), 1);
  ASSERT_THAT(Operators(graph), ElementsAre("Conv"));
  EXPECT_THAT(graph.nodes[0].Ints("pads"), ElementsAre(2, 3, 4, 5));
}

TEST(FusePad, LeavesOtherPaddingAlone) {
  const auto build = [](std::vector<int64_t> pads, const char* mode, float value, const char* op) {
    GraphBuilder b;
    b.Input("x", kF32, std::nullopt).Floats("w", {1}, {1, 1, 1, 1}).Floats("v", {value}, {});
    b.Ints("pads", pads).Op("Pad", {"x", "pads", "v"}, {"p"}, {{"mode", std::string(mode)}});
    if (op == std::string("Conv")) {
      b.Op("Conv", {"p", "w"}, {"y"});
    } else {
      b.Op(op, {"p"}, {"y"}, {{"kernel_shape", std::vector<int64_t>{2, 2}}});
    }
    return b.Build({"y"});
  };
  Graph channels = build({0, 1, 1, 1, 0, 0, 1, 1}, "constant", 0, "Conv");
  EXPECT_EQ(Apply(passes::FusePad, channels), 0);
  Graph reflect = build({0, 0, 1, 1, 0, 0, 1, 1}, "reflect", 0, "Conv");
  EXPECT_EQ(Apply(passes::FusePad, reflect), 0);
  Graph ones = build({0, 0, 1, 1, 0, 0, 1, 1}, "constant", 1, "Conv");
  EXPECT_EQ(Apply(passes::FusePad, ones), 0);
  Graph max = build({0, 0, 1, 1, 0, 0, 1, 1}, "constant", 0, "MaxPool");
  EXPECT_EQ(Apply(passes::FusePad, max), 0);
  Graph average = build({0, 0, 1, 1, 0, 0, 1, 1}, "constant", 0, "AveragePool");
  EXPECT_EQ(Apply(passes::FusePad, average), 1);
  EXPECT_EQ(average.nodes[0].Int("count_include_pad", 0), 1);
}

TEST(FuseGelu, KnowsTheOrdersOfItsFactors) {
  for (int order = 0; order < 3; ++order) {
    GraphBuilder b;
    b.Input("x", kF32, std::nullopt);
    b.Floats("r", {1.41421354f}, {}).Floats("one", {1}, {}).Floats("half", {0.5f}, {});
    b.Op("Div", {"x", "r"}, {"d"}).Op("Erf", {"d"}, {"e"}).Op("Add", {"e", "one"}, {"a"});
    if (order == 0) b.Op("Mul", {"x", "a"}, {"m"}).Op("Mul", {"m", "half"}, {"y"});
    if (order == 1) b.Op("Mul", {"half", "x"}, {"m"}).Op("Mul", {"m", "a"}, {"y"});
    if (order == 2) b.Op("Mul", {"a", "half"}, {"m"}).Op("Mul", {"x", "m"}, {"y"});
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(passes::FuseGelu, graph), 1) << order;
    EXPECT_THAT(Operators(graph), ElementsAre("Gelu")) << order;
  }
}

TEST(FuseGelu, LeavesOtherConstants) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Floats("r", {1.5f}, {}).Floats("one", {1}, {});
  b.Floats("half", {0.5f}, {}).Op("Div", {"x", "r"}, {"d"}).Op("Erf", {"d"}, {"e"});
  b.Op("Add", {"e", "one"}, {"a"}).Op("Mul", {"x", "a"}, {"m"}).Op("Mul", {"m", "half"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FuseGelu, graph), 0);
}

TEST(FuseHardSwish, KnowsItsSpellings) {
  for (int form = 0; form < 3; ++form) {
    GraphBuilder b;
    b.Input("x", kF32, std::nullopt).Floats("3", {3}, {}).Floats("0", {0}, {});
    b.Floats("6", {6}, {}).Floats("sixth", {1.0f / 6}, {});
    if (form == 2) {
      b.Op("HardSigmoid", {"x"}, {"h"}, {{"alpha", 1.0f / 6}}).Op("Mul", {"x", "h"}, {"y"});
    } else {
      b.Op("Add", {"x", "3"}, {"a"}).Op("Clip", {"a", "0", "6"}, {"c"});
      if (form == 0) b.Op("Mul", {"x", "c"}, {"m"}).Op("Div", {"m", "6"}, {"y"});
      if (form == 1) b.Op("Mul", {"c", "sixth"}, {"m"}).Op("Mul", {"m", "x"}, {"y"});
    }
    Graph graph = b.Build({"y"});
    EXPECT_GT(Apply(passes::FuseHardSwish, graph), 0) << form;
    EXPECT_THAT(Operators(graph), ElementsAre("HardSwish")) << form;
  }
}

TEST(FuseSwish, TakesTheProductWithItsOwnSigmoid) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Input("z", kF32, std::nullopt);
  b.Op("Sigmoid", {"x"}, {"s"}).Op("Mul", {"s", "x"}, {"y"}).Op("Mul", {"s", "z"}, {"other"});
  Graph graph = b.Build({"y", "other"});
  EXPECT_EQ(Apply(passes::FuseSwish, graph), 1);
  EXPECT_THAT(Operators(graph), ElementsAre("Sigmoid", "Swish", "Mul"));
}

TEST(FuseResidual, NeedsEqualKnownShapes) {
  for (const bool same : {true, false}) {
    GraphBuilder b = WithConv();
    b.Input("r", kF32, same ? Shape{1, 2, 4, 4} : Shape{1, 2, 1, 1});
    b.Op("Add", {"r", "c"}, {"a"}).Op("Relu", {"a"}, {"y"});
    Graph graph = b.Build({"y"});
    graph.value(graph.nodes[0].outputs[0]).shape = Shape{1, 2, 4, 4};
    EXPECT_EQ(Apply(passes::FuseResidual, graph), same ? 1 : 0);
    if (!same) continue;
    EXPECT_EQ(Apply(passes::FuseActivation, graph), 1);
    ASSERT_THAT(Operators(graph), ElementsAre("peel.Conv"));
    EXPECT_EQ(graph.nodes[0].inputs[3], graph.inputs[1].value);
    EXPECT_EQ(graph.nodes[0].String("activation", ""), "relu");
  }
}

// Of two convolutions that are added the later one takes the sum; the order stays topological.
TEST(FuseResidual, TakesTheLaterConvolution) {
  GraphBuilder b = WithConv();
  b.Op("Conv", {"x", "w"}, {"c2"}).Op("Add", {"c2", "c"}, {"y"});
  Graph graph = b.Build({"y"});
  for (const Node& node : graph.nodes) graph.value(node.outputs[0]).shape = Shape{1, 2, 4, 4};
  EXPECT_EQ(Apply(passes::FuseResidual, graph), 1);
  EXPECT_THAT(Operators(graph), ElementsAre("Conv", "peel.Conv"));
}

// What U2-Net does: the sum comes after the convolution's activation.
TEST(FuseResidual, AfterAnActivation) {
  GraphBuilder b = WithConv();
  b.Input("r", kF32, Shape{1, 2, 4, 4});
  b.Op("Relu", {"c"}, {"a"}).Op("Add", {"a", "r"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FuseActivation, graph), 1);
  graph.value(graph.nodes[0].outputs[0]).shape = Shape{1, 2, 4, 4};
  EXPECT_EQ(Apply(passes::FuseResidual, graph), 1);
  ASSERT_THAT(Operators(graph), ElementsAre("peel.Conv"));
  EXPECT_EQ(graph.nodes[0].inputs[3], graph.inputs[1].value);
  EXPECT_EQ(graph.nodes[0].Int("residual_after", 0), 1);
  EXPECT_EQ(graph.nodes[0].String("activation", ""), "relu");
}

// The one whose activation is still to come is taken, though the other one is later.
TEST(FuseResidual, PrefersWhatHasNoActivation) {
  GraphBuilder b = WithConv();
  b.Op("Conv", {"x", "w"}, {"c2"}).Op("Relu", {"c2"}, {"a"}).Op("Add", {"c", "a"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(Apply(passes::FuseActivation, graph), 1);
  for (const Node& node : graph.nodes) graph.value(node.outputs[0]).shape = Shape{1, 2, 4, 4};
  EXPECT_EQ(Apply(passes::FuseResidual, graph), 1);
  ASSERT_THAT(Operators(graph), ElementsAre("peel.Conv", "peel.Conv"));
  EXPECT_EQ(graph.nodes[1].Int("residual_after", 0), 0);
  EXPECT_EQ(graph.nodes[1].String("activation", "none"), "none");
}

TEST(FuseMaxPool, TakesAFirstLayerOfEvenExtents) {
  const std::vector<int64_t> twos = {2, 2};
  struct {
    const char* what;
    Shape image;
    std::vector<int64_t> kernel, strides;
    bool read_elsewhere, fused;
  } const kCases[] = {
      {"even", {1, 2, 4, 6}, twos, twos, false, true},
      {"odd", {1, 2, 4, 5}, twos, twos, false, false},
      {"overlapping", {1, 2, 4, 6}, twos, {1, 1}, false, false},
      {"of three", {1, 2, 4, 6}, {3, 3}, twos, false, false},
      {"read elsewhere", {1, 2, 4, 6}, twos, twos, true, false},
  };
  for (const auto& c : kCases) {
    GraphBuilder b = WithConv();
    b.Op("Relu", {"c"}, {"r"});
    b.Op("MaxPool", {"r"}, {"y"}, {{"kernel_shape", c.kernel}, {"strides", c.strides}});
    Graph graph = c.read_elsewhere ? b.Build({"y", "r"}) : b.Build({"y"});
    EXPECT_EQ(Apply(passes::FuseActivation, graph), 1);
    graph.value(graph.nodes[0].outputs[0]).shape = c.image;
    EXPECT_EQ(Apply(passes::FuseMaxPool, graph), c.fused ? 1 : 0) << c.what;
    if (!c.fused) continue;
    ASSERT_THAT(Operators(graph), ElementsAre("peel.ConvMaxPool"));
    EXPECT_EQ(graph.nodes[0].String("activation", ""), "relu");
  }
}

// Where channels are many Winograd is faster, and a sum must be added before the pooling.
TEST(FuseMaxPool, LeavesOtherLayersAlone) {
  for (const bool residual : {false, true}) {
    GraphBuilder b;
    const int64_t channels = residual ? 1 : 9;
    b.Input("x", kF32, std::nullopt).Input("s", kF32, Shape{1, 1, 4, 4});
    b.Floats("w", std::vector<float>(static_cast<size_t>(channels), 1), {1, channels, 1, 1});
    b.Op("Conv", {"x", "w"}, {"c"});
    if (residual) b.Op("Add", {"c", "s"}, {"a"});
    b.Op("MaxPool", {residual ? "a" : "c"}, {"y"},
         {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
    Graph graph = b.Build({"y"});
    for (const Node& node : graph.nodes) graph.value(node.outputs[0]).shape = Shape{1, 1, 4, 4};
    EXPECT_EQ(Apply(passes::FuseResidual, graph), residual ? 1 : 0);
    EXPECT_EQ(Apply(passes::FuseMaxPool, graph), 0);
  }
}

TEST(FuseActivation, KnowsEveryActivation) {
  struct Case {
    const char* op;
    int opset;
    std::map<std::string, Attribute, std::less<>> attributes;
    const char* name;
    float alpha, beta;
  };
  const Case cases[] = {
      {"Relu", 14, {}, "relu", 0, 0},
      {"LeakyRelu", 16, {}, "leaky_relu", 0.01f, 0},
      {"Clip", 7, {{"min", 0.0f}, {"max", 6.0f}}, "clip", 0, 6},
      {"Clip", 7, {{"min", 0.0f}}, "relu", 0, 0},
      {"Sigmoid", 13, {}, "sigmoid", 0, 0},
      {"Tanh", 13, {}, "tanh", 0, 0},
      {"HardSigmoid", 6, {}, "hard_sigmoid", 0.2f, 0.5f},
      {"HardSwish", 14, {}, "hard_swish", 0, 0},
      {"Swish", 24, {}, "silu", 0, 0},
      {"Gelu", 20, {}, "gelu", 0, 0},
      {"Elu", 6, {{"alpha", 2.0f}}, "elu", 2, 0},
      {"Softplus", 1, {}, "softplus", 0, 0},
  };
  for (const Case& c : cases) {
    GraphBuilder b = WithConv(c.opset);
    b.Op(c.op, {"c"}, {"y"}, c.attributes);
    Graph graph = b.Build({"y"});
    EXPECT_EQ(Apply(passes::FuseActivation, graph), 1) << c.op;
    ASSERT_THAT(Operators(graph), ElementsAre("peel.Conv")) << c.op;
    EXPECT_EQ(graph.nodes[0].String("activation", ""), c.name);
    EXPECT_EQ(graph.nodes[0].Float("activation_alpha", -1), c.alpha) << c.op;
    EXPECT_EQ(graph.nodes[0].Float("activation_beta", -1), c.beta) << c.op;
  }
}

TEST(FuseActivation, TakesOneOnlyAndNoBoundsThatAreComputed) {
  GraphBuilder twice = WithConv();
  twice.Op("Relu", {"c"}, {"r"}).Op("Sigmoid", {"r"}, {"y"});
  Graph graph = twice.Build({"y"});
  EXPECT_EQ(Apply(passes::FuseActivation, graph), 1);
  EXPECT_THAT(Operators(graph), ElementsAre("peel.Conv", "Sigmoid"));
  GraphBuilder computed = WithConv();
  computed.Input("low", kF32, Shape{}).Op("Clip", {"c", "low"}, {"y"});
  graph = computed.Build({"y"});
  EXPECT_EQ(Apply(passes::FuseActivation, graph), 0);
}

TEST(RunPasses, SwitchesPassesOff) {
  const auto build = [] {
    GraphBuilder b = WithConv();
    b.Op("Relu", {"c"}, {"y"});
    return b.Build({"y"});
  };
  Graph graph = build();
  const std::vector<std::string> off = {"fuse_activation"};
  auto reports = RunPasses(graph, off);
  ASSERT_TRUE(reports.ok());
  EXPECT_EQ(reports->size(), AllPasses().size());
  EXPECT_THAT(Operators(graph), ElementsAre("Conv", "Relu"));
  ASSERT_EQ(setenv("PEEL_PASSES_OFF", "fold_affine,fuse_activation", 1), 0);
  reports = RunPasses(graph, {});
  EXPECT_THAT(Operators(graph), ElementsAre("Conv", "Relu"));
  ASSERT_EQ(setenv("PEEL_PASSES_OFF", "all", 1), 0);
  reports = RunPasses(graph, {});
  for (const PassReport& report : *reports) EXPECT_TRUE(report.disabled) << report.name;
  ASSERT_EQ(unsetenv("PEEL_PASSES_OFF"), 0);
  reports = RunPasses(graph, {});
  EXPECT_THAT(Operators(graph), ElementsAre("peel.Conv"));
  const std::vector<std::string> unknown = {"fuse_everything"};
  EXPECT_EQ(RunPasses(graph, unknown).status().code(), StatusCode::kInvalidArgument);
}

TEST(RunPasses, RefusesMissingOperands) {
  GraphBuilder b;
  b.Input("x", kF32, std::nullopt).Op("Div", {"x"}, {"y"});
  Graph graph = b.Build({"y"});
  EXPECT_EQ(RunPasses(graph, {}).status().code(), StatusCode::kCorrupt);
  GraphBuilder unknown;
  unknown.Input("x", kF32, std::nullopt).Op("Frobnicate", {"x"}, {"y"});
  graph = unknown.Build({"y"});
  EXPECT_EQ(RunPasses(graph, {}).status().code(), StatusCode::kUnsupported);
}

// A chain of a hundred thousand nodes takes time in proportion, not in its square.
TEST(RunPasses, StaysLinearOnLongChains) {
  GraphBuilder b;
  const auto name = [](int i) {
    std::string text = std::to_string(i);
    text.insert(0, 1, 'v');
    return text;
  };
  b.Input("x", kF32, std::nullopt).Op("Relu", {"x"}, {name(0)});
  constexpr int kNodes = 100'000;
  for (int i = 0; i < kNodes; ++i) {
    b.Op(i % 2 ? "Identity" : "Relu", {name(i)}, {name(i + 1)});
  }
  Graph graph = b.Build({name(kNodes)});
  ASSERT_TRUE(RunPasses(graph, {}).ok());
  EXPECT_LE(graph.nodes.size(), static_cast<size_t>(kNodes / 2 + 2));
}

}  // namespace
}  // namespace peel::engine
