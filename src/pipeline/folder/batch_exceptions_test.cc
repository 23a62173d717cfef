// What is thrown in any of a batch's threads becomes a failed picture or a run that says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/codec/encode.h"
#include "src/pipeline/folder/batch.h"

namespace peel {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

// Gives the picture's own bytes back, but for every second call, which throws.
class ThrowingCutter final : public Cutter {
 public:
  explicit ThrowingCutter(int kind) : kind_(kind) {}
  Status Wait() const override { return OkStatus(); }
  const ModelInfo& info() const override { return info_; }
  const MattingModel& matting() const override { throw std::runtime_error("no network"); }
  Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes, const CutOptions&) const override {
    if (calls_.fetch_add(1) % 2 == 1) {
      if (kind_ == 0) throw std::bad_alloc();
      if (kind_ == 1) throw std::runtime_error("a library's own words");
      throw 7;
    }
    EncodedCut cut;
    cut.bytes.assign(bytes.begin(), bytes.end());
    return cut;
  }
  Result<EncodedCut> CutPicture(Picture, const CutOptions&) const override {
    throw std::runtime_error("a frame");
  }
  Result<std::vector<EncodedCut>> CutSheets(std::span<const uint8_t>,
                                            const CutOptions&) const override {
    throw std::runtime_error("a sheet");
  }
  Result<std::vector<Cut>> CutSheets(ImageView<const uint8_t>, const CutOptions&) const override {
    return Unsupported("not here");
  }
  Result<std::vector<Cut16>> CutSheets(ImageView<const uint16_t>,
                                       const CutOptions&) const override {
    return Unsupported("not here");
  }
  DecodeOptions DecodeOptionsFor(const CutOptions&) const override { return {}; }
  Result<Cut> CutPixels(ImageView<const uint8_t>, const CutOptions&) const override {
    return Unsupported("not here");
  }
  Result<Cut> ComposePixels(ImageView<const uint8_t>, ImageView<const uint8_t>,
                            const CutOptions&) const override {
    return Unsupported("not here");
  }
  Result<Cut16> CutPixels(ImageView<const uint16_t>, const CutOptions&) const override {
    return Unsupported("not here");
  }
  Result<Cut16> ComposePixels(ImageView<const uint16_t>, ImageView<const uint8_t>,
                              const CutOptions&) const override {
    return Unsupported("not here");
  }
  void TrimMemory() const override {}

 private:
  const int kind_;
  const ModelInfo info_;
  mutable std::atomic<int> calls_{0};
};

constexpr int kPictures = 24;

std::string SomePng() {
  ImageU8 image = *ImageU8::Allocate(20, 16, 3);
  for (int y = 0; y < 16; ++y) std::fill_n(image.row(y), 60, static_cast<uint8_t>(y));
  auto bytes = Encode(std::as_const(image).view(), {});
  EXPECT_TRUE(bytes.ok());
  return {bytes->begin(), bytes->end()};
}

class BatchExceptions : public testing::Test {
 protected:
  BatchExceptions() {
    const std::string png = SomePng();
    for (int i = 0; i < kPictures; ++i) {
      const std::string name = "picture" + std::to_string(i) + ".png";
      folder_.Put(name, png);
      jobs_.push_back({{folder_ / name, ""}, folder_ / ("out/" + name)});
    }
    options_.jobs = 4;
    options_.make_folders = true;
    options_.memory = 1;  // one after the other: memory that is not given back would stop all
  }
  int Written() const {
    int count = 0;
    for (const Job& job : jobs_) count += std::filesystem::exists(job.output);
    return count;
  }

  const TestFolder folder_;
  std::vector<Job> jobs_;
  BatchOptions options_;
};

TEST_F(BatchExceptions, InACutter) {
  const char* const words[] = {"not enough memory", "a library's own words", "did not tell"};
  for (int kind = 0; kind < 3; ++kind) {
    const ThrowingCutter cutter(kind);
    std::vector<std::string> failed;
    int done = 0;
    const Status status = RunBatch(cutter, jobs_, options_, [&](const FileReport& report) {
      done += report.state == FileReport::State::kDone;
      if (report.state == FileReport::State::kFailed) {
        EXPECT_THAT(report.status.message(), HasSubstr(report.input));
        failed.push_back(report.status.message());
      }
    });
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(done, kPictures / 2);
    EXPECT_EQ(failed.size(), kPictures / 2);
    EXPECT_THAT(failed, Each(HasSubstr(words[kind])));
  }
}

TEST_F(BatchExceptions, InTheReport) {
  const ThrowingCutter cutter(1);
  int calls = 0;
  const Status status = RunBatch(cutter, jobs_, options_, [&](const FileReport&) {
    if (++calls % 3 == 1) throw std::runtime_error("no room for a report");
  });
  EXPECT_THAT(status.message(), HasSubstr("no room for a report"));
  EXPECT_EQ(calls, kPictures) << "the others are done and told all the same";
  EXPECT_EQ(Written(), kPictures / 2);
}

TEST_F(BatchExceptions, InTheList) {
  const ThrowingCutter cutter(1);
  int asked = 0, told = 0;
  const auto next = [&]() -> std::optional<Job> {
    if (asked == 5) throw std::runtime_error("the folder is gone");
    return jobs_[static_cast<size_t>(asked++)];
  };
  const Status status = RunBatch(cutter, next, options_, [&](const FileReport&) { ++told; });
  EXPECT_THAT(status.message(), HasSubstr("the folder is gone"));
  EXPECT_EQ(told, 5) << "what was at hand is finished";
}

TEST_F(BatchExceptions, InTheManifestAndTheFrames) {
  const ThrowingCutter cutter(1);
  int failed = 0;
  const auto count = [&](const FileReport& report) {
    failed += report.state == FileReport::State::kFailed;
  };
  options_.manifest = [](const Job&) -> Manifest* { throw std::runtime_error("no manifest"); };
  EXPECT_TRUE(RunBatch(cutter, jobs_, options_, count).ok());
  EXPECT_EQ(failed, kPictures);
  failed = 0;
  options_.manifest = {};
  options_.all_frames = true;
  for (Job& job : jobs_) job.output = folder_ / "out/%d.png";
  options_.frame_output = [](const Job&, int) -> Result<std::string> { throw std::bad_alloc(); };
  EXPECT_TRUE(RunBatch(cutter, jobs_, options_, count).ok());
  EXPECT_EQ(failed, kPictures);
}

}  // namespace
}  // namespace peel
