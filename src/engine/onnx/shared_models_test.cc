// The shared models through reader, passes and specialisation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "src/engine/graph/pass.h"
#include "src/engine/graph/specialise.h"
#include "src/engine/graph/test_evaluator.h"
#include "src/engine/onnx/reader.h"

namespace peel::engine {
namespace {

class SharedModels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no shared models at " << folder_;
  }

  Graph Load(const std::string& name, bool passes) {
    Result<Graph> graph = ReadOnnxFile(folder_ + name);
    EXPECT_TRUE(graph.ok()) << graph.status().message();
    if (!graph.ok()) return Graph();
    const testing::TinyEvaluator tiny;
    const Evaluator evaluate = tiny;
    if (passes) {
      const auto reports = RunPasses(*graph, {}, PassContext{&evaluate});
      EXPECT_TRUE(reports.ok()) << reports.status().message();
    }
    return *std::move(graph);
  }

  static Status SpecialiseTo(Graph& graph, const Shape& shape) {
    Binding binding;
    binding.shapes[graph.inputs[0].name] = shape;
    return Specialise(graph, binding, testing::TinyEvaluator());
  }

  static std::map<std::string, int> Operators(const Graph& graph) {
    std::map<std::string, int> counts;
    for (const Node& node : graph.nodes) {
      ++counts[(node.domain.empty() ? "" : node.domain + ".") + node.op_type];
    }
    return counts;
  }

  const std::string folder_ = std::string(PEEL_SHARED_DIR) + "/models/";
};

void ExpectInferred(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    for (const auto& list : {node.inputs, node.outputs}) {
      for (const ValueId v : list) {
        if (v == kNone) continue;
        EXPECT_TRUE(graph.value(v).shape.has_value()) << node.Describe();
        EXPECT_NE(graph.value(v).type, DataType::kUndefined) << node.Describe();
      }
    }
  }
}

// The chains of Shape, Gather, Slice, Concat and Cast become numbers whether or not passes ran.
TEST_F(SharedModels, ShapePlumbingFoldsAway) {
  for (const char* name : {"u2netp-fp32.onnx", "u2netp-fp16.onnx"}) {
    Graph graph = Load(name, false);
    EXPECT_TRUE(ShapeDecidingInputs(graph).empty());
    const Status status = SpecialiseTo(graph, {1, 3, 320, 320});
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_TRUE(graph.Verify().ok());
    ExpectInferred(graph);
    for (const Port& port : graph.outputs) {
      EXPECT_EQ(graph.value(port.value).shape, (Shape{1, 1, 320, 320})) << port.name;
    }
    const std::map<std::string, int> counts = Operators(graph);
    EXPECT_FALSE(counts.contains("Shape"));
    EXPECT_FALSE(counts.contains("Gather"));
    // The half-precision file also casts data, which only passes can take out.
    EXPECT_EQ(counts.contains("Cast"), std::string(name) == "u2netp-fp16.onnx");
    EXPECT_EQ(counts.at("Conv"), 119);
    EXPECT_EQ(counts.at("Resize"), 38);
  }
}

TEST_F(SharedModels, YoloxSpecialises) {
  Graph graph = Load("yolox_nano.onnx", false);
  const Status status = SpecialiseTo(graph, {1, 3, 416, 416});
  ASSERT_TRUE(status.ok()) << status.message();
  ExpectInferred(graph);
  EXPECT_EQ(graph.value(graph.outputs[0].value).shape, (Shape{1, 3549, 85}));
}

TEST_F(SharedModels, AnotherSizeThanDeclaredIsRefused) {
  Graph graph = Load("u2netp-fp32.onnx", false);
  const Status status = SpecialiseTo(graph, {1, 3, 321, 320});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("1x3x320x320"));
}

// Widening takes the half-precision file to the very nodes of the single-precision one.
TEST_F(SharedModels, HalfPrecisionBecomesTheSameNodes) {
  std::vector<std::vector<std::string>> lists;
  for (const char* name : {"u2netp-fp32.onnx", "u2netp-fp16.onnx"}) {
    Graph graph = Load(name, true);
    const Status status = SpecialiseTo(graph, {1, 3, 320, 320});
    ASSERT_TRUE(status.ok()) << status.message();
    std::vector<std::string>& list = lists.emplace_back();
    for (const Node& node : graph.nodes) {
      std::string text = node.domain;
      text += "." + node.op_type + " " + node.String("activation", "");
      for (const ValueId v : node.inputs) {
        text += ' ';
        text += v == kNone ? "-" : ShapeString(*graph.value(v).shape);
        if (v != kNone && node.op_type != "Resize") {
          EXPECT_EQ(graph.value(v).type, DataType::kFloat32) << node.Describe();
        }
      }
      list.push_back(text + " to " + ShapeString(*graph.value(node.outputs[0]).shape));
    }
  }
  EXPECT_EQ(lists[0], lists[1]);
  EXPECT_FALSE(lists[0].empty());
}

TEST_F(SharedModels, ActivationsGoIntoConvolutions) {
  std::map<std::string, int> u2netp = Operators(Load("u2netp-fp32.onnx", true));
  // 112 with Relu; of the seven side outputs only the fused one is read by its Sigmoid alone.
  EXPECT_EQ(u2netp["peel.Conv"], 113);
  EXPECT_EQ(u2netp["Conv"], 6);
  EXPECT_EQ(u2netp["Relu"], 0);
  EXPECT_EQ(u2netp["Sigmoid"], 6);
  std::map<std::string, int> yolox = Operators(Load("yolox_nano.onnx", true));
  EXPECT_EQ(yolox["Swish"], 0);
  EXPECT_EQ(yolox["Sigmoid"], 0);
}

// A second run of the passes after shapes are known leaves a graph that holds together.
TEST_F(SharedModels, PassesRunAgainAfterSpecialising) {
  Graph graph = Load("yolox_nano.onnx", true);
  ASSERT_TRUE(SpecialiseTo(graph, {1, 3, 416, 416}).ok());
  const auto reports = RunPasses(graph, {}, PassContext{});
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  ExpectInferred(graph);
  EXPECT_EQ(graph.value(graph.outputs[0].value).shape, (Shape{1, 3549, 85}));
}

}  // namespace
}  // namespace peel::engine
