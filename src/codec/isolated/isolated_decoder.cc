#include "src/codec/isolated/isolated_decoder.h"

#include <algorithm>
#include <new>
#include <utility>

#include "src/base/hash.h"
#include "src/codec/limits.h"
#include "src/codec/raw/raw.h"

namespace peel {
namespace {

constexpr int kMostFailedStarts = 3;
constexpr size_t kMostRemembered = 64;
constexpr int kTries = 3;  // with helpers that die before they have looked at the file

}  // namespace

bool IsIsolated(Format format) {
  switch (format) {
    case Format::kTiff:
    case Format::kAvif:
    case Format::kHeic:
    case Format::kJxl:
    case Format::kRaw:
      return IsDecodable(format);
    default:
      return false;
  }
}

// Keeps its helper to itself, whose decoder stands where the last frame ended.
class IsolatedFrames final : public FrameReader {
 public:
  IsolatedFrames(IsolatedDecoder& decoder, IsolatedDecoder::Helper helper, int count)
      : decoder_(decoder), helper_(std::move(helper)), count_(count) {}
  ~IsolatedFrames() override {
    helper_->CloseFrames();
    decoder_.GiveBack(std::move(helper_));
  }
  int count() const override { return count_; }
  Result<Picture> Next() override { return helper_->NextFrame(); }

 private:
  IsolatedDecoder& decoder_;
  IsolatedDecoder::Helper helper_;
  const int count_;
};

IsolatedDecoder::IsolatedDecoder(Options options) : options_(std::move(options)) {
  idle_.reserve(static_cast<size_t>(std::max(options_.helpers, 1)));
}

IsolatedDecoder::~IsolatedDecoder() = default;

int IsolatedDecoder::started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

IsolatedDecoder::Helper IsolatedDecoder::Take() {
  std::unique_lock lock(mutex_);
  for (bool may_start = true;;) {
    if (!idle_.empty()) {
      Helper helper = std::move(idle_.back());
      idle_.pop_back();
      return helper;
    }
    if (may_start && running_ < std::max(options_.helpers, 1) && failed_ < kMostFailedStarts) {
      ++running_;
      lock.unlock();
      auto started = [&]() -> Result<Helper> {
        try {
          return isolated::HelperProcess::Start(options_.program, options_.arguments,
                                                options_.limit);
        } catch (const std::bad_alloc&) {
          return OutOfMemory("there is not enough memory for a decode helper");
        }
      }();
      lock.lock();
      if (started.ok()) {
        ++started_;
        failed_ = 0;
        return *std::move(started);
      }
      --running_;
      ++failed_;
      may_start = false;  // those that there are must do
      given_back_.notify_all();
      if (running_ == 0 && !std::exchange(told_, true) && options_.tell) {
        lock.unlock();
        options_.tell(started.status().message());
        lock.lock();
      }
      continue;
    }
    if (running_ == 0) return nullptr;
    given_back_.wait(lock);
    may_start = true;
  }
}

void IsolatedDecoder::GiveBack(Helper helper) {
  helper->Rest();
  {
    const std::lock_guard lock(mutex_);
    if (helper->alive()) {
      idle_.push_back(std::move(helper));
    } else {
      --running_;
    }
  }
  given_back_.notify_one();
}

template <typename T>
Result<T> IsolatedDecoder::Ask(const std::function<Result<T>(Helper&)>& ask,
                               const std::function<Result<T>()>& here, bool* ended) {
  for (int i = 0; i < kTries; ++i) {
    Helper helper = Take();
    if (helper == nullptr) break;
    Result<T> result = Status();
    try {
      result = ask(helper);
    } catch (...) {
      if (helper != nullptr) GiveBack(std::move(helper));
      throw;
    }
    if (helper == nullptr) return result;  // the frames have it
    const bool again = !result.ok() && helper->not_taken();
    if (ended != nullptr) *ended = !again && !helper->alive();
    GiveBack(std::move(helper));
    if (!again) return result;
  }
  return here();
}

void IsolatedDecoder::Remember(std::span<const uint8_t> bytes, const Status& status) {
  const uint64_t hash = Hash64(bytes);
  const std::lock_guard lock(mutex_);
  if (remembered_.size() == kMostRemembered) remembered_.erase(remembered_.begin());
  remembered_.emplace_back(hash, status);
}

Status IsolatedDecoder::Remembered(std::span<const uint8_t> bytes, bool forget) {
  {
    const std::lock_guard lock(mutex_);
    if (remembered_.empty()) return OkStatus();
  }
  const uint64_t hash = Hash64(bytes);
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(remembered_, hash, &std::pair<uint64_t, Status>::first);
  if (found == remembered_.end()) return OkStatus();
  Status status = found->second;
  if (forget) remembered_.erase(found);
  return status;
}

Result<PictureInfo> IsolatedDecoder::Probe(std::span<const uint8_t> bytes,
                                           const CancelToken* cancel) {
  Decoder& here = InProcessDecoder();
  const Format format = FormatOf(bytes);
  if (!IsIsolated(format)) return here.Probe(bytes, cancel);
  PEEL_RETURN_IF_ERROR(Remembered(bytes, /*forget=*/false));
  bool ended = false;
  auto info = Ask<PictureInfo>([&](Helper& helper) { return helper->Probe(bytes, format, cancel); },
                               [&] { return here.Probe(bytes, cancel); }, &ended);
  if (ended && info.status().code() != StatusCode::kCancelled) Remember(bytes, info.status());
  return info;
}

Result<Picture> IsolatedDecoder::Decode(std::span<const uint8_t> bytes,
                                        const DecodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  Decoder& here = InProcessDecoder();
  const Format format = FormatOf(bytes);
  if (!IsIsolated(format)) return here.Decode(bytes, options);
  PEEL_RETURN_IF_ERROR(Remembered(bytes, /*forget=*/true));
  return Ask<Picture>([&](Helper& helper) { return helper->Decode(bytes, format, options); },
                      [&] { return here.Decode(bytes, options); });
}

Result<std::unique_ptr<FrameReader>> IsolatedDecoder::OpenFrames(std::span<const uint8_t> bytes,
                                                                 const DecodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  Decoder& here = InProcessDecoder();
  const Format format = FormatOf(bytes);
  if (!IsIsolated(format)) return here.OpenFrames(bytes, options);
  PEEL_RETURN_IF_ERROR(Remembered(bytes, /*forget=*/true));
  using Frames = std::unique_ptr<FrameReader>;
  return Ask<Frames>(
      [&](Helper& helper) -> Result<Frames> {
        PEEL_ASSIGN_OR_RETURN(const int count, helper->OpenFrames(bytes, format, options));
        return Frames(std::make_unique<IsolatedFrames>(*this, std::move(helper), count));
      },
      [&] { return here.OpenFrames(bytes, options); });
}

}  // namespace peel
