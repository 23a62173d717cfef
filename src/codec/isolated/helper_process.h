#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/os/child_process.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/shared_region.h"
#include "src/base/status.h"
#include "src/codec/isolated/protocol.h"
#include "src/codec/picture.h"

namespace peel::isolated {

// A decode may take `base` and `per_megabyte` for each megabyte of its file.
struct TimeLimit {
  std::chrono::milliseconds base{60'000};
  std::chrono::milliseconds per_megabyte{20'000};
};

// The parent's side of one helper. One request at a time, from one thread at a time.
class HelperProcess {
 public:
  // Starts it and waits until it has said hello.
  static Result<std::unique_ptr<HelperProcess>> Start(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      const TimeLimit& limit);
  // One that is there already, at the other end of a socket.
  HelperProcess(MessageSocket socket, ChildProcess child, const TimeLimit& limit)
      : socket_(std::move(socket)), child_(std::move(child)), limit_(limit) {}

  // As Decoder's functions. `format` is what the parent takes the file for. Beside the decoders'
  // own errors: kCorrupt when the helper crashed or answered nonsense, kLimit when it took too
  // long, kOutOfMemory when the system killed it, kCancelled.
  Result<PictureInfo> Probe(std::span<const uint8_t> bytes, Format format,
                            const CancelToken* cancel);
  Result<Picture> Decode(std::span<const uint8_t> bytes, Format format,
                         const DecodeOptions& options);
  // The number of frames; then NextFrame up to so many times.
  Result<int> OpenFrames(std::span<const uint8_t> bytes, Format format,
                         const DecodeOptions& options);
  Result<Picture> NextFrame();
  void CloseFrames();

  // After Probe, Decode or CloseFrames: gives up what is too large to be kept.
  void Rest();

  // False once it can no longer be used, also after an exception in the middle of a request.
  bool alive() const { return (child_.pid() > 0 || unowned_alive_) && !midway_; }
  // Whether the last request failed without having reached a helper: it may be made again
  // elsewhere.
  bool not_taken() const { return not_taken_; }

  // For tests, which have no process at the other end.
  void set_unowned() { unowned_alive_ = true; }

 private:
  Status Ask(Message request, std::span<const uint8_t> bytes, Format format);
  Result<Message> Answer(Kind wanted);
  Result<Picture> ReceivePicture();
  Status Receive(Message& message);
  Status End(Status reason);  // it cannot be used any more
  Status EndOfNonsense(const Status& what);
  Status Died();
  Status TooSlow();
  std::string Library() const;
  std::string Advice() const;

  MessageSocket socket_;
  ChildProcess child_;
  const TimeLimit limit_;
  SharedRegion file_region_, picture_region_;
  Expected expected_;
  std::string library_;
  std::chrono::milliseconds left_{0};
  bool taken_ = false, not_taken_ = false, unowned_alive_ = false;
  bool midway_ = false;  // between a request and the end of its answer
};

}  // namespace peel::isolated
