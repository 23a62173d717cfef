#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/encode.h"
#include "src/server/work/worker_pool.h"

// What the tests of the pool have in common.
namespace peel::server {

using Bytes = std::vector<uint8_t>;

inline Bytes MustEncode(ImageView<const uint8_t> pixels, const EncodeOptions& options) {
  auto file = Encode(pixels, options);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? *std::move(file) : Bytes();
}

// Colours that change slowly.
inline ImageU8 Smooth(int width, int height, int channels) {
  ImageU8 image = *ImageU8::Allocate(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * channels; ++x) {
      image.row(y)[x] = static_cast<uint8_t>(128 + 100 * std::sin(0.02 * x) * std::cos(0.015 * y));
    }
  }
  return image;
}

// Generous: what takes longer has failed, on the slowest machine too.
constexpr auto kLongest = std::chrono::seconds(120);

// A pool and the context that it lives on.
class TestPool {
 public:
  explicit TestPool(WorkOptions options = {.workers = 2}) {
    auto pool = WorkerPool::Fork(options);
    if (!pool.ok()) {
      ADD_FAILURE() << pool.status().message();
      return;
    }
    pool_ = *std::move(pool);
    const Status status = pool_->Start(context_);
    if (!status.ok()) {
      ADD_FAILURE() << status.message();
      pool_.reset();
    }
  }

  bool ok() const { return pool_ != nullptr; }
  WorkerPool& operator*() { return *pool_; }
  WorkerPool* operator->() { return pool_.get(); }

  // Lets the context work until something is the case; false when that takes too long.
  bool Until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  // What becomes of a job that has been submitted.
  struct Pending {
    uint64_t id = 0;
    std::shared_ptr<std::optional<Outcome>> outcome = std::make_shared<std::optional<Outcome>>();
    bool over() const { return outcome->has_value(); }
  };
  Pending Submit(const CutJob& job, const Bytes& picture) {
    Pending pending;
    const auto kept = std::make_shared<Bytes>(picture);
    pending.id = pool_->Submit(job, {.picture = *kept, .attachments = {}, .keeper = kept},
                               [outcome = pending.outcome](Outcome o) { *outcome = std::move(o); });
    return pending;
  }
  Outcome Wait(const Pending& pending) {
    if (!Until([&] { return pending.over(); })) {
      ADD_FAILURE() << "nothing came of a job";
      return {};
    }
    return **pending.outcome;
  }
  Outcome Do(const CutJob& job, const Bytes& picture) { return Wait(Submit(job, picture)); }

 private:
  boost::asio::io_context context_;
  std::unique_ptr<WorkerPool> pool_;
};

// One over which a worker does what PEEL_TEST_WORKER says; a good file otherwise.
inline Bytes Marked(Bytes file) {
  constexpr std::string_view kMark = "PEEL-TEST";
  file.insert(file.end(), kMark.begin(), kMark.end());
  return file;
}

// For workers of pools that are made while it lives.
class WithTestHook {
 public:
  explicit WithTestHook(const std::string& what) { setenv("PEEL_TEST_WORKER", what.c_str(), 1); }
  ~WithTestHook() { unsetenv("PEEL_TEST_WORKER"); }
};

inline Bytes BytesOf(const CutDone& done) { return {done.bytes.begin(), done.bytes.end()}; }

}  // namespace peel::server
