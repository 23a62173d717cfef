#include "src/library/labels/network.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

using Runs = std::vector<std::pair<size_t, size_t>>;

TEST(RunInBatches, GoesOnAtTheSamePictureWithHalfTheBatch) {
  Runs runs;
  BatchReport report{8, 0};
  const Status status = RunInBatches(11, 11, &report, [&](size_t first, size_t n) -> Status {
    runs.emplace_back(first, n);
    return n > 2 && first > 0 ? OutOfMemory("full") : OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(runs, (Runs{{0, 8}, {8, 3}, {8, 1}, {9, 1}, {10, 1}}));
  EXPECT_EQ(report.halvings, 1);
  EXPECT_EQ(report.batch, 1U);
}

TEST(RunInBatches, StopsAtASinglePictureThatDoesNotFitAndAtOtherErrors) {
  BatchReport report{4, 0};
  const auto full = [](size_t, size_t) { return OutOfMemory("full"); };
  EXPECT_EQ(RunInBatches(4, 4, &report, full).code(), StatusCode::kOutOfMemory);
  EXPECT_EQ(report.halvings, 2);
  BatchReport other{4, 0};
  const auto broken = [](size_t, size_t) { return Corrupt("broken"); };
  EXPECT_EQ(RunInBatches(4, 4, &other, broken).code(), StatusCode::kCorrupt);
  EXPECT_EQ(other.halvings, 0);
}

TEST(RunInBatches, KeepsToTheMostThatARunTakes) {
  Runs runs;
  BatchReport report{8, 0};
  const auto note = [&](size_t first, size_t n) {
    runs.emplace_back(first, n);
    return OkStatus();
  };
  EXPECT_TRUE(RunInBatches(3, 1, &report, note).ok());
  EXPECT_EQ(runs, (Runs{{0, 1}, {1, 1}, {2, 1}}));
  EXPECT_EQ(report.batch, 8U);
}

TEST(SplitLines, LeavesOutEmptyLines) {
  EXPECT_EQ(SplitLines("a\r\n\nb c\n"), (std::vector<std::string>{"a", "b c"}));
  EXPECT_TRUE(SplitLines("").empty());
}

TEST(Network, TellsWhatRunsInsteadOfWhatWasAskedFor) {
  NetworkOptions options;
  options.precision = engine::Precision::kFp16;
  const NetworkFile file = {"", EmbeddedFaces(), "(embedded faces)"};
  auto network = Network::Load(file, options);
  ASSERT_TRUE(network.ok()) << network.status().message();
  const std::vector<std::string> outputs = {"cls_32"};
  ASSERT_TRUE((*network)->Prepare({1, 3, 64, 64}, outputs).ok());
  EXPECT_EQ((*network)->info().precision, "fp32");
  EXPECT_NE((*network)->info().warning.find("fp16"), std::string::npos);
  options.place.strict = true;
  network = Network::Load(file, options);
  ASSERT_TRUE(network.ok());
  const Status refused = (*network)->Prepare({1, 3, 64, 64}, outputs);
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
}

TEST(Network, RefusesADeviceThatIsNotThere) {
  NetworkOptions options;
  options.place.device = engine::Device::kCuda;
  options.place.strict = true;
  options.place.runtime.folders = "/nonexistent";
  const auto network = Network::Load({"", EmbeddedFaces(), "(embedded faces)"}, options);
  if (network.ok()) GTEST_SKIP() << "this machine has a GPU that works";
  EXPECT_EQ(network.status().code(), StatusCode::kDeviceRefused);
}

TEST(Network, NamesTheFileThatIsMissingOrNoModel) {
  const auto missing = Network::Load({"/nonexistent/a.onnx", {}, ""}, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("/nonexistent/a.onnx"), std::string::npos);
  const std::vector<uint8_t> junk(100, 7);
  const auto broken = Network::Load({"", junk, "junk"}, {});
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.status().message().find("junk"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
