#include "src/engine/onnx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "src/engine/onnx/model_builder.h"

namespace peel::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Info;
using testing::IntAttribute;
using testing::IntsAttribute;
using testing::Message;
using testing::Model;
using testing::NodeOf;
using testing::RawTensor;

Result<Graph> Read(const std::string& bytes) {
  return ReadOnnx({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, nullptr, "test",
                  "");
}

// x (1x2) + c -> y
Message SmallGraph() {
  return Message()
      .Sub(1, NodeOf("Add", {"x", "c"}, {"y"}, "sum"))
      .String(2, "g")
      .Sub(5, RawTensor<float>("c", 1, {2}, {1.5f, -2}))
      .Sub(11, Info("x", 1, {1, 2}))
      .Sub(12, Info("y", 1, {1, 2}));
}

void ExpectError(const std::string& model, StatusCode code, const std::string& text) {
  const Result<Graph> graph = Read(model);
  ASSERT_FALSE(graph.ok()) << text;
  EXPECT_EQ(graph.status().code(), code) << graph.status().message();
  EXPECT_THAT(graph.status().message(), HasSubstr(text));
}

TEST(ReadOnnx, ReadsASmallModel) {
  const Result<Graph> graph = Read(Model(SmallGraph()));
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->name, "g");
  EXPECT_EQ(graph->source, "test");
  EXPECT_EQ(graph->ir_version, 8);
  ASSERT_EQ(graph->nodes.size(), 1u);
  const Node& node = graph->nodes[0];
  EXPECT_EQ(node.Describe(), "Add 'sum'");
  EXPECT_EQ(node.opset, 17);
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->inputs[0].value, node.inputs[0]);
  EXPECT_THAT(graph->inputs[0].shape, ElementsAre(1, 2));
  EXPECT_EQ(graph->value(node.inputs[0]).shape, (Shape{1, 2}));
  const Tensor& c = graph->value(node.inputs[1]).constant;
  ASSERT_TRUE(c.defined());
  EXPECT_EQ(c.type(), DataType::kFloat32);
  EXPECT_THAT(*c.AsFloats(), ElementsAre(1.5f, -2));
  ASSERT_EQ(graph->outputs.size(), 1u);
  EXPECT_EQ(graph->outputs[0].value, node.outputs[0]);
}

TEST(ReadOnnx, NamesEmptyAndForeignBytes) {
  ExpectError("", StatusCode::kCorrupt, "empty");
  ExpectError("GIF89a, or so it says", StatusCode::kCorrupt, "not");
  ExpectError(Message().Int(1, 8).bytes(), StatusCode::kCorrupt, "no graph");
}

// Every prefix of a model is refused, without a crash.
TEST(ReadOnnx, RefusesEveryTruncation) {
  const std::string model = Model(SmallGraph());
  for (size_t n = 0; n < model.size(); ++n) {
    const Result<Graph> graph = Read(model.substr(0, n));
    ASSERT_FALSE(graph.ok()) << n;
    EXPECT_EQ(graph.status().code(), StatusCode::kCorrupt) << n;
  }
}

TEST(ReadOnnx, SurvivesEveryFlippedByte) {
  const std::string model = Model(SmallGraph());
  for (size_t n = 0; n < model.size(); ++n) {
    for (const int flip : {0x01, 0x08, 0x80, 0xff}) {
      std::string broken = model;
      broken[n] = static_cast<char>(broken[n] ^ flip);
      const Result<Graph> graph = Read(broken);
      if (graph.ok()) {
        EXPECT_TRUE(graph->Verify().ok()) << n;
      }
    }
  }
}

TEST(ReadOnnxFile, ReadsTheSharedModels) {
  const std::string folder = std::string(PEEL_SHARED_DIR) + "/models/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared models at " << folder;
  const Result<Graph> fp32 = ReadOnnxFile(folder + "u2netp-fp32.onnx");
  ASSERT_TRUE(fp32.ok()) << fp32.status().message();
  ASSERT_EQ(fp32->inputs.size(), 1u);
  EXPECT_EQ(fp32->inputs[0].name, "input.1");
  EXPECT_EQ(fp32->outputs.size(), 7u);
  size_t parameters = 0;
  for (const Value& value : fp32->values) {
    if (value.is_constant() && value.constant.rank() == 4) {
      parameters += static_cast<size_t>(value.constant.elements());
    }
  }
  EXPECT_GT(parameters, 1'100'000u);
  const Result<Graph> fp16 = ReadOnnxFile(folder + "u2netp-fp16.onnx");
  ASSERT_TRUE(fp16.ok()) << fp16.status().message();
  EXPECT_GT(fp16->nodes.size(), fp32->nodes.size());
  const Result<Graph> yolox = ReadOnnxFile(folder + "yolox_nano.onnx");
  ASSERT_TRUE(yolox.ok()) << yolox.status().message();
  EXPECT_EQ(yolox->outputs.size(), 1u);
}

}  // namespace
}  // namespace peel::engine
