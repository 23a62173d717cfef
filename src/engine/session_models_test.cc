#include <gtest/gtest.h>

#include <filesystem>

#include "src/engine/native_session.h"
#include "src/engine/plan/placement.h"
#include "src/engine/session.h"

namespace peel::engine {
namespace {

std::string Shared(const std::string& name) {
  return std::string(PEEL_SHARED_DIR "/models/") + name;
}

// A picture that the models see something in: a bright disc on dark ground, with a little noise.
Tensor Disc(int64_t size, float scale, float shift) {
  Tensor t = Tensor::Allocate(DataType::kFloat32, {1, 3, size, size}).value();
  float* p = t.data<float>();
  uint64_t i = 0;
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < size; ++y) {
      for (int64_t x = 0; x < size; ++x, ++i) {
        const double noise =
            static_cast<double>(i * 2654435761u % (uint64_t{1} << 32)) / 4294967296.0;
        const int64_t dx = 2 * x - size, dy = 2 * y - size;
        const bool inside = dx * dx + dy * dy < (size / 2) * (size / 2);
        const double v = (inside ? 1.75 - 0.25 * c : -1.25 + 0.25 * c) + 0.25 * noise;
        p[i] = static_cast<float>(v * scale + shift);
      }
    }
  }
  return t;
}

struct Expected {
  int64_t at;
  float value;
};

void ExpectSharedModel(const std::string& file, const std::string& output, const Tensor& input,
                       double mean, std::initializer_list<Expected> values,
                       double tolerance = 1e-3) {
  if (!std::filesystem::exists(Shared(file))) GTEST_SKIP() << "no " << Shared(file);
  SessionOptions options;
  ThreadPool pool(2);
  options.pool = &pool;
  const auto session = Session::Load(Shared(file), options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  const std::vector<NamedTensor> feeds{{(*session)->inputs()[0].name, input}};
  const std::vector<std::string> fetches{output};
  const auto got = (*session)->NewContext()->Run(feeds, fetches);
  ASSERT_TRUE(got.ok()) << got.status().message();
  const Tensor& y = (*got)[0];
  double sum = 0;
  for (int64_t i = 0; i < y.elements(); ++i) sum += y.data<float>()[i];
  EXPECT_NEAR(sum / static_cast<double>(y.elements()), mean, 1e-5);
  for (const Expected& e : values) EXPECT_NEAR(y.data<float>()[e.at], e.value, tolerance) << e.at;
}

// What ONNX Runtime 1.x computes for these inputs.
TEST(SessionModels, U2netpMask) {
  ExpectSharedModel("u2netp-fp32.onnx", "1959", Disc(320, 1, 0), 0.19717731213284423,
                    {{12960, 2.1755695e-06f},
                     {25750, 0.31207991f},
                     {38560, 0.99998152f},
                     {51280, 0.13838163f},
                     {51360, 0.99999011f},
                     {64120, 0.9999907f},
                     {76960, 0.33015162f},
                     {78570, 5.4389238e-05f},
                     {6420, 1.2278557e-05f}});
}
TEST(SessionModels, U2netpDeepestSideOutput) {
  ExpectSharedModel("u2netp-fp32.onnx", "1965", Disc(320, 1, 0), 0.19893629095284268,
                    {{25750, 0.22108725f},
                     {32100, 0.024882376f},
                     {38560, 1.0f},
                     {51280, 0.46206278f},
                     {76960, 0.61486232f},
                     {78570, 0.091531307f}});
}
// ONNX Runtime rounds every activation of this file to half precision; Peel computes in float.
TEST(SessionModels, U2netpWithHalfWeights) {
  ExpectSharedModel("u2netp-fp16.onnx", "1959", Disc(320, 1, 0), 0.19717436866398202,
                    {{25750, 0.31395558f},
                     {38560, 0.99998558f},
                     {51280, 0.13966537f},
                     {76960, 0.31988567f},
                     {78570, 4.8220158e-05f}},
                    0.02);
}
TEST(SessionModels, YoloxNano) {
  ExpectSharedModel("yolox_nano.onnx", "output", Disc(416, 64, 128), 0.06931008143153544,
                    {{37708, 0.0057482123f},
                     {62846, 0.0091040134f},
                     {163401, 0.012852728f},
                     {263956, 0.022947371f},
                     {289095, 0.002630651f}});
}

TEST(SessionPlan, SharedModelsUseTheirMemoryRightly) {
  for (const char* file : {"u2netp-fp32.onnx", "yolox_nano.onnx"}) {
    if (!std::filesystem::exists(Shared(file))) GTEST_SKIP() << "no " << Shared(file);
    const auto session = Session::Load(Shared(file), {});
    ASSERT_TRUE(session.ok());
    const auto& native = static_cast<const NativeSession&>(**session);
    NativeSession::PlanKey key;
    for (const Port& port : native.inputs()) key.shapes.push_back(port.shape);
    key.fetches = native.Fetches({}).value();
    const auto plan = native.PlanFor(key);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    EXPECT_EQ(FindOverlap((*plan)->program()), "");
    uint64_t sum = 0;
    for (const Storage& storage : (*plan)->program().storages) {
      if (storage.kind == PlannedTensor::Kind::kArena) sum += storage.bytes;
    }
    EXPECT_LT((*plan)->program().arena_bytes, sum / 2);  // memory is used again
  }
}

}  // namespace
}  // namespace peel::engine
