#include "src/library/scan_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/codec/encode.h"
#include "src/image/image.h"

namespace peel::library {
namespace {

using ::testing::HasSubstr;

// Labels whatever it is shown, up to so many pictures at once; more are too much for its memory.
class FakeNetworks final : public ScanNetworks {
 public:
  FakeNetworks(size_t most, Status failure) : most_(most), failure_(std::move(failure)) {}

  const std::string& models() const override { return models_; }
  const std::string& warning() const override { return none_; }
  const std::string& runs_on() const override { return none_; }
  Result<std::vector<LabelsRecord>> Run(std::span<const ImageView<const uint8_t>> pictures,
                                        NetworkTimes*) const override {
    if (!failure_.ok()) return failure_;
    if (pictures.size() > most_) return OutOfMemory("too many at once");
    const std::lock_guard lock(mutex_);
    largest_ = std::max(largest_, pictures.size());
    std::vector<LabelsRecord> records(pictures.size());
    for (size_t i = 0; i < pictures.size(); ++i) {
      records[i].labels.scene = std::to_string(pictures[i].width);
    }
    return records;
  }
  size_t largest() const { return largest_; }

 private:
  const size_t most_;
  const Status failure_;
  const std::string models_ = R"({"scenes":"fake"})", none_;
  mutable std::mutex mutex_;
  mutable size_t largest_ = 0;
};

class ScanSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 11; ++i) {
      ImageU8 image = *ImageU8::Allocate(20 + i, 16, 3);
      for (int y = 0; y < 16; ++y) std::fill_n(image.row(y), (20 + i) * 3, uint8_t{90});
      const std::vector<uint8_t> bytes = *Encode(std::as_const(image).view(), {});
      paths_.push_back(
          folder_.Put(std::to_string(i) + ".png", std::string(bytes.begin(), bytes.end())));
    }
    options_.jobs = 2;
    options_.batch = 8;
    options_.done = [this](const ScannedFile& file) { told_.push_back(file); };
    store_.emplace(*Store::Open(folder_ / "l.db", Database::Mode::kCreate));
  }

  Status Run(size_t most, Status failure = {}) {
    ScanSession session(options_, *store_, figures_);
    auto networks = std::make_unique<FakeNetworks>(most, std::move(failure));
    fake_ = networks.get();
    session.set_networks(std::move(networks));
    size_t at = 0;
    const Status worked = session.Work([&]() -> std::optional<ScanTask> {
      if (at == paths_.size()) return std::nullopt;
      return ScanTask{paths_[at++], nullptr};
    });
    largest_ = fake_->largest();
    session.AddTimes();
    report_ = session.ReportJson();
    PEEL_RETURN_IF_ERROR(worked);
    return session.Commit();
  }
  int64_t Count(const std::string& condition) {
    return *store_->database().Integer("SELECT count(*) FROM photos WHERE " + condition);
  }

  TestFolder folder_;
  std::vector<std::string> paths_;
  ScanOptions options_;
  ScanFigures figures_;
  std::optional<Store> store_;
  std::vector<ScannedFile> told_;
  const FakeNetworks* fake_ = nullptr;
  size_t largest_ = 0;
  std::string report_;
};

TEST_F(ScanSessionTest, EveryPictureGetsItsOwnLabels) {
  ASSERT_TRUE(Run(100).ok());
  EXPECT_EQ(Count("scene = width AND status = 'ok'"), 11);
  EXPECT_EQ(figures_.scanned, 11U);
  EXPECT_EQ(figures_.batch_at_end, 8);
  EXPECT_EQ(figures_.out_of_memory, 0U);
  EXPECT_EQ(report_, "[]");
}

TEST_F(ScanSessionTest, WhereMemoryRunsOutTheBatchIsHalvedAndNothingIsLost) {
  options_.jobs = 1;
  ASSERT_TRUE(Run(2).ok());
  EXPECT_EQ(Count("scene = width AND status = 'ok'"), 11);
  EXPECT_EQ(largest_, 2U);
  EXPECT_EQ(figures_.batch_at_end, 2);
  EXPECT_EQ(figures_.out_of_memory, 2U);  // 8 to 4 to 2
}

TEST_F(ScanSessionTest, ASinglePictureThatDoesNotFitFailsAlone) {
  ASSERT_TRUE(Run(0).ok());
  EXPECT_EQ(figures_.failed, 11U);
  EXPECT_EQ(Count("status = 'partial' AND error LIKE '%too many%' AND quality IS NOT NULL AND "
                  "objects IS NULL"),
            11);
  // To be tried again.
  EXPECT_EQ(*store_->database().Integer("SELECT count(*) FROM files WHERE phases = 3"), 11);
}

TEST_F(ScanSessionTest, NetworksThatFailAreTold) {
  ASSERT_TRUE(Run(100, Internal("a wheel came off")).ok());
  EXPECT_EQ(figures_.failed, 11U);
  EXPECT_EQ(told_.size(), 11U);
  EXPECT_THAT(told_[0].message, HasSubstr("a wheel came off"));
  EXPECT_THAT(report_, HasSubstr("a wheel came off"));
}

TEST_F(ScanSessionTest, WhatVanishesIsToldAndNoFailure) {
  paths_.push_back(folder_ / "never.png");
  ASSERT_TRUE(Run(100).ok());
  EXPECT_EQ(figures_.gone, 1U);
  EXPECT_EQ(figures_.failed, 0U);
  EXPECT_THAT(report_, HasSubstr("vanished"));
}

TEST_F(ScanSessionTest, ARowIsClaimedOnce) {
  ScanSession session(options_, *store_, figures_);
  KnownFiles::Entry first, second;
  first.id = 4;
  second.id = 3;
  for (KnownFiles::Entry* entry : {&first, &second}) {
    entry->size = 10;
    entry->edge = 5;
    entry->has_edge = true;
    entry->has_content = true;
    entry->content = 77;
    session.Offer(*entry);
  }
  const auto content = [](uint64_t hash) { return [hash]() -> Result<uint64_t> { return hash; }; };
  EXPECT_FALSE(session.Claim(10, 6, content(77)));
  EXPECT_FALSE(session.Claim(11, 5, content(77)));
  EXPECT_FALSE(session.Claim(10, 5, content(78)));
  EXPECT_EQ(session.Claim(10, 5, content(77))->id, 3);
  EXPECT_EQ(session.Unclaimed(), std::vector<int64_t>{4});
  EXPECT_EQ(session.Claim(10, 5, content(77))->id, 4);
  EXPECT_FALSE(session.Claim(10, 5, content(77)));
}

TEST_F(ScanSessionTest, ALibraryThatCannotBeWrittenEndsTheScan) {
  ASSERT_TRUE(store_->database().Execute("DROP TABLE metadata").ok());
  EXPECT_FALSE(Run(100).ok());
  EXPECT_EQ(*store_->database().Integer("SELECT count(*) FROM files"), 0);
}

}  // namespace
}  // namespace peel::library
