#include "src/engine/canary.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <limits>

#include "src/engine/device_record.h"

namespace peel::engine {
namespace {

Port Named(const char* name, DataType type, Shape shape) {
  Port port;
  port.name = name;
  port.type = type;
  port.has_shape = true;
  port.shape = std::move(shape);
  return port;
}

TEST(CanaryTest, OpenExtentsGetNumbers) {
  const auto feeds = CanaryFeeds({Named("picture", DataType::kFloat32, {-1, 3, -1, -1}),
                                  Named("half", DataType::kFloat16, {1, 3, 8, 8}),
                                  Named("size", DataType::kInt64, {-1})});
  ASSERT_TRUE(feeds.ok()) << feeds.status().message();
  EXPECT_EQ((*feeds)[0].tensor.shape(), (Shape{1, 3, 320, 320}));
  EXPECT_EQ((*feeds)[2].tensor.data<int64_t>()[0], 1);
  float low = 9, high = -9;
  for (int64_t i = 0; i < (*feeds)[0].tensor.elements(); ++i) {
    low = std::min(low, (*feeds)[0].tensor.data<float>()[i]);
    high = std::max(high, (*feeds)[0].tensor.data<float>()[i]);
  }
  EXPECT_LT(low, -0.5f);
  EXPECT_GT(high, 1.5f);
}

TEST(CanaryTest, Comparison) {
  std::vector<float> reference(1000);
  for (size_t i = 0; i < reference.size(); ++i) reference[i] = static_cast<float>(i % 2);
  std::vector<float> values = reference;
  const CanaryTolerance tolerance = ToleranceFor(Precision::kFp32);
  EXPECT_EQ(CompareCanary(reference, values, tolerance), "");
  for (float& v : values) v += 1e-3f;
  EXPECT_EQ(CompareCanary(reference, values, tolerance), "");
  for (float& v : values) v += 5e-3f;
  EXPECT_NE(CompareCanary(reference, values, tolerance), "");
  EXPECT_EQ(CompareCanary(reference, values, ToleranceFor(Precision::kFp16)), "");
  values = reference;
  values[7] += 0.2f;  // one alone may not be far off either
  EXPECT_NE(CompareCanary(reference, values, tolerance), "");
  values[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(CompareCanary(reference, values, tolerance).find("NaN"), std::string::npos);
  values.pop_back();
  EXPECT_NE(CompareCanary(reference, values, tolerance).find("shape"), std::string::npos);
}

TEST(DeviceRecordTest, TheFastestProvenIsTaken) {
  const std::string folder = testing::TempDir() + "/device_record_test";
  setenv("PEEL_CACHE_DIR", folder.c_str(), 1);
  const auto kRuntime = BackendKind::kOnnxRuntime;
  ASSERT_TRUE(WriteDeviceRecord({{BackendKind::kNative, Device::kCpu, 100},
                                 {kRuntime, Device::kCpu, 250},
                                 {kRuntime, Device::kCuda, 20},
                                 {kRuntime, Device::kTensorRt, 12}})
                  .ok());
  EXPECT_EQ(ReadDeviceRecord().size(), 4U);
  EXPECT_EQ(FastestProven().device, Device::kTensorRt);
  // Not worth another runtime; and without the native engine's time nothing is known.
  ASSERT_TRUE(WriteDeviceRecord(
                  {{BackendKind::kNative, Device::kCpu, 100}, {kRuntime, Device::kOpenVino, 95}})
                  .ok());
  EXPECT_EQ(FastestProven().device, Device::kCpu);
  EXPECT_EQ(FastestProven().backend, BackendKind::kNative);
  ASSERT_TRUE(WriteDeviceRecord({{kRuntime, Device::kCuda, 5}}).ok());
  EXPECT_EQ(FastestProven().device, Device::kCpu);
  setenv("PEEL_CACHE_DIR", "off", 1);
  EXPECT_EQ(FastestProven().backend, BackendKind::kNative);
  unsetenv("PEEL_CACHE_DIR");
}

}  // namespace
}  // namespace peel::engine
