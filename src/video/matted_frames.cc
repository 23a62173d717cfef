#include "src/video/matted_frames.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/alone.h"
#include "src/base/caught.h"
#include "src/pipeline/folder/bounded_queue.h"

namespace peel::video {
namespace {

using Clock = std::chrono::steady_clock;

// Frames that wait between the last two stages, beside those that steadying looks at.
constexpr size_t kReady = 2;

// A stage's time, of all threads that are in it.
class StageClock {
 public:
  template <typename Step>
  auto Time(Step&& step) {
    const Clock::time_point start = Clock::now();
    auto result = std::forward<Step>(step)();
    const std::chrono::nanoseconds taken = Clock::now() - start;
    nanoseconds_ += taken.count();
    return result;
  }
  double seconds() const { return static_cast<double>(nanoseconds_.load()) / 1e9; }

 private:
  std::atomic<int64_t> nanoseconds_{0};
};

// A frame between reading and refining; `predicted` is there once `ready` is.
struct Slot {
  Frame frame;
  std::unique_ptr<FrameMatting::Predicted> predicted;
  Status status;
  bool ready = false;
};

// As many as the processors keep busy, and as memory holds: a frame, its matte, and what the
// network's part keeps of it. Those that wait for the frames after them have to be held whatever
// the limit, so they come off it first.
size_t FramesAtHand(const FrameFormat& format, int waiting, const MattingRun& run) {
  const uint64_t samples =
      static_cast<uint64_t>(format.width) * static_cast<uint64_t>(format.height);
  const uint64_t bytes = samples * static_cast<uint64_t>(3 * format.layout.bytes_per_sample() + 3);
  const uint64_t memory = run.memory > 0 ? run.memory : uint64_t{1} << 30;
  const uint64_t most = 2 * static_cast<uint64_t>(run.workers) + 2;
  const uint64_t fit = memory / std::max<uint64_t>(bytes, 1), kept = static_cast<uint64_t>(waiting);
  return static_cast<size_t>(std::clamp<uint64_t>(fit - std::min(fit, kept), 1, most));
}

class MattedFramesImpl final : public MattedFrames {
 public:
  MattedFramesImpl(std::unique_ptr<FrameReader> reader, std::unique_ptr<FrameMatting> matting,
                   size_t at_hand, const CancelToken* cancel)
      : reader_(std::move(reader)),
        matting_(std::move(matting)),
        cancel_(cancel),
        to_predict_(at_hand),
        in_order_(at_hand),
        ready_(kReady) {}

  ~MattedFramesImpl() override {
    Stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Status Start(int workers, bool alone) {
    return Caught("a thread cannot be started", [&] {
      threads_.reserve(static_cast<size_t>(workers) + 2);
      threads_.emplace_back([this] { ReadAll(); });
      threads_.emplace_back([this] { RefineAll(); });
      for (int i = 0; i < workers; ++i) {
        threads_.emplace_back([this, alone] {
          std::optional<Alone> scope;
          if (alone) scope.emplace();
          PredictAll();
        });
      }
      return OkStatus();
    });
  }

  const FrameFormat& format() const override { return reader_->format(); }

  Result<std::optional<MattedFrame>> Next() override {
    PEEL_RETURN_IF_ERROR(CheckCancelled(cancel_));
    std::optional<std::unique_ptr<MattedFrame>> frame = ready_.Pop();
    // What was ready when the user wanted no more is not wanted either.
    PEEL_RETURN_IF_ERROR(CheckCancelled(cancel_));
    if (frame) return std::optional<MattedFrame>(std::move(**frame));
    const std::lock_guard lock(mutex_);
    if (!status_.ok()) return Status(status_);
    return std::optional<MattedFrame>();
  }

  std::string warning() const override { return reader_->warning(); }

  StageSeconds stages() const override {
    return {{"decode", decode_.seconds()},
            {"network", network_.seconds()},
            {"matte", matte_.seconds()}};
  }

 private:
  void Stop() {
    {
      const std::lock_guard lock(mutex_);  // so that nobody who looks now goes to sleep
      stopped_ = true;
    }
    to_predict_.Abandon();
    in_order_.Abandon();
    ready_.Abandon();
    slot_ready_.notify_all();
  }

  // The frames before the failure still come out.
  void Fail(Status status) {
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
  }

  void ReadAll() {
    Status status = Caught("", [&]() -> Status {
      while (!stopped_) {
        PEEL_RETURN_IF_ERROR(CheckCancelled(cancel_));
        PEEL_ASSIGN_OR_RETURN(std::optional<Frame> frame,
                              decode_.Time([&] { return reader_->Next(); }));
        if (!frame) break;
        auto slot = std::make_shared<Slot>();
        slot->frame = std::move(*frame);
        in_order_.Push(slot);  // waits while enough frames are at hand
        to_predict_.Push(std::move(slot));
      }
      return OkStatus();
    });
    if (!status.ok()) Fail(std::move(status));
    in_order_.Close();
    to_predict_.Close();
  }

  void PredictAll() {
    while (std::optional<std::shared_ptr<Slot>> slot = to_predict_.Pop()) {
      using Made = Result<std::unique_ptr<FrameMatting::Predicted>>;
      Made made = Caught("", [&]() -> Made {
        return network_.Time([&] { return matting_->Predict((*slot)->frame); });
      });
      {
        const std::lock_guard lock(mutex_);
        if (made.ok()) {
          (*slot)->predicted = *std::move(made);
        } else {
          (*slot)->status = std::move(made).status();
        }
        (*slot)->ready = true;
      }
      slot_ready_.notify_all();
    }
  }

  // False: nobody wants any more.
  bool WaitFor(const Slot& slot) {
    std::unique_lock lock(mutex_);
    slot_ready_.wait(lock, [&] { return slot.ready || stopped_; });
    return slot.ready;
  }

  void RefineAll() {
    Status status = Caught("", [&]() -> Status {
      while (std::optional<std::shared_ptr<Slot>> slot = in_order_.Pop()) {
        if (!WaitFor(**slot)) return OkStatus();
        PEEL_RETURN_IF_ERROR(Status((*slot)->status));
        PEEL_ASSIGN_OR_RETURN(std::vector<MattedFrame> done, matte_.Time([&] {
          return matting_->Add(std::move((*slot)->frame), std::move((*slot)->predicted));
        }));
        HandOn(std::move(done));
      }
      if (stopped_) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(std::vector<MattedFrame> rest,
                            matte_.Time([&] { return matting_->Finish(); }));
      HandOn(std::move(rest));
      return OkStatus();
    });
    if (!status.ok()) {
      Fail(std::move(status));
      in_order_.Abandon();  // nothing that was read can be used any more
      to_predict_.Abandon();
      stopped_ = true;
    }
    ready_.Close();
  }

  void HandOn(std::vector<MattedFrame> frames) {
    for (MattedFrame& frame : frames) {
      ready_.Push(std::make_unique<MattedFrame>(std::move(frame)));
    }
  }

  const std::unique_ptr<FrameReader> reader_;
  const std::unique_ptr<FrameMatting> matting_;
  const CancelToken* const cancel_;
  BoundedQueue<std::shared_ptr<Slot>> to_predict_, in_order_;
  BoundedQueue<std::unique_ptr<MattedFrame>> ready_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // around status_ and what becomes of slots
  std::condition_variable slot_ready_;
  Status status_;
  StageClock decode_, network_, matte_;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<MattedFrames>> MattedFrames::Open(const MediaInfo& info,
                                                         const ReadOptions& read,
                                                         const MattingChoices& choices,
                                                         const MattingRun& run) {
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<FrameReader> reader, FrameReader::Open(info, read));
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<FrameMatting> matting,
                        FrameMatting::Create(*run.model, reader->format(), choices, run.pool));
  return Start(std::move(reader), std::move(matting), run, read.cancel);
}

Result<std::unique_ptr<MattedFrames>> MattedFrames::Start(std::unique_ptr<FrameReader> reader,
                                                          std::unique_ptr<FrameMatting> matting,
                                                          const MattingRun& run,
                                                          const CancelToken* cancel) {
  const size_t at_hand = FramesAtHand(reader->format(), matting->look_ahead(), run);
  auto frames =
      std::make_unique<MattedFramesImpl>(std::move(reader), std::move(matting), at_hand, cancel);
  PEEL_RETURN_IF_ERROR(
      frames->Start(std::min(std::max(run.workers, 1), static_cast<int>(at_hand)), run.alone));
  return std::unique_ptr<MattedFrames>(std::move(frames));
}

}  // namespace peel::video
