#include "src/video/matted_frames.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace peel::video {
namespace {

// What a test can see of frames between the reader and whoever takes them.
struct Seen {
  std::atomic<int> read{0}, taken{0}, most{0};
  std::atomic<int> at_once{0}, most_at_once{0};

  static void Raise(std::atomic<int>& most, int value) {
    for (int known = most; value > known && !most.compare_exchange_weak(known, value);) {
    }
  }
};

FrameFormat SmallFormat() {
  FrameFormat format;
  format.width = 4;
  format.height = 4;
  format.time_base = {1, 25};
  format.rate = {25, 1};
  return format;
}

// Frames 0, 1, 2 … up to `count`, then `end`.
class CountingReader final : public FrameReader {
 public:
  CountingReader(int count, Status end, Seen& seen)
      : count_(count), end_(std::move(end)), seen_(seen) {}
  const FrameFormat& format() const override { return format_; }
  Result<std::optional<Frame>> Next() override {
    if (next_ == count_) {
      if (!end_.ok()) return Status(end_);
      return std::optional<Frame>();
    }
    PEEL_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(format_.layout, 4, 4));
    frame.pts = next_++;
    Seen::Raise(seen_.most, ++seen_.read - seen_.taken);
    return std::optional<Frame>(std::move(frame));
  }
  std::string warning() const override { return "a frame was damaged"; }

 private:
  const FrameFormat format_ = SmallFormat();
  const int count_;
  const Status end_;
  Seen& seen_;
  int next_ = 0;
};

// Its network takes longer for some frames than for others and fails at `bad`; it holds back one
// frame, as steadying does.
class SlowMatting final : public FrameMatting {
 public:
  SlowMatting(int64_t bad, Seen& seen, int look_ahead = 1)
      : bad_(bad), seen_(seen), look_ahead_(look_ahead) {}

  int look_ahead() const override { return look_ahead_; }

  Result<std::unique_ptr<Predicted>> Predict(const Frame& frame) const override {
    Seen::Raise(seen_.most_at_once, ++seen_.at_once);
    std::this_thread::sleep_for(std::chrono::milliseconds(frame.pts % 3 == 0 ? 6 : 1));
    --seen_.at_once;
    if (frame.pts == bad_) return Internal("the network fell over");
    auto made = std::make_unique<Predicted>();
    made->subject.score = static_cast<float>(frame.pts);  // so that Add knows whose it is
    return made;
  }

  Result<std::vector<MattedFrame>> Add(Frame frame, std::unique_ptr<Predicted> made) override {
    EXPECT_EQ(made->subject.score, static_cast<float>(frame.pts));
    std::vector<MattedFrame> ready = Take();
    held_.emplace().frame = std::move(frame);
    return ready;
  }
  Result<std::vector<MattedFrame>> Finish() override { return Take(); }

 private:
  std::vector<MattedFrame> Take() {
    std::vector<MattedFrame> ready;
    if (held_) ready.push_back(*std::exchange(held_, std::nullopt));
    return ready;
  }

  const int64_t bad_;
  Seen& seen_;
  const int look_ahead_;
  std::optional<MattedFrame> held_;
};

std::unique_ptr<MattedFrames> Start(int count, int workers, Seen& seen, Status end = OkStatus(),
                                    int64_t bad = -1, const CancelToken* cancel = nullptr) {
  MattingRun run;
  run.workers = workers;
  auto frames = MattedFrames::Start(std::make_unique<CountingReader>(count, std::move(end), seen),
                                    std::make_unique<SlowMatting>(bad, seen), run, cancel);
  EXPECT_TRUE(frames.ok());
  return *std::move(frames);
}

// Takes frames until the end; how many came, in order, and the end's status.
std::pair<int64_t, Status> TakeAll(MattedFrames& frames, Seen& seen) {
  int64_t count = 0;
  for (;;) {
    auto frame = frames.Next();
    if (!frame.ok()) return {count, frame.status()};
    if (!*frame) return {count, OkStatus()};
    EXPECT_EQ((*frame)->frame.pts, count);
    ++count;
    ++seen.taken;
  }
}

TEST(MattedFrames, ComeInOrderWhateverTheNetworkTakes) {
  Seen seen;
  const auto frames = Start(40, 4, seen);
  const auto [count, status] = TakeAll(*frames, seen);
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(count, 40);
  EXPECT_GT(seen.most_at_once, 1);
  EXPECT_EQ(frames->warning(), "a frame was damaged");
  ASSERT_EQ(frames->stages().size(), 3u);
  EXPECT_GT(frames->stages()[1].second, 0.04);
}

// Frames that wait for those after them come off the limit.
TEST(MattedFrames, MemoryCountsThoseThatWait) {
  for (const int look_ahead : {0, 5}) {
    Seen seen;
    MattingRun run;
    run.workers = 4;
    auto reader = std::make_unique<CountingReader>(20, OkStatus(), seen);
    const FrameFormat& format = reader->format();
    run.memory =
        uint64_t{6} * 6 * static_cast<uint64_t>(format.width * format.height);  // six frames
    const auto frames = MattedFrames::Start(
        std::move(reader), std::make_unique<SlowMatting>(-1, seen, look_ahead), run, nullptr);
    ASSERT_TRUE(frames.ok());
    EXPECT_EQ(TakeAll(**frames, seen).first, 20);
    if (look_ahead == 0) {
      EXPECT_GT(seen.most_at_once, 1);
    } else {
      EXPECT_EQ(seen.most_at_once, 1);
    }
  }
}

TEST(MattedFrames, WhoTakesThemSlowlySlowsTheReading) {
  Seen seen;
  const auto frames = Start(200, 2, seen);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(seen.read, 20);
  const auto [count, status] = TakeAll(*frames, seen);
  EXPECT_EQ(count, 200);
  EXPECT_LT(seen.most, 20);
}

TEST(MattedFrames, ThoseBeforeADamageStillCome) {
  Seen seen;
  const auto frames = Start(7, 2, seen, Corrupt("the stream ends in the middle"));
  const auto [count, status] = TakeAll(*frames, seen);
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message(), "the stream ends in the middle");
  EXPECT_EQ(count, 7);
}

TEST(MattedFrames, ANetworkThatFailsEndsIt) {
  Seen seen;
  const auto frames = Start(1'000'000, 3, seen, OkStatus(), 11);
  const auto [count, status] = TakeAll(*frames, seen);
  EXPECT_EQ(status.message(), "the network fell over");
  EXPECT_LE(count, 11);
}

TEST(MattedFrames, CanBeLeftAndCancelledAtAnyMoment) {
  for (int taken = 0; taken < 8; ++taken) {
    Seen seen;
    CancelToken cancel;
    const auto frames = Start(1'000'000, 2, seen, OkStatus(), -1, &cancel);
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(frames->Next().ok());
    if (taken % 2 == 0) continue;  // left
    cancel.Cancel();
    EXPECT_EQ(frames->Next().status().code(), StatusCode::kCancelled);
  }
}

}  // namespace
}  // namespace peel::video
