// What the standard's node tests leave out: hostile operands, wrapping integers, odd shapes.
#include <cmath>
#include <cstdint>
#include <limits>

#include "src/base/float16.h"
#include "src/engine/kernels/reference/reference_test_util.h"

namespace peel::engine {
namespace {

TEST(ReferenceRegistry, FindsTheLatestThatApplies) {
  EXPECT_NE(FindReference(MakeNode("Relu", 7)), nullptr);
  EXPECT_EQ(FindReference(MakeNode("Relu", 7, {}, "com.example")), nullptr);
  EXPECT_EQ(FindReference(MakeNode("Mish", 17)), nullptr);  // came with opset 18
  EXPECT_NE(FindReference(MakeNode("Mish", 18)), nullptr);
  EXPECT_NE(FindReference(MakeNode("Conv", 1, {}, "peel")), nullptr);
  std::vector<Tensor> none;
  const Status status = RunOn(MakeNode("Frobnicate", 13), {}, none);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("Frobnicate 'n'"), std::string::npos);
}

TEST(ReferenceRegistry, SurvivesMissingOperands) {
  for (const ReferenceEntry& entry : AllReferences()) {
    Node node = MakeNode(entry.op_type, 28, {}, entry.domain);
    std::vector<Tensor> no_outputs, undefined(1);
    EXPECT_FALSE(RunOn(node, {}, no_outputs).ok()) << entry.op_type;
    EXPECT_FALSE(RunOn(node, {Tensor(), Tensor()}, undefined).ok()) << entry.op_type;
  }
}

// Whatever is thrown at an operator, it answers with a Status (run under the sanitizers too).
TEST(ReferenceRegistry, SurvivesOperandsOfWrongShapeAndType) {
  const Tensor pool[] = {Floats({}, {2}),
                         Floats({0}, {}),
                         Floats({3}, {-1, 0, 7}),
                         Noise({2, 3}, 1),
                         Noise({1, 2, 3, 4}, 2),
                         Int64s({}, {1}),
                         Int64s({2}, {-5, 9000000000000000000}),
                         Int64s({4}, {0, 1, 2, -1}),
                         MakeTensor<uint8_t>(DataType::kUint8, {2, 2}, {0, 1, 200, 255}),
                         MakeTensor<uint16_t>(DataType::kFloat16, {2}, {0x3c00, 0x7e00})};
  const Shape shapes[] = {{}, {0}, {3}, {2, 3}, {1, 2, 3, 4}};
  int ran = 0;
  for (const ReferenceEntry& entry : AllReferences()) {
    for (int opset : {8, 28}) {
      const Node node = MakeNode(entry.op_type, opset, {}, entry.domain);
      for (const Tensor& a : pool) {
        for (const Tensor& b : pool) {
          for (const Shape& shape : shapes) {
            for (const DataType type : {a.type(), DataType::kBool, DataType::kInt64}) {
              std::vector<Tensor> out{MakeTensor(type, shape), MakeTensor(type, shape)};
              ran += RunOn(node, {a, b, b}, out).ok();
              ran += RunOn(node, {a}, out).ok();
            }
          }
        }
      }
    }
  }
  EXPECT_GT(ran, 1000);
}

TEST(ReferenceArithmetic, IntegersWrap) {
  const auto run = [](const char* op, int32_t a, int32_t b) {
    std::vector<Tensor> y{MakeTensor(DataType::kInt32, {1})};
    const Status status = RunOn(MakeNode(op, 14),
                                {MakeTensor<int32_t>(DataType::kInt32, {1}, {a}),
                                 MakeTensor<int32_t>(DataType::kInt32, {1}, {b})},
                                y);
    EXPECT_TRUE(status.ok()) << status.message();
    return *y[0].data<int32_t>();
  };
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min(), kMax = -(kMin + 1);
  EXPECT_EQ(run("Add", kMax, 1), kMin);
  EXPECT_EQ(run("Sub", kMin, 1), kMax);
  EXPECT_EQ(run("Mul", kMax, 2), -2);
  EXPECT_EQ(run("Div", kMin, -1), kMin);
  EXPECT_EQ(run("Div", 5, 0), 0);
  EXPECT_EQ(run("Div", -7, 2), -3);
  EXPECT_EQ(run("Mod", -7, 3), 2);
  EXPECT_EQ(run("Mod", kMin, -1), 0);
  EXPECT_EQ(run("Mod", 7, 0), 0);
  EXPECT_EQ(run("Pow", 3, 4), 81);
  EXPECT_EQ(run("Pow", -1, -3), -1);
  EXPECT_EQ(run("Pow", 2, -1), 0);
}

TEST(ReferenceArithmetic, BroadcastsBothWays) {
  const Tensor a = Floats({2, 1, 3}, {1, 2, 3, 4, 5, 6}), b = Floats({4, 1}, {10, 20, 30, 40});
  const auto y = Values(RunFloat(MakeNode("Add", 14), {a, b}, {2, 4, 3}));
  for (size_t i = 0; i < y.size(); ++i) {
    EXPECT_EQ(y[i], static_cast<float>(i / 12 * 3 + i % 3 + 1 + (i / 3 % 4 + 1) * 10)) << i;
  }
  // Three operands of different shapes, the first of them the smallest.
  const auto sum = Values(RunFloat(MakeNode("Sum", 13), {Floats({}, {100}), a, b}, {2, 4, 3}));
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(sum[i], y[i] + 100) << i;
}

TEST(ReferenceCast, OutOfRangeSaturatesAndNanIsZero) {
  const Tensor x = Floats({5}, {-300, 300, std::nanf(""), 1e30f, -2.9f});
  std::vector<Tensor> y{MakeTensor(DataType::kInt8, {5})};
  ASSERT_TRUE(RunOn(MakeNode("Cast", 13), {x}, y).ok());
  EXPECT_EQ(Values<int8_t>(y[0]), (std::vector<int8_t>{-128, 127, 0, 127, -2}));
  y = {MakeTensor(DataType::kUint64, {5})};
  ASSERT_TRUE(RunOn(MakeNode("Cast", 13), {x}, y).ok());
  EXPECT_EQ(Values<uint64_t>(y[0]),
            (std::vector<uint64_t>{0, 300, 0, std::numeric_limits<uint64_t>::max(), 0}));
}

TEST(ReferenceIndices, OutsideIsAnErrorNotARead) {
  const Tensor x = Floats({3}, {1, 2, 3});
  for (const int64_t bad : {int64_t{3}, int64_t{-4}, std::numeric_limits<int64_t>::max()}) {
    std::vector<Tensor> y{MakeTensor(DataType::kFloat32, {1})};
    const Status status = RunOn(MakeNode("Gather", 13), {x, Int64s({1}, {bad})}, y);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(std::to_string(bad)), std::string::npos);
    EXPECT_FALSE(RunOn(MakeNode("GatherElements", 13), {x, Int64s({1}, {bad})}, y).ok());
    EXPECT_FALSE(RunOn(MakeNode("GatherND", 13), {x, Int64s({1, 1}, {bad})}, y).ok());
    std::vector<Tensor> z{MakeTensor(DataType::kFloat32, {3})};
    EXPECT_FALSE(
        RunOn(MakeNode("ScatterElements", 13), {x, Int64s({1}, {bad}), Floats({1}, {9})}, z).ok());
    EXPECT_FALSE(
        RunOn(MakeNode("ScatterND", 13), {x, Int64s({1, 1}, {bad}), Floats({1}, {9})}, z).ok());
  }
}

TEST(ReferenceSlice, ExtremeBoundsAndSteps) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = -(kMin + 1);
  const Tensor x = Floats({5}, {0, 1, 2, 3, 4});
  const auto slice = [&](int64_t start, int64_t end, int64_t step, std::vector<float> expected) {
    const auto n = static_cast<int64_t>(expected.size());
    EXPECT_EQ(Values(RunFloat(MakeNode("Slice", 13),
                              {x, Int64s({1}, {start}), Int64s({1}, {end}), Int64s({1}, {0}),
                               Int64s({1}, {step})},
                              {n})),
              expected);
  };
  slice(kMin, kMax, 1, {0, 1, 2, 3, 4});
  slice(kMax, kMin, -1, {4, 3, 2, 1, 0});
  slice(0, kMax, kMax, {0});
  slice(kMax, kMin, kMin, {4});
  slice(-2, kMax, 1, {3, 4});
  slice(4, 0, -3, {4, 1});
  slice(3, 3, 1, {});
}

TEST(ReferenceResize, CropsAndExtrapolatesOneAxisOnly) {
  Node node = MakeNode("Resize", 13,
                       {{"mode", std::string("linear")},
                        {"coordinate_transformation_mode", std::string("tf_crop_and_resize")},
                        {"extrapolation_value", -9.0f}});
  const Tensor x = Floats({1, 1, 1, 3}, {0, 1, 2});
  // The region runs from the first pixel to twice the width.
  const Tensor roi = Floats({8}, {0, 0, 0, 0, 1, 1, 1, 2});
  const auto y =
      Values(RunFloat(node, {x, roi, Tensor(), Int64s({4}, {1, 1, 1, 5})}, {1, 1, 1, 5}));
  EXPECT_EQ(y, (std::vector<float>{0, 1, 2, -9, -9}));
}

TEST(ReferenceResize, IntegersInterpolateAndRound) {
  Node node = MakeNode("Resize", 13, {{"mode", std::string("linear")}});
  std::vector<Tensor> y{MakeTensor(DataType::kUint8, {1, 4})};
  const Tensor x = MakeTensor<uint8_t>(DataType::kUint8, {1, 2}, {0, 255});
  ASSERT_TRUE(RunOn(node, {x, Tensor(), Floats({2}, {1, 2})}, y).ok());
  EXPECT_EQ(Values<uint8_t>(y[0]), (std::vector<uint8_t>{0, 64, 191, 255}));
}

TEST(ReferenceMaxPool, PaddingAloneGivesTheLowest) {
  // Every window of the first column lies in the padding.
  Node node = MakeNode(
      "MaxPool", 12,
      {{"kernel_shape", std::vector<int64_t>{1, 1}}, {"pads", std::vector<int64_t>{0, 1, 0, 0}}});
  const auto y = Values(RunFloat(node, {Floats({1, 1, 1, 2}, {-3, 5})}, {1, 1, 1, 3}));
  EXPECT_EQ(y, (std::vector<float>{std::numeric_limits<float>::lowest(), -3, 5}));
}

TEST(ReferenceSoftmax, LargeValuesStayFinite) {
  const auto y = Values(RunFloat(MakeNode("Softmax", 13), {Floats({3}, {1e4f, 1e4f, -1e4f})}, {3}));
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0.5f, 0.0f}));
}

TEST(ReferenceReduce, MiddleAxisAndEmptyAxis) {
  const Tensor x = Noise({3, 4, 5}, 3);
  const auto y = Values(RunFloat(MakeNode("ReduceSum", 13), {x, Int64s({1}, {1})}, {3, 1, 5}));
  for (size_t i = 0; i < 15; ++i) {
    double sum = 0;
    for (size_t k = 0; k < 4; ++k) sum += x.data<float>()[(i / 5 * 4 + k) * 5 + i % 5];
    EXPECT_NEAR(y[i], sum, 1e-6) << i;
  }
  const auto empty =
      Values(RunFloat(MakeNode("ReduceProd", 18), {Floats({2, 0}, {}), Int64s({1}, {1})}, {2, 1}));
  EXPECT_EQ(empty, (std::vector<float>{1, 1}));
}

TEST(ReferenceHalf, ComputesInFloatAndRoundsOnce) {
  std::vector<Tensor> y{MakeTensor(DataType::kFloat16, {2})};
  const auto half = [](float v) { return FloatToHalf(v); };
  ASSERT_TRUE(RunOn(MakeNode("Mul", 14),
                    {MakeTensor<uint16_t>(DataType::kFloat16, {2}, {half(1.5f), half(300)}),
                     MakeTensor<uint16_t>(DataType::kFloat16, {2}, {half(-2), half(300)})},
                    y)
                  .ok());
  EXPECT_EQ(HalfToFloat(y[0].data<uint16_t>()[0]), -3.0f);
  EXPECT_TRUE(std::isinf(HalfToFloat(y[0].data<uint16_t>()[1])));
}

TEST(ReferenceEinsum, ThreeOperandsDiagonalAndEllipsis) {
  const Tensor a = Noise({2, 3}, 1), b = Noise({3, 4}, 2), c = Noise({4, 5}, 3);
  const auto chain = Values(
      RunFloat(MakeNode("Einsum", 12, {{"equation", std::string("ij,jk,kl")}}), {a, b, c}, {2, 5}));
  for (size_t i = 0; i < 2; ++i) {
    for (size_t l = 0; l < 5; ++l) {
      double sum = 0;
      for (size_t j = 0; j < 3; ++j) {
        for (size_t k = 0; k < 4; ++k) {
          sum += static_cast<double>(a.data<float>()[i * 3 + j]) * b.data<float>()[j * 4 + k] *
                 c.data<float>()[k * 5 + l];
        }
      }
      EXPECT_NEAR(chain[i * 5 + l], sum, 1e-5);
    }
  }
  const Tensor square = Floats({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(Values(RunFloat(MakeNode("Einsum", 12, {{"equation", std::string("...ii->...")}}),
                            {square}, {2})),
            (std::vector<float>{5, 13}));
}

}  // namespace
}  // namespace peel::engine
