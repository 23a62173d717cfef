#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/process.h"
#include "src/codec/decoder.h"
#include "src/codec/isolated/helper_process.h"

namespace peel {

// Whether a format's library is one that may be kept in another process: the large ones, to which
// most crashes in reading pictures belong. The others are decoded in this process.
bool IsIsolated(Format format);

// Decodes such files in helper processes, which are this program once more: a library that crashes,
// hangs or eats all memory over a file fails that file alone. Helpers are started when a file needs
// one and all others are at work, are kept, and are replaced after a crash. What a file gives is
// the same as with InProcessDecoder(). Where no helper can be started, this process decodes.
class IsolatedDecoder final : public Decoder {
 public:
  struct Options {
    int helpers = 1;  // at most; so many files are decoded at the same time
    // What is started, and is to call isolated::RunHelper(ChildProcess::kDescriptor).
    std::string program = OwnProgram();
    std::vector<std::string> arguments = {"decode-helper"};
    isolated::TimeLimit limit{};
    // Called once where no helper can be started, by any thread, with the reason.
    std::function<void(const std::string& reason)> tell{};
  };

  explicit IsolatedDecoder(Options options);
  ~IsolatedDecoder() override;  // ends the helpers
  IsolatedDecoder(const IsolatedDecoder&) = delete;
  IsolatedDecoder& operator=(const IsolatedDecoder&) = delete;

  Result<PictureInfo> Probe(std::span<const uint8_t> bytes,
                            const CancelToken* cancel = nullptr) override;
  Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) override;
  Result<std::unique_ptr<FrameReader>> OpenFrames(std::span<const uint8_t> bytes,
                                                  const DecodeOptions& options) override;

  int started() const;  // helpers so far, those that replaced another one included

 private:
  friend class IsolatedFrames;
  using Helper = std::unique_ptr<isolated::HelperProcess>;

  // Waits for one that is free; null where there is none to be had.
  Helper Take();
  void GiveBack(Helper helper);
  // What `ask` makes of a helper; what `here` gives where none has taken the file. `ended` becomes
  // whether the file has ended its helper.
  template <typename T>
  Result<T> Ask(const std::function<Result<T>(Helper&)>& ask,
                const std::function<Result<T>()>& here, bool* ended = nullptr);

  // A file that has ended its helper when it was probed is not tried again when it is decoded.
  void Remember(std::span<const uint8_t> bytes, const Status& status);
  Status Remembered(std::span<const uint8_t> bytes, bool forget);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<Helper> idle_;
  int running_ = 0;  // helpers that there are, idle or at work
  int started_ = 0;
  int failed_ = 0;  // starts one after the other
  bool told_ = false;
  std::vector<std::pair<uint64_t, Status>> remembered_;  // by the file's hash
};

}  // namespace peel
