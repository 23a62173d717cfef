#include "src/engine/onnx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "src/engine/onnx/model_builder.h"
#include "src/engine/onnx/tensor_reader.h"

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

// Whatever is broken in the graph, the message names it.
TEST(ReadOnnx, NamesWhatContradictsItself) {
  ExpectError(Model(SmallGraph().Sub(1, NodeOf("Relu", {"y"}, {"x"}))), StatusCode::kCorrupt,
              "'x' is defined twice");
  ExpectError(Model(SmallGraph().Sub(11, Info("x", 1, {1}))), StatusCode::kCorrupt,
              "'x' is declared twice");
  ExpectError(Model(SmallGraph().Sub(5, RawTensor<float>("c", 1, {}, {1}))), StatusCode::kCorrupt,
              "'c' is defined twice");
  ExpectError(Model(SmallGraph().Sub(12, Info("z", 1, {1}))), StatusCode::kCorrupt, "output 'z'");
  ExpectError(Model(Message().String(2, "empty")), StatusCode::kCorrupt, "no outputs");
  ExpectError(Model(Message().Sub(1, NodeOf("Relu", {"q"}, {"y"}, "r")).Sub(12, Info("y", 1, {}))),
              StatusCode::kCorrupt, "Relu 'r' reads 'q'");
  ExpectError(Model(Message()
                        .Sub(1, NodeOf("Add", {"b", "x"}, {"a"}, "one"))
                        .Sub(1, NodeOf("Relu", {"a"}, {"b"}, "two"))
                        .Sub(11, Info("x", 1, {}))
                        .Sub(12, Info("b", 1, {}))),
              StatusCode::kCorrupt, "Add 'one' waits for its own result");
  ExpectError(Model(SmallGraph(), 6), StatusCode::kUnsupported, "version 6");
  ExpectError(Model(SmallGraph(), 99), StatusCode::kUnsupported, "version 99");
  ExpectError(Message().Int(1, 8).Sub(7, SmallGraph()).bytes(), StatusCode::kCorrupt, "ai.onnx");
}

Message GraphWith(const Message& attribute) {
  return Message()
      .Sub(1, NodeOf("Relu", {"x"}, {"y"}, "r").Sub(5, attribute))
      .Sub(11, Info("x", 1, {1}))
      .Sub(12, Info("y", 1, {1}));
}

TEST(ReadOnnx, NamesWhatIsNotSupported) {
  const auto attribute = [](int64_t kind, uint32_t field) {
    return Message().String(1, "body").Sub(field, Message()).Int(20, kind);
  };
  ExpectError(Model(GraphWith(attribute(5, 6))), StatusCode::kUnsupported,
              "Relu 'r': attribute 'body' is a sub-graph");
  ExpectError(Model(GraphWith(attribute(11, 22))), StatusCode::kUnsupported, "sparse");
  ExpectError(Model(GraphWith(attribute(9, 10))), StatusCode::kUnsupported, "list of tensors");
  ExpectError(Model(GraphWith(IntAttribute("a", 1).String(21, "ref"))), StatusCode::kCorrupt,
              "function");
  ExpectError(Model(GraphWith(Message().String(1, "a"))), StatusCode::kCorrupt, "no value");
  const Message sequence = Message().String(1, "x").Sub(2, Message().Sub(4, Message()));
  ExpectError(Model(Message()
                        .Sub(1, NodeOf("Relu", {"x"}, {"y"}))
                        .Sub(11, sequence)
                        .Sub(12, Info("y", 1, {1}))),
              StatusCode::kUnsupported, "input 'x': is a sequence");
  ExpectError(Model(Message()
                        .Sub(1, NodeOf("Relu", {"x"}, {"y"}))
                        .Sub(11, Info("x", 8, {1}))
                        .Sub(12, Info("y", 1, {1}))),
              StatusCode::kUnsupported, "strings");
  const Message function = Message().String(1, "Relu").String(10, "");
  ExpectError(
      Model(SmallGraph().Sub(1, NodeOf("Relu", {"y"}, {"z"}, "own")).Sub(12, Info("z", 1, {}))) +
          Message().Sub(25, function).bytes(),
      StatusCode::kUnsupported, "Relu 'own': is a function");
}

// What no output needs does no harm, however odd.
TEST(ReadOnnx, LeavesTheDeadUnread) {
  const Message strings = Message().Ints(1, {1}).Int(2, 8).String(8, "words").String(6, "a");
  const Result<Graph> graph =
      Read(Model(SmallGraph()
                     .Sub(5, strings)
                     .Sub(1, NodeOf("Loop", {"y"}, {"dead"})
                                 .Sub(5, Message().String(1, "g").Sub(6, Message()).Int(20, 5)))));
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->nodes.size(), 1u);
}

TEST(ReadOnnx, SortsNodesAndKeepsOrderOtherwise) {
  const Result<Graph> graph = Read(Model(Message()
                                             .Sub(1, NodeOf("Neg", {"b"}, {"c"}, "third"))
                                             .Sub(1, NodeOf("Abs", {"x"}, {"a"}, "first"))
                                             .Sub(1, NodeOf("Relu", {"a"}, {"b"}, "second"))
                                             .Sub(11, Info("x", 1, {-1, 3}))
                                             .Sub(12, Info("c", 1, {}))));
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  std::vector<std::string> names;
  for (const Node& node : graph->nodes) names.push_back(node.name);
  EXPECT_THAT(names, ElementsAre("first", "second", "third"));
  EXPECT_THAT(graph->inputs[0].shape, ElementsAre(-1, 3));
  EXPECT_THAT(graph->inputs[0].dim_names, ElementsAre("N", ""));
  EXPECT_FALSE(graph->value(graph->inputs[0].value).shape.has_value());
}

// Old files list initialisers among the inputs.
TEST(ReadOnnx, InitialisersAreNoInputs) {
  const Result<Graph> graph = Read(Model(SmallGraph().Sub(11, Info("c", 1, {2}))));
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->inputs[0].name, "x");
}

TEST(ReadOnnx, ReadsAttributesAndMetadata) {
  const std::string model =
      Model(Message()
                .Sub(1, NodeOf("Odd", {"x", "", "x"}, {"y", ""}, "")
                            .Sub(5, IntAttribute("i", -3))
                            .Sub(5, IntsAttribute("is", {1, -2}))
                            .Sub(5, Message().String(1, "f").Float(2, 0.5f))
                            .Sub(5, Message().String(1, "fs").Floats(7, {1, 2}).Int(20, 6))
                            .Sub(5, Message().String(1, "fu").Float(7, 3).Float(7, 4).Int(20, 6))
                            .Sub(5, Message().String(1, "s").String(4, "text").Int(20, 3))
                            .Sub(5, Message().String(1, "none").Int(20, 7))
                            .Sub(5, Message()
                                        .String(1, "t")
                                        .Sub(5, RawTensor<int64_t>("", 7, {2}, {5, 6}))
                                        .Int(20, 4)))
                .Sub(11, Info("x", 1, {1}))
                .Sub(12, Info("y", 1, {1}))) +
      Message().Sub(14, Message().String(1, "author").String(2, "me")).bytes();
  const Result<Graph> graph = Read(model);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const Node& node = graph->nodes[0];
  EXPECT_EQ(node.name, "Odd_0");
  EXPECT_EQ(node.inputs[1], kNone);
  EXPECT_EQ(node.inputs[0], node.inputs[2]);
  EXPECT_EQ(node.outputs[1], kNone);
  EXPECT_EQ(node.Int("i", 0), -3);
  EXPECT_THAT(node.Ints("is"), ElementsAre(1, -2));
  EXPECT_EQ(node.Float("f", 0), 0.5f);
  EXPECT_THAT(node.Floats("fs"), ElementsAre(1, 2));
  EXPECT_THAT(node.Floats("fu"), ElementsAre(3, 4));
  EXPECT_EQ(node.String("s", ""), "text");
  EXPECT_TRUE(node.HasAttribute("none"));
  EXPECT_TRUE(node.Ints("none", {9}).empty());
  EXPECT_THAT(*node.TensorAttribute("t")->AsInt64s(), ElementsAre(5, 6));
  EXPECT_EQ(graph->metadata.find("author")->second, "me");
}

Result<Tensor> ReadTensor(const Message& tensor) {
  TensorReader reader(nullptr, "");
  return reader.Read(protozero::data_view(tensor.bytes().data(), tensor.bytes().size()));
}

Message Typed(int type, std::vector<int64_t> dims) { return Message().Ints(1, dims).Int(2, type); }

TEST(TensorReader, DecodesTypedFields) {
  EXPECT_THAT(*ReadTensor(Typed(1, {2}).Floats(4, {1, 2}))->AsFloats(), ElementsAre(1, 2));
  EXPECT_THAT(*ReadTensor(Typed(11, {2}).Doubles(10, {1, 2}))->AsFloats(), ElementsAre(1, 2));
  EXPECT_THAT(*ReadTensor(Typed(7, {2}).Ints(7, {-1, 2}))->AsInt64s(), ElementsAre(-1, 2));
  EXPECT_THAT(*ReadTensor(Typed(13, {1}).Ints(11, {7}))->AsInt64s(), ElementsAre(7));
  EXPECT_THAT(*ReadTensor(Typed(12, {1}).Ints(11, {7}))->AsInt64s(), ElementsAre(7));
  for (const int type : {2, 3, 4, 5, 6}) {
    EXPECT_THAT(*ReadTensor(Typed(type, {2}).Ints(5, {1, 100}))->AsInt64s(), ElementsAre(1, 100));
  }
  EXPECT_THAT(*ReadTensor(Typed(3, {1}).Ints(5, {-5}))->AsInt64s(), ElementsAre(-5));
  EXPECT_THAT(*ReadTensor(Typed(9, {3}).Ints(5, {0, 1, 7}))->AsInt64s(), ElementsAre(0, 1, 1));
  EXPECT_THAT(*ReadTensor(Typed(10, {1}).Ints(5, {0x3c00}))->AsFloats(), ElementsAre(1));
  EXPECT_THAT(*ReadTensor(Typed(16, {1}).Ints(5, {0x3f80}))->AsFloats(), ElementsAre(1));
  EXPECT_EQ(ReadTensor(Typed(1, {0, 5}))->elements(), 0);
  EXPECT_EQ(ReadTensor(Typed(1, {}).Floats(4, {3}))->rank(), 0);
}

TEST(TensorReader, RefusesWhatDoesNotFit) {
  const auto code = [](const Message& m) { return ReadTensor(m).status().code(); };
  EXPECT_EQ(code(Typed(1, {3}).Floats(4, {1, 2})), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, {2}).Ints(7, {1, 2})), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, {2}).String(9, "1234567")), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, {-1}).String(9, "1234")), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, {int64_t{1} << 40, int64_t{1} << 40})), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, {int64_t{1} << 61}).String(9, "")), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(1, std::vector<int64_t>(65, 1)).Floats(4, {1})), StatusCode::kCorrupt);
  EXPECT_EQ(code(Typed(0, {1})), StatusCode::kCorrupt);
  for (const int type : {8, 14, 17, 21, 22, 23, 1000, -1}) {
    EXPECT_EQ(code(Typed(type, {1}).String(9, "1234")), StatusCode::kUnsupported) << type;
  }
  EXPECT_EQ(code(Typed(1, {1}).Sub(3, Message()).Floats(4, {1})), StatusCode::kUnsupported);
}

// Aligned bytes are looked at where they lie; others are copied.
TEST(TensorReader, CopiesOnlyWhatIsMisaligned) {
  alignas(8) char buffer[64];
  for (size_t shift = 0; shift < 4; ++shift) {
    const Message tensor = RawTensor<float>("t", 1, {2}, {1.5f, 2.5f});
    std::memcpy(buffer + shift, tensor.bytes().data(), tensor.bytes().size());
    TensorReader reader(nullptr, "");
    const Result<Tensor> read =
        reader.Read(protozero::data_view(buffer + shift, tensor.bytes().size()));
    ASSERT_TRUE(read.ok());
    EXPECT_THAT(*read->AsFloats(), ElementsAre(1.5f, 2.5f));
    const auto* data = static_cast<const char*>(read->raw());
    const bool inside = data >= buffer && data < buffer + sizeof(buffer);
    const size_t at = shift + tensor.bytes().size() - 8;
    EXPECT_EQ(inside, at % 4 == 0) << shift;
  }
}

// Large misaligned tensors are looked at too, until somebody reads their elements.
TEST(TensorReader, LeavesLargeMisalignedBytesWhereTheyAre) {
  std::vector<float> values(40000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.5f;
  const Message message = RawTensor<float>("t", 1, {200, 200}, values);
  std::vector<char> buffer(message.bytes().size() + 4);
  for (size_t shift = 0; shift < 4; ++shift) {
    std::memcpy(buffer.data() + shift, message.bytes().data(), message.bytes().size());
    TensorReader reader(nullptr, "");
    const Result<Tensor> read =
        reader.Read(protozero::data_view(buffer.data() + shift, message.bytes().size()));
    ASSERT_TRUE(read.ok());
    std::vector<float> bytes(values.size());
    ASSERT_TRUE(read->CopyTo(bytes.data()).ok());
    EXPECT_EQ(bytes, values);
    const Tensor copy = *read->Reshaped({40000});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(copy.raw()) % sizeof(float), 0u);
    EXPECT_EQ(copy.raw(), read->raw());
    EXPECT_EQ(copy.identity(), read->identity());
    const auto* elements = static_cast<const char*>(copy.raw());
    const bool inside = elements >= buffer.data() && elements < buffer.data() + buffer.size();
    EXPECT_EQ(inside, !read->deferred());
    EXPECT_EQ(*read->AsFloats(), values);
  }
}

class ExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string name = std::string("peel_external_") +
                             ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() / name;
    std::filesystem::create_directories(folder_ / "sub");
    const float values[] = {1, 2, 3, 4};
    std::ofstream(folder_ / "sub" / "data.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(values), sizeof(values));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A model whose initialiser of two floats has these external_data entries.
  Result<Graph> Read(const std::vector<std::pair<std::string, std::string>>& entries) {
    Message tensor = Typed(1, {2}).String(8, "c").Int(14, 1);
    for (const auto& [key, value] : entries) {
      tensor.Sub(13, Message().String(1, key).String(2, value));
    }
    const std::string path = (folder_ / "model.onnx").string();
    const std::string bytes = Model(Message()
                                        .Sub(1, NodeOf("Add", {"x", "c"}, {"y"}))
                                        .Sub(5, tensor)
                                        .Sub(11, Info("x", 1, {2}))
                                        .Sub(12, Info("y", 1, {2})));
    std::ofstream(path, std::ios::binary) << bytes;
    return ReadOnnxFile(path);
  }

  std::filesystem::path folder_;
};

TEST_F(ExternalData, IsMapped) {
  const Result<Graph> graph =
      Read({{"location", "sub/data.bin"}, {"offset", "4"}, {"length", "8"}});
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_THAT(*graph->value(graph->nodes[0].inputs[1]).constant.AsFloats(), ElementsAre(2, 3));
  EXPECT_TRUE(Read({{"location", "sub/data.bin"}}).ok());  // the length follows from the shape
}

TEST_F(ExternalData, StaysInsideItsFolderAndFile) {
  const std::string file = "sub/data.bin";
  for (const std::string location :
       {"../model.onnx", "sub/../../x", "/etc/hostname", "", "..", "sub/..", "a\\..\\b"}) {
    const Result<Graph> graph = Read({{"location", location}});
    ASSERT_FALSE(graph.ok()) << location;
    EXPECT_THAT(graph.status().message(), HasSubstr("outside")) << location;
  }
  EXPECT_EQ(Read({{"location", "sub/none.bin"}}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Read({{"location", "sub"}}).status().code(), StatusCode::kIo);
  for (const auto& [offset, length] :
       std::vector<std::pair<std::string, std::string>>{{"12", "8"},
                                                        {"17", "0"},
                                                        {"0", "4"},
                                                        {"-4", "8"},
                                                        {"4x", "8"},
                                                        {"", "8"},
                                                        {"18446744073709551615", "8"},
                                                        {"8", "18446744073709551615"}}) {
    const Result<Graph> graph = Read({{"location", file}, {"offset", offset}, {"length", length}});
    ASSERT_FALSE(graph.ok()) << offset << " " << length;
    EXPECT_EQ(graph.status().code(), StatusCode::kCorrupt) << offset << " " << length;
  }
  EXPECT_EQ(Read({}).status().code(), StatusCode::kCorrupt);
}

TEST(ReadOnnxFile, SaysWhyAFileCannotBeHad) {
  EXPECT_EQ(ReadOnnxFile("/nowhere/at/all.onnx").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadOnnxFile("/").status().code(), StatusCode::kIo);
  EXPECT_EQ(ReadOnnxFile("/dev/null").status().code(), StatusCode::kIo);
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
