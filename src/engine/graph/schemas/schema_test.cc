// Shape and type inference, family by family, odd forms included.
#include "src/engine/graph/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>

#include "src/engine/graph/graph_builder.h"

namespace peel::engine {
namespace {

using testing::GraphBuilder;
using ::testing::HasSubstr;

constexpr auto kF32 = DataType::kFloat32;
using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<int64_t>;

// An operand: a run-time value, or a constant of whole numbers or floats, or left out.
struct Operand {
  DataType type = kF32;
  Shape shape;
  Tensor constant;
  bool there = true;
};
Operand Data(Shape shape, DataType type = kF32) { return {type, std::move(shape), {}, true}; }
Operand Numbers(const Ints& values) {
  Tensor t = Tensor::Of(std::span<const int64_t>(values));
  return {t.type(), t.shape(), t, true};
}
Operand Number(int64_t value) {
  Tensor t = Tensor::Scalar(value);
  return {t.type(), t.shape(), t, true};
}
Operand Reals(const std::vector<float>& values) {
  Tensor t = Tensor::Of(std::span<const float>(values));
  return {t.type(), t.shape(), t, true};
}
Operand Out() { return {kF32, {}, {}, false}; }

struct Inferred {
  Status status;
  std::vector<DataType> types;
  std::vector<Shape> shapes;
};

Inferred Infer(const std::string& op, int opset, const std::vector<Operand>& operands,
               Attributes attributes = {}, int outputs = 1, const std::string& domain = "") {
  GraphBuilder b(opset);
  std::vector<std::string> in, out;
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string name = "in" + std::to_string(i);
    const Operand& o = operands[i];
    in.push_back(o.there ? name : "");
    if (!o.there) continue;
    if (o.constant.defined()) {
      b.Constant(name, o.constant);
    } else {
      b.Input(name, o.type, o.shape);
    }
  }
  for (int i = 0; i < outputs; ++i) out.push_back("out" + std::to_string(i));
  b.Op(op, in, out, std::move(attributes), domain);
  Graph graph = b.Build(out);
  Inferred result;
  result.status = InferNode(graph, graph.nodes[0]);
  if (!result.status.ok()) return result;
  for (const ValueId v : graph.nodes[0].outputs) {
    result.types.push_back(graph.value(v).type);
    result.shapes.push_back(graph.value(v).shape.value_or(Shape{-1}));
  }
  return result;
}

void ExpectShape(const Inferred& result, const Shape& shape, DataType type = kF32) {
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.shapes[0], shape);
  EXPECT_EQ(result.types[0], type);
}

void ExpectRefused(const Inferred& result, const std::string& text) {
  ASSERT_FALSE(result.status.ok()) << text;
  EXPECT_THAT(result.status.message(), HasSubstr(text));
}

TEST(Schemas, AreSortedAndDistinct) {
  std::set<std::tuple<std::string_view, std::string_view, int>> seen;
  for (const OpSchema& s : AllSchemas()) {
    EXPECT_TRUE(seen.emplace(s.domain, s.name, s.since_version).second) << s.name;
    EXPECT_EQ(FindSchema(s.domain, s.name, s.since_version), &s);
    EXPECT_TRUE(s.max_inputs < 0 || s.min_inputs <= s.max_inputs) << s.name;
    EXPECT_TRUE(s.max_outputs < 0 || s.min_outputs <= s.max_outputs) << s.name;
    if (s.max_inputs >= 0) {
      EXPECT_EQ(s.shape_operands >> s.max_inputs, 0u) << s.name;
    }
  }
  EXPECT_GT(AllSchemas().size(), 150u);
  EXPECT_EQ(FindSchema("", "Clip", 10)->since_version, 6);
  EXPECT_EQ(FindSchema("", "Clip", 11)->since_version, 11);
  EXPECT_EQ(FindSchema("", "Gelu", 19), nullptr);
  EXPECT_EQ(FindSchema("", "Nothing", 20), nullptr);
  EXPECT_EQ(FindSchema("peel", "Nothing", 1), nullptr);
}

TEST(InferNode, NamesTheNodeAndTheFault) {
  ExpectRefused(Infer("Frobnicate", 17, {Data({1})}), "Frobnicate 'Frobnicate0'");
  ExpectRefused(Infer("Add", 17, {Data({1})}), "Add 'Add0': has 1 inputs; 2 are needed");
  ExpectRefused(Infer("Add", 17, {Out(), Data({1})}), "input 0 is left out");
  ExpectRefused(Infer("Relu", 17, {Data({1})}, {}, 2), "has 2 outputs");
  ExpectRefused(Infer("Elu", 17, {Data({1})}, {{"alpha", int64_t{1}}}), "attribute 'alpha'");
}

TEST(Elementwise, BroadcastsAndChecksTypes) {
  ExpectShape(Infer("Add", 14, {Data({2, 1, 4}), Data({3, 1})}), {2, 3, 4});
  ExpectShape(Infer("Mul", 14, {Data({0, 3}), Data({1, 3})}), {0, 3});
  ExpectShape(Infer("Add", 14, {Data({}), Data({})}), {});
  ExpectShape(Infer("Less", 13, {Data({2}), Data({1})}), {2}, DataType::kBool);
  ExpectShape(Infer("Where", 16, {Data({2, 1}, DataType::kBool), Data({3}), Data({})}), {2, 3});
  ExpectShape(Infer("Sum", 13, {Data({2}), Data({1}), Data({3, 1})}), {3, 2});
  ExpectShape(Infer("Pow", 15, {Data({2}), Data({2}, DataType::kInt64)}), {2});
  ExpectShape(Infer("IsNaN", 13, {Data({2})}), {2}, DataType::kBool);
  ExpectRefused(Infer("Add", 14, {Data({2}), Data({3})}), "do not fit");
  ExpectRefused(Infer("Add", 14, {Data({2}), Data({2}, DataType::kInt64)}), "int64");
  ExpectRefused(Infer("Where", 16, {Data({2}), Data({2}), Data({2})}), "float32");
  ExpectRefused(Infer("PRelu", 16, {Data({2, 3}), Data({4, 1, 1})}), "slope");
  ExpectRefused(Infer("Not", 1, {Data({2})}), "float32");
}

TEST(Elementwise, CastsToKnownTypes) {
  ExpectShape(Infer("Cast", 13, {Data({2})}, {{"to", int64_t{7}}}), {2}, DataType::kInt64);
  ExpectShape(Infer("CastLike", 15, {Data({2}), Data({}, DataType::kInt8)}), {2}, DataType::kInt8);
  for (const int64_t type : {8, 0, 14, 17, 99, -1}) {
    EXPECT_FALSE(Infer("Cast", 13, {Data({2})}, {{"to", type}}).status.ok()) << type;
  }
}

TEST(Elementwise, DropoutRefusesTraining) {
  ExpectShape(Infer("Dropout", 7, {Data({2})}, {}, 2), {2});
  Tensor yes = *Tensor::Allocate(DataType::kBool, {});
  *yes.data<uint8_t>() = 1;
  const Operand training{DataType::kBool, {}, yes, true};
  EXPECT_EQ(Infer("Dropout", 13, {Data({2}), Out(), training}).status.code(),
            StatusCode::kUnsupported);
}

TEST(Conv, GroupsDimensionsAndPadding) {
  ExpectShape(Infer("Conv", 11, {Data({2, 4, 9}), Data({6, 2, 3})}, {{"group", int64_t{2}}}),
              {2, 6, 7});
  ExpectShape(Infer("Conv", 11, {Data({1, 3, 8, 8, 8}), Data({5, 3, 3, 3, 3})},
                    {{"pads", Ints{1, 1, 1, 1, 1, 1}}, {"strides", Ints{2, 2, 2}}}),
              {1, 5, 4, 4, 4});
  ExpectShape(Infer("Conv", 11, {Data({1, 1, 5, 7}), Data({1, 1, 3, 3}), Data({1})},
                    {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Ints{2, 2}}}),
              {1, 1, 3, 4});
  ExpectRefused(Infer("Conv", 11, {Data({1, 3, 8, 8}), Data({4, 2, 3, 3})}), "channels");
  ExpectRefused(Infer("Conv", 11, {Data({1, 3, 8, 8}), Data({4, 3, 3, 3}), Data({3})}), "input 2");
  ExpectRefused(Infer("Conv", 11, {Data({1, 3, 2, 2}), Data({4, 3, 3, 3})}), "larger");
  ExpectRefused(Infer("Conv", 11, {Data({1, 3}), Data({4, 3})}), "dimensions");
  ExpectRefused(Infer("Conv", 11, {Data({1, 3, 8}), Data({4, 3, 3})}, {{"group", int64_t{0}}}),
                "groups");
}

TEST(Conv, FusedFormTakesAResidualOfItsShape) {
  const Attributes relu = {{"activation", std::string("relu")}};
  ExpectShape(Infer("Conv", 1, {Data({1, 1, 3, 3}), Data({2, 1, 1, 1}), Out(), Data({1, 2, 3, 3})},
                    relu, 1, "peel"),
              {1, 2, 3, 3});
  ExpectRefused(
      Infer("Conv", 1, {Data({1, 1, 3, 3}), Data({2, 1, 1, 1}), Out(), Data({1, 2, 1, 1})}, relu, 1,
            "peel"),
      "input 3");
  ExpectRefused(Infer("Conv", 1, {Data({1, 1, 3, 3}), Data({2, 1, 1, 1})},
                      {{"activation", std::string("step")}}, 1, "peel"),
                "step");
}

TEST(Conv, PooledFormHalvesEvenExtents) {
  const Attributes relu = {{"activation", std::string("relu")}};
  const std::vector<Operand> operands = {Data({2, 3, 8, 6}), Data({4, 3, 3, 3}), Data({4})};
  const Attributes padded = {{"pads", Ints{1, 1, 1, 1}}};
  ExpectShape(Infer("ConvMaxPool", 1, operands, padded, 1, "peel"), {2, 4, 4, 3});
  ExpectShape(Infer("ConvMaxPool", 1, operands, relu, 1, "peel"), {2, 4, 3, 2});
  ExpectRefused(
      Infer("ConvMaxPool", 1, {Data({1, 3, 8, 7}), Data({4, 3, 3, 3})}, padded, 1, "peel"),
      "by pairs");
  ExpectRefused(Infer("ConvMaxPool", 1, operands, {{"activation", std::string("step")}}, 1, "peel"),
                "step");
}

TEST(Conv, TransposedShapes) {
  const std::vector<Operand> operands = {Data({1, 2, 3, 3}), Data({2, 3, 3, 3})};
  ExpectShape(Infer("ConvTranspose", 11, operands), {1, 3, 5, 5});
  ExpectShape(Infer("ConvTranspose", 11, operands,
                    {{"strides", Ints{3, 2}}, {"output_padding", Ints{1, 1}}}),
              {1, 3, 10, 8});
  ExpectShape(Infer("ConvTranspose", 11, operands,
                    {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}}),
              {1, 3, 6, 6});
  ExpectShape(Infer("ConvTranspose", 11, operands, {{"group", int64_t{2}}}), {1, 6, 5, 5});
}

TEST(Pool, CeilDilationAndGlobal) {
  const Attributes ceil = {
      {"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", int64_t{1}}};
  ExpectShape(Infer("MaxPool", 12, {Data({1, 1, 4, 4})}, ceil), {1, 1, 2, 2});
  const Inferred with_indices = Infer("MaxPool", 12, {Data({1, 1, 4, 4})}, ceil, 2);
  ASSERT_TRUE(with_indices.status.ok());
  EXPECT_EQ(with_indices.types[1], DataType::kInt64);
  ExpectShape(Infer("AveragePool", 19, {Data({1, 2, 4, 4})},
                    {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 2}}}),
              {1, 2, 2, 2});
  ExpectShape(Infer("GlobalAveragePool", 1, {Data({2, 3, 5, 7, 9})}), {2, 3, 1, 1, 1});
  ExpectRefused(Infer("MaxPool", 12, {Data({1, 1, 4, 4})}), "kernel_shape");
}

TEST(Matrix, ProductsOfAllRanks) {
  ExpectShape(Infer("MatMul", 13, {Data({2, 3}), Data({3, 4})}), {2, 4});
  ExpectShape(Infer("MatMul", 13, {Data({3}), Data({3})}), {});
  ExpectShape(Infer("MatMul", 13, {Data({3}), Data({5, 3, 4})}), {5, 4});
  ExpectShape(Infer("MatMul", 13, {Data({5, 1, 2, 3}), Data({6, 3, 4})}), {5, 6, 2, 4});
  ExpectRefused(Infer("MatMul", 13, {Data({2, 3}), Data({4, 3})}), "do not fit");
  ExpectRefused(Infer("MatMul", 13, {Data({}), Data({3})}), "scalar");
  ExpectShape(Infer("Gemm", 13, {Data({3, 2}), Data({4, 3}), Data({4})},
                    {{"transA", int64_t{1}}, {"transB", int64_t{1}}}),
              {2, 4});
  ExpectRefused(Infer("Gemm", 13, {Data({2, 3}), Data({3, 4}), Data({3})}), "addend");
}

TEST(Einsum, Equations) {
  const auto einsum = [](const char* equation, const std::vector<Operand>& operands) {
    return Infer("Einsum", 12, operands, {{"equation", std::string(equation)}});
  };
  ExpectShape(einsum("bij,bjk->bik", {Data({2, 3, 4}), Data({2, 4, 5})}), {2, 3, 5});
  ExpectShape(einsum("...ii ->...i", {Data({3, 5, 5})}), {3, 5});
  ExpectShape(einsum("ij", {Data({3, 4})}), {3, 4});
  ExpectShape(einsum("ba", {Data({3, 4})}), {4, 3});
  ExpectShape(einsum("i,i", {Data({3}), Data({3})}), {});
  ExpectRefused(einsum("ij,jk->ik", {Data({3, 4}), Data({5, 6})}), "index 'j'");
  ExpectRefused(einsum("ij->z", {Data({3, 4})}), "'z'");
  ExpectRefused(einsum("i.j->i", {Data({3, 4})}), "stray");
  ExpectRefused(einsum("i,j", {Data({3})}), "operands");
}

TEST(Normalise, ParametersMustFit) {
  const Operand c = Data({3});
  ExpectShape(Infer("BatchNormalization", 15, {Data({1, 3, 4, 4}), c, c, c, c}), {1, 3, 4, 4});
  ExpectRefused(Infer("BatchNormalization", 15, {Data({1, 2, 4, 4}), c, c, c, c}), "input 1");
  EXPECT_EQ(Infer("BatchNormalization", 15, {Data({1, 3, 4, 4}), c, c, c, c},
                  {{"training_mode", int64_t{1}}})
                .status.code(),
            StatusCode::kUnsupported);
  const Inferred layer = Infer("LayerNormalization", 17, {Data({2, 3, 4}), Data({4})}, {}, 3);
  ExpectShape(layer, {2, 3, 4});
  EXPECT_EQ(layer.shapes[2], (Shape{2, 3, 1}));
  ExpectRefused(Infer("LayerNormalization", 17, {Data({2, 3, 4}), Data({3})}), "input 1");
  const Attributes groups = {{"num_groups", int64_t{2}}};
  ExpectShape(Infer("GroupNormalization", 18, {Data({1, 4, 2}), Data({2}), Data({2})}, groups),
              {1, 4, 2});
  ExpectShape(Infer("GroupNormalization", 21, {Data({1, 4, 2}), Data({4}), Data({4})}, groups),
              {1, 4, 2});
  ExpectShape(Infer("Softmax", 11, {Data({2, 3})}, {{"axis", int64_t{2}}}), {2, 3});
  ExpectRefused(Infer("Softmax", 13, {Data({2, 3})}, {{"axis", int64_t{2}}}), "axis 2");
}

TEST(Resize, EveryForm) {
  ExpectShape(
      Infer("Upsample", 7, {Data({1, 1, 3, 5})}, {{"scales", std::vector<float>{1, 1, 2, 2.5f}}}),
      {1, 1, 6, 12});
  ExpectShape(Infer("Upsample", 9, {Data({1, 1, 3, 5}), Reals({1, 1, 2, 2})}), {1, 1, 6, 10});
  ExpectShape(Infer("Resize", 10, {Data({1, 1, 3, 5}), Reals({1, 1, 0.5f, 0.6f})}), {1, 1, 1, 3});
  ExpectShape(Infer("Resize", 13, {Data({1, 1, 3, 5}), Out(), Out(), Numbers({1, 1, 7, 7})}),
              {1, 1, 7, 7});
  // Exporters write empty tensors for operands that they leave out.
  ExpectShape(
      Infer("Resize", 11, {Data({1, 1, 3, 5}), Reals({}), Reals({}), Numbers({1, 1, 7, 7})}),
      {1, 1, 7, 7});
  ExpectShape(
      Infer("Resize", 18, {Data({1, 1, 3, 5}), Out(), Out(), Numbers({9})}, {{"axes", Ints{-1}}}),
      {1, 1, 3, 9});
  const Attributes smaller = {{"axes", Ints{2, 3}},
                              {"keep_aspect_ratio_policy", std::string("not_larger")}};
  ExpectShape(Infer("Resize", 18, {Data({1, 1, 4, 2}), Out(), Out(), Numbers({6, 6})}, smaller),
              {1, 1, 6, 3});
  const Attributes larger = {{"axes", Ints{2, 3}},
                             {"keep_aspect_ratio_policy", std::string("not_smaller")}};
  ExpectShape(Infer("Resize", 18, {Data({1, 1, 4, 2}), Out(), Out(), Numbers({6, 6})}, larger),
              {1, 1, 12, 6});
  ExpectShape(
      Infer("Resize", 13,
            {Data({1, 1, 4, 4}), Reals({0, 0, 0.25f, 0, 1, 1, 0.75f, 1}), Reals({1, 1, 2, 2})},
            {{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}),
      {1, 1, 4, 8});
  ExpectRefused(Infer("Resize", 13, {Data({1, 1, 4, 4})}), "neither");
  ExpectRefused(Infer("Resize", 13, {Data({1, 4}), Out(), Reals({1, 2}), Numbers({1, 8})}), "both");
  ExpectRefused(Infer("Resize", 13, {Data({1, 4}), Out(), Reals({1, -2})}), "scale");
  ExpectRefused(Infer("Resize", 13, {Data({1, 4}), Out(), Reals({1, NAN})}), "scale");
  EXPECT_EQ(Infer("Resize", 13, {Data({1, 4}), Out(), Data({2})}).status.code(),
            StatusCode::kUnsupported);
}

TEST(ShapeOps, ReshapeRules) {
  const auto reshape = [](const Shape& in, const Ints& to, int64_t allow_zero = 0) {
    return Infer("Reshape", 14, {Data(in), Numbers(to)}, {{"allowzero", allow_zero}});
  };
  ExpectShape(reshape({2, 3, 4}, {0, -1}), {2, 12});
  ExpectShape(reshape({2, 0}, {0, 0}), {2, 0});
  ExpectShape(reshape({2, 0}, {0, 5}, 1), {0, 5});
  ExpectShape(reshape({1}, {}), {});
  ExpectRefused(reshape({2, 3}, {-1, -1}), "two");
  ExpectRefused(reshape({2, 3}, {4, -1}), "cannot");
  ExpectRefused(reshape({2, 3}, {7}), "cannot");
  ExpectRefused(reshape({2}, {2, 0}), "extent 1");
  ExpectRefused(reshape({2}, {-2}), "-2");
  const int64_t huge = int64_t{1} << 40;
  ExpectRefused(reshape({2}, {huge, huge, -1}), "larger");
}

TEST(ShapeOps, TheRest) {
  ExpectShape(Infer("Shape", 15, {Data({2, 3, 4})}, {{"start", int64_t{-2}}}), {2},
              DataType::kInt64);
  ExpectShape(Infer("Shape", 15, {Data({2, 3})}, {{"start", int64_t{2}}, {"end", int64_t{0}}}), {0},
              DataType::kInt64);
  ExpectShape(Infer("Size", 13, {Data({2, 3})}), {}, DataType::kInt64);
  ExpectShape(Infer("Flatten", 13, {Data({2, 3, 4})}, {{"axis", int64_t{-1}}}), {6, 4});
  ExpectShape(Infer("Flatten", 13, {Data({2, 3})}, {{"axis", int64_t{0}}}), {1, 6});
  ExpectShape(Infer("Squeeze", 11, {Data({1, 2, 1})}), {2});
  ExpectShape(Infer("Squeeze", 13, {Data({1, 2, 1}), Numbers({-1})}), {1, 2});
  ExpectRefused(Infer("Squeeze", 13, {Data({1, 2}), Numbers({1})}), "axis 1");
  ExpectShape(Infer("Unsqueeze", 11, {Data({2})}, {{"axes", Ints{0, 2}}}), {1, 2, 1});
  ExpectShape(Infer("Unsqueeze", 13, {Data({2}), Numbers({-1})}), {2, 1});
  ExpectRefused(Infer("Unsqueeze", 13, {Data({2}), Numbers({0, 0})}), "twice");
  ExpectShape(Infer("Expand", 13, {Data({3, 1}), Numbers({2, 1, 4})}), {2, 3, 4});
  ExpectShape(Infer("Expand", 13, {Data({3, 4}), Numbers({1})}), {3, 4});
  ExpectShape(Infer("Transpose", 13, {Data({2, 3, 4})}), {4, 3, 2});
  ExpectRefused(Infer("Transpose", 13, {Data({2, 3})}, {{"perm", Ints{0, 0}}}), "permutation");
  ExpectShape(Infer("Tile", 13, {Data({2, 3}), Numbers({2, 0})}), {4, 0});
  ExpectShape(Infer("DepthToSpace", 13, {Data({1, 8, 2, 3})}, {{"blocksize", int64_t{2}}}),
              {1, 2, 4, 6});
  ExpectShape(Infer("SpaceToDepth", 13, {Data({1, 2, 4, 6})}, {{"blocksize", int64_t{2}}}),
              {1, 8, 2, 3});
}

TEST(ShapeOps, PadForms) {
  ExpectShape(Infer("Pad", 10, {Data({2, 3})}, {{"pads", Ints{0, 1, 2, -1}}}), {4, 3});
  ExpectShape(Infer("Pad", 13, {Data({2, 3}), Numbers({0, 1, 0, 1})}), {2, 5});
  ExpectShape(Infer("Pad", 18, {Data({2, 3}), Numbers({1, 1}), Out(), Numbers({-1})}), {2, 5});
  ExpectRefused(Infer("Pad", 13, {Data({2, 3}), Numbers({0, 1})}), "2 pads");
  ExpectRefused(Infer("Pad", 13, {Data({2}), Numbers({-2, -2})}), "crops");
  ExpectRefused(Infer("Pad", 13, {Data({2}), Numbers({1, 1})}, {{"mode", std::string("mirror")}}),
                "mirror");
  const int64_t most = std::numeric_limits<int64_t>::max();
  ExpectRefused(Infer("Pad", 13, {Data({2}), Numbers({most, most})}), "larger");
}

TEST(Slice, ClampsLikeNumpy) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  const auto slice = [](const Ints& starts, const Ints& ends, const Ints& axes, const Ints& steps) {
    return Infer("Slice", 13,
                 {Data({10, 5}), Numbers(starts), Numbers(ends), Numbers(axes), Numbers(steps)});
  };
  ExpectShape(slice({1}, {most}, {0}, {2}), {5, 5});
  ExpectShape(slice({-1}, {least}, {0}, {-3}), {4, 5});
  ExpectShape(slice({most}, {least}, {0}, {-1}), {10, 5});
  ExpectShape(slice({5}, {2}, {0}, {1}), {0, 5});
  ExpectShape(slice({0, -2}, {3, most}, {0, -1}, {1, 1}), {3, 2});
  ExpectShape(slice({0}, {10}, {0}, {most}), {1, 5});
  ExpectShape(slice({9}, {least}, {0}, {least}), {1, 5});
  ExpectRefused(slice({0}, {1}, {0}, {0}), "step");
  ExpectRefused(slice({0, 0}, {1, 1}, {0, -2}, {1, 1}), "twice");
  ExpectRefused(slice({0}, {1}, {2}, {1}), "axis 2");
  ExpectShape(Infer("Slice", 9, {Data({10, 5})}, {{"starts", Ints{2, 1}}, {"ends", Ints{-1, 9}}}),
              {7, 4});
}

TEST(Split, EqualGivenAndUneven) {
  const Inferred equal = Infer("Split", 11, {Data({6, 2})}, {}, 3);
  ExpectShape(equal, {2, 2});
  const Inferred given = Infer("Split", 13, {Data({6, 2}), Numbers({1, 5})}, {}, 2);
  ExpectShape(given, {1, 2});
  EXPECT_EQ(given.shapes[1], (Shape{5, 2}));
  const Inferred uneven = Infer("Split", 18, {Data({7})}, {{"num_outputs", int64_t{3}}}, 3);
  ExpectShape(uneven, {3});
  EXPECT_EQ(uneven.shapes[2], (Shape{1}));
  ExpectRefused(Infer("Split", 13, {Data({7})}, {}, 2), "equal parts");
  ExpectRefused(Infer("Split", 13, {Data({6}), Numbers({1, 4})}, {}, 2), "add up");
  ExpectShape(
      Infer("Concat", 13, {Data({2, 3}), Data({2, 0}), Data({2, 4})}, {{"axis", int64_t{-1}}}),
      {2, 7});
  ExpectRefused(Infer("Concat", 13, {Data({2, 3}), Data({3, 3})}, {{"axis", int64_t{1}}}),
                "joined");
}

TEST(Gather, EveryForm) {
  const auto i64 = DataType::kInt64;
  ExpectShape(Infer("Gather", 13, {Data({5, 6, 7}), Data({2, 3}, i64)}, {{"axis", int64_t{1}}}),
              {5, 2, 3, 7});
  ExpectShape(Infer("Gather", 13, {Data({5}), Data({}, i64)}), {});
  ExpectShape(Infer("GatherElements", 13, {Data({5, 6}), Data({9, 2}, i64)}), {9, 2});
  ExpectRefused(Infer("GatherElements", 13, {Data({5, 6}), Data({2, 7}, i64)}), "input 1");
  ExpectShape(
      Infer("GatherND", 13, {Data({2, 3, 4}), Data({2, 5, 1}, i64)}, {{"batch_dims", int64_t{1}}}),
      {2, 5, 4});
  ExpectRefused(Infer("GatherND", 13, {Data({2}), Data({3, 2}, i64)}), "do not fit");
  ExpectShape(Infer("ScatterND", 18, {Data({4, 5}), Data({2, 1}, i64), Data({2, 5})}), {4, 5});
  ExpectRefused(Infer("ScatterND", 18, {Data({4, 5}), Data({2, 1}, i64), Data({2, 4})}), "input 2");
  ExpectRefused(Infer("ScatterElements", 18, {Data({4}), Data({2}, i64), Data({3})}), "input 2");
  ExpectRefused(Infer("Gather", 13, {Data({5}), Data({2})}), "float32");
}

TEST(Generate, RangesAndConstants) {
  ExpectShape(Infer("Range", 11, {Number(10), Number(4), Number(-2)}), {3}, DataType::kInt64);
  ExpectShape(Infer("Range", 11, {Number(0), Number(-4), Number(2)}), {0}, DataType::kInt64);
  ExpectRefused(Infer("Range", 11, {Number(0), Number(4), Number(0)}), "end");
  ExpectRefused(Infer("Range", 11,
                      {Number(std::numeric_limits<int64_t>::min()),
                       Number(std::numeric_limits<int64_t>::max()), Number(1)}),
                "too many");
  ExpectRefused(Infer("Range", 11, {Number(0), Number(int64_t{1} << 50), Number(1)}), "large");
  ExpectShape(Infer("ConstantOfShape", 9, {Numbers({2, 3})}), {2, 3});
  ExpectRefused(Infer("ConstantOfShape", 9, {Numbers({int64_t{1} << 41})}), "too large");
  ExpectShape(Infer("Constant", 13, {}, {{"value_floats", std::vector<float>{1, 2}}}), {2});
  EXPECT_EQ(Infer("Constant", 13, {}, {{"value_string", std::string("a")}}).status.code(),
            StatusCode::kUnsupported);
  ExpectRefused(Infer("Constant", 13, {}), "no value");
  ExpectShape(Infer("EyeLike", 9, {Data({2, 3})}, {{"dtype", int64_t{7}}}), {2, 3},
              DataType::kInt64);
  ExpectShape(Infer("OneHot", 11, {Data({2, 3}), Number(4), Data({2}, DataType::kInt32)},
                    {{"axis", int64_t{1}}}),
              {2, 4, 3}, DataType::kInt32);
}

TEST(Reduce, AxesInBothForms) {
  ExpectShape(Infer("ReduceMean", 13, {Data({2, 3, 4})}, {{"axes", Ints{-1, 0}}}), {1, 3, 1});
  ExpectShape(Infer("ReduceMean", 18, {Data({2, 3, 4}), Numbers({1})}, {{"keepdims", int64_t{0}}}),
              {2, 4});
  ExpectShape(Infer("ReduceSum", 13, {Data({2, 3})}), {1, 1});
  ExpectShape(
      Infer("ReduceSum", 13, {Data({2, 3}), Numbers({})}, {{"noop_with_empty_axes", int64_t{1}}}),
      {2, 3});
  ExpectShape(Infer("ArgMax", 13, {Data({2, 3})}, {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}}),
              {2}, DataType::kInt64);
  const Inferred top = Infer("TopK", 11, {Data({2, 5}), Numbers({3})}, {}, 2);
  ExpectShape(top, {2, 3});
  EXPECT_EQ(top.types[1], DataType::kInt64);
  ExpectRefused(Infer("TopK", 11, {Data({2, 5}), Numbers({6})}, {}, 2), "cannot pick");
  ExpectRefused(Infer("ReduceSum", 13, {Data({2}), Numbers({1})}), "axis 1");
}

TEST(Quantise, TypesAndScales) {
  const auto u8 = DataType::kUint8, i8 = DataType::kInt8;
  ExpectShape(Infer("QuantizeLinear", 13, {Data({2, 3}), Data({})}), {2, 3}, u8);
  ExpectShape(Infer("QuantizeLinear", 13, {Data({2, 3}), Data({3}), Data({3}, i8)}), {2, 3}, i8);
  ExpectRefused(Infer("QuantizeLinear", 13, {Data({2, 3}), Data({2})}), "input 1");
  ExpectRefused(Infer("QuantizeLinear", 21, {Data({2, 4}), Data({2, 2})}), "block_size");
  ExpectShape(
      Infer("QuantizeLinear", 21, {Data({2, 4}), Data({2, 2})}, {{"block_size", int64_t{2}}}),
      {2, 4}, u8);
  ExpectShape(Infer("DequantizeLinear", 13, {Data({2, 3}, i8), Data({})}), {2, 3});
  const Inferred dynamic = Infer("DynamicQuantizeLinear", 11, {Data({2})}, {}, 3);
  ExpectShape(dynamic, {2}, u8);
  EXPECT_EQ(dynamic.types[1], kF32);
  ExpectShape(Infer("QLinearConv", 10,
                    {Data({1, 1, 5, 5}, u8), Data({}), Data({}, u8), Data({2, 1, 3, 3}, i8),
                     Data({2}), Data({2}, i8), Data({}), Data({}, u8)}),
              {1, 2, 3, 3}, u8);
  ExpectShape(Infer("MatMulInteger", 10, {Data({2, 3}, u8), Data({3, 4}, i8)}), {2, 4},
              DataType::kInt32);
}

// A product of extents that no memory could hold is refused by every way there is to it.
TEST(Limits, AbsurdExtents) {
  const int64_t big = int64_t{1} << 35;
  ExpectRefused(Infer("Add", 14, {Data({big, 1}), Data({1, big})}), "large");
  ExpectRefused(Infer("MatMul", 13, {Data({big, 1}), Data({1, big})}), "large");
  ExpectRefused(Infer("Tile", 13, {Data({big}), Numbers({big})}), "large");
  ExpectRefused(Infer("Expand", 13, {Data({1}), Numbers({big, big})}), "large");
  ExpectRefused(Infer("Upsample", 9, {Data({1, big}), Reals({1e6f, 1e6f})}), "large");
}

}  // namespace
}  // namespace peel::engine
