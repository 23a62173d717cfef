#include "src/engine/onnx/model_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "src/engine/onnx/model_builder.h"
#include "src/engine/onnx/opset_upgrade.h"
#include "src/engine/onnx/reader.h"

namespace peel::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Info;
using testing::IntsAttribute;
using testing::Message;
using testing::NodeOf;
using testing::RawTensor;
using ::testing::UnorderedElementsAre;

std::span<const uint8_t> Span(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<Graph> Read(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return ReadOnnx(Span(*owner), owner, "test", "");
}

std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.op_type);
  return names;
}

// y = relu(conv(x, cast(w))), with fields that no reader knows.
Message SmallGraph() {
  return Message()
      .Sub(1, NodeOf("Cast", {"w16"}, {"w"}, "cast").Sub(5, testing::IntAttribute("to", 1)))
      .Sub(1, NodeOf("Conv", {"x", "w"}, {"c"}, "conv"))
      .Sub(1, NodeOf("Relu", {"c"}, {"y"}, "relu"))
      .String(2, "small")
      .Sub(5, RawTensor<uint16_t>("w16", 10, {1, 1, 1, 1}, {0x3C00}))
      .Sub(5, RawTensor<float>("other", 1, {1, 1, 1, 1}, {2.0f}))
      .String(10, "documentation")
      .Sub(11, Info("x", 1, {1, 1, 4, 4}))
      .Sub(12, Info("y", 1, {1, 1, 4, 4}))
      .Sub(13, Info("c", 1, {1, 1, 4, 4}))
      .String(777, "of a later version");
}

std::string SmallModel(int opset = 17) {
  return Message()
      .Int(1, 6)
      .String(2, "a producer")
      .Sub(14, Message().String(1, "kept").String(2, "one"))
      .Sub(14, Message().String(1, "changed").String(2, "old"))
      .Sub(8, Message().String(1, "other.domain").Int(2, 3))
      .Sub(8, Message().String(1, "").Int(2, opset))
      .Int(500, 12345)
      .Sub(7, SmallGraph())
      .bytes();
}

TEST(EditOnnx, WithoutEditsNothingIsLost) {
  const std::string model = SmallModel();
  const auto edited = EditOnnx(Span(model), "", {});
  ASSERT_TRUE(edited.ok()) << edited.status().message();
  EXPECT_THAT(*edited, HasSubstr("a producer"));
  EXPECT_THAT(*edited, HasSubstr("documentation"));
  EXPECT_THAT(*edited, HasSubstr("of a later version"));
  EXPECT_EQ(edited->size(), model.size());  // the same fields, in another order
  const auto graph = Read(*edited);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->opsets.at(""), 17);
  EXPECT_EQ(graph->opsets.at("other.domain"), 3);
  EXPECT_EQ(graph->ir_version, 6);
  EXPECT_THAT(Operators(*graph), ElementsAre("Cast", "Conv", "Relu"));
}

TEST(EditOnnx, WhatOnlyTheEditedNodeReadGoes) {
  ModelEdits edits;
  NodeEdit& conv = edits.nodes["c"];
  conv.inputs[1] = "new";
  wire::FileNode front;
  front.name = front.op_type = "Neg";
  front.inputs = {"number"};
  front.outputs = {"new"};
  conv.before.push_back(front);
  edits.constants.emplace_back("number", *Tensor::Scalar(3.0f).Reshaped({1, 1, 1, 1}));
  edits.metadata = {{"changed", "new"}, {"added", "two"}};
  const auto edited = EditOnnx(Span(SmallModel()), "", edits);
  ASSERT_TRUE(edited.ok()) << edited.status().message();
  const auto graph = Read(*edited);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_THAT(Operators(*graph), ElementsAre("Neg", "Conv", "Relu"));
  EXPECT_THAT(*edited, ::testing::Not(HasSubstr("w16")));  // the cast went, and its weights
  EXPECT_THAT(*edited, HasSubstr("other"));  // nobody read it before either: not ours to drop
  EXPECT_EQ(graph->metadata.at("kept"), "one");
  EXPECT_EQ(graph->metadata.at("changed"), "new");
  EXPECT_EQ(graph->metadata.at("added"), "two");
}

TEST(EditOnnx, RemovedNodesAndRenamedOutputs) {
  ModelEdits edits;
  edits.nodes["c"].outputs[0] = "y";
  edits.nodes["y"].remove = true;
  const auto edited = EditOnnx(Span(SmallModel()), "", edits);
  ASSERT_TRUE(edited.ok()) << edited.status().message();
  const auto graph = Read(*edited);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_THAT(Operators(*graph), ElementsAre("Cast", "Conv"));
}

TEST(EditOnnx, Refusals) {
  ModelEdits edits;
  edits.nodes["nothing"].remove = true;
  EXPECT_EQ(EditOnnx(Span(SmallModel()), "", edits).status().code(), StatusCode::kNotFound);
  const std::string cut = SmallModel().substr(0, 60);
  EXPECT_EQ(EditOnnx(Span(cut), "", {}).status().code(), StatusCode::kCorrupt);

  const Message branch = Message().String(1, "then_branch").Sub(6, SmallGraph()).Int(20, 5);
  const Message graph = Message()
                            .Sub(1, NodeOf("If", {"x"}, {"y"}, "either").Sub(5, branch))
                            .Sub(11, Info("x", 9, {1}))
                            .Sub(12, Info("y", 1, {1}));
  const auto refused = EditOnnx(Span(testing::Model(graph)), "", {});
  EXPECT_EQ(refused.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(refused.status().message(), HasSubstr("If 'either'"));
}

Node OldNode(const std::string& op, int opset,
             std::map<std::string, Attribute, std::less<>> attributes) {
  Node node;
  node.op_type = node.name = op;
  node.opset = opset;
  node.attributes = std::move(attributes);
  return node;
}

TEST(UpgradeNode, AttributesBecomeOperands) {
  const auto squeeze =
      UpgradeNode(OldNode("Squeeze", 11, {{"axes", std::vector<int64_t>{0, 2}}}), 4);
  ASSERT_TRUE(squeeze.ok() && squeeze->has_value());
  ASSERT_EQ((*squeeze)->constants.size(), 1u);
  EXPECT_EQ((*squeeze)->constants[0].first, 1u);
  EXPECT_THAT(*(*squeeze)->constants[0].second.AsInt64s(), ElementsAre(0, 2));
  EXPECT_THAT((*squeeze)->dropped, ElementsAre("axes"));

  const auto clip = UpgradeNode(OldNode("Clip", 9, {{"max", 6.0f}}), 4);
  ASSERT_TRUE(clip.ok() && clip->has_value());
  EXPECT_THAT((*clip)->dropped, UnorderedElementsAre("min", "max"));
  EXPECT_EQ((*clip)->constants[1].second.data<float>()[0], 6.0f);

  const auto upsample = UpgradeNode(OldNode("Upsample", 9, {{"mode", std::string("linear")}}), 4);
  ASSERT_TRUE(upsample.ok() && upsample->has_value());
  EXPECT_EQ((*upsample)->op_type, "Resize");
  EXPECT_THAT((*upsample)->moved, ElementsAre(std::pair<size_t, size_t>(1, 2)));
  EXPECT_FALSE((*upsample)->added.contains("nearest_mode"));
}

TEST(UpgradeNode, WhatMeansTheSameStays) {
  EXPECT_FALSE(UpgradeNode(OldNode("Relu", 7, {}), 4)->has_value());
  EXPECT_FALSE(UpgradeNode(OldNode("Squeeze", 13, {}), 4)->has_value());
  EXPECT_FALSE(UpgradeNode(OldNode("Clip", 11, {}), 4)->has_value());
}

TEST(UpgradeNode, SoftmaxOnlyOverTheLastAxis) {
  const auto last = UpgradeNode(OldNode("Softmax", 11, {{"axis", int64_t{3}}}), 4);
  ASSERT_TRUE(last.ok() && last->has_value());
  EXPECT_TRUE((*last)->added.contains("axis"));
  EXPECT_EQ(UpgradeNode(OldNode("Softmax", 11, {}), 4).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(UpgradeNode(OldNode("Softmax", 11, {{"axis", int64_t{3}}}), -1).status().code(),
            StatusCode::kUnsupported);
  EXPECT_TRUE(UpgradeNode(OldNode("Softmax", 11, {}), 2).ok());
}

TEST(EditOnnx, OldOperatorSetsAreUpgraded) {
  const Message graph =
      Message()
          .Sub(1, NodeOf("Unsqueeze", {"x"}, {"y"}, "u").Sub(5, IntsAttribute("axes", {0})))
          .Sub(11, Info("x", 1, {3}))
          .Sub(12, Info("y", 1, {1, 3}));
  ModelEdits edits;
  edits.upgrade_opset = true;
  const auto edited = EditOnnx(Span(testing::Model(graph, 11)), "", edits);
  ASSERT_TRUE(edited.ok()) << edited.status().message();
  const auto read = Read(*edited);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->opsets.at(""), kUpgradedOpset);
  ASSERT_EQ(read->nodes[0].inputs.size(), 2u);
  EXPECT_FALSE(read->nodes[0].HasAttribute("axes"));
  EXPECT_THAT(*read->value(read->nodes[0].inputs[1]).constant.AsInt64s(), ElementsAre(0));
}

}  // namespace
}  // namespace peel::engine
