#include "src/codec/isolated/helper_process.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/base/checked.h"

namespace peel::isolated {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(50);  // between two looks at the token
constexpr auto kHelloTime = std::chrono::seconds(30);

}  // namespace

Result<std::unique_ptr<HelperProcess>> HelperProcess::Start(
    const std::string& program, const std::vector<std::string>& arguments, const TimeLimit& limit) {
  PEEL_ASSIGN_OR_RETURN(auto ends, MessageSocket::Pair());
  PEEL_ASSIGN_OR_RETURN(ChildProcess child,
                        ChildProcess::Start(program, arguments, ends.second.fd()));
  ends.second = {};
  auto helper = std::make_unique<HelperProcess>(std::move(ends.first), std::move(child), limit);
  helper->left_ = kHelloTime;
  Message hello;
  Status status = helper->Receive(hello);
  if (status.ok() && hello.kind == Kind::kHello) return helper;
  return IoError(program + " did not start as a decode helper" +
                 (status.ok() ? "" : " (" + status.message() + ")"));
}

// What is left of the time is counted in slices that were waited for in fact: while both processes
// are stopped, as by Ctrl-Z, none is. After an error the helper is of no more use.
Status HelperProcess::Receive(Message& message) {
  for (;;) {
    auto received = socket_.Receive(static_cast<int>(kSlice.count()));
    if (received.status().code() == StatusCode::kCorrupt) return EndOfNonsense(received.status());
    if (!received.ok()) return End(Died());
    if (received->has_value()) {
      auto read = Read(**received);
      if (!read.ok()) return EndOfNonsense(read.status());
      message = *std::move(read);
      return OkStatus();
    }
    if (Status stopped = CheckCancelled(expected_.options.cancel); !stopped.ok()) {
      not_taken_ = false;
      return End(std::move(stopped));
    }
    left_ -= kSlice;
    if (left_.count() <= 0) return End(TooSlow());
  }
}

// The file may have taken the library over.
Status HelperProcess::EndOfNonsense(const Status& what) {
  return End(
      Corrupt(Library() + " was led astray by this file (" + what.message() + ")" + Advice()));
}

void HelperProcess::Rest() {
  if (file_region_.size() > kKeptRegion) file_region_ = {};
}

Status HelperProcess::End(Status reason) {
  child_ = {};
  socket_ = {};
  unowned_alive_ = midway_ = false;
  return reason;
}

std::string HelperProcess::Library() const {
  return library_.empty() ? std::string(FormatName(expected_.format)) + "'s library" : library_;
}

std::string HelperProcess::Advice() const {
  return "; save the picture as PNG or JPEG with another program, or try a newer version of the "
         "library";
}

Status HelperProcess::Died() {
  // Its end of the socket is closed: it has ended, or is about to.
  if (child_.pid() > 0 && taken_) {
    const ProcessEnd end = child_.WaitBriefly();
    if (end.signal == ProcessEnd::kKill) {
      return OutOfMemory(Library() +
                         " was killed while it decoded this file (signal 9): most likely memory "
                         "had run out; give the run fewer --jobs or less --memory");
    }
    return Corrupt(Library() + (end.signal != 0 ? " crashed (" : " ended the decoder (") +
                   EndText(end) + ") on this file" + Advice());
  }
  return IoError(child_.pid() > 0 ? EndText(child_.WaitBriefly()) : "it is gone");
}

Status HelperProcess::TooSlow() {
  return LimitExceeded(Library() + " did not come to an end with this file and was stopped" +
                       Advice());
}

Status HelperProcess::Ask(Message request, std::span<const uint8_t> bytes, Format format) {
  library_.clear();
  taken_ = false;
  not_taken_ = true;
  expected_.format = format;
  const auto megabytes = static_cast<int64_t>(std::min<size_t>(bytes.size() >> 20, 1 << 20));
  left_ = limit_.base + megabytes * limit_.per_megabyte;
  int fd = -1;
  if (bytes.size() > file_region_.size()) {
    file_region_ = {};  // first, so that there are never both
    PEEL_ASSIGN_OR_RETURN(file_region_, SharedRegion::Create(bytes.size()));
    fd = file_region_.fd();
  }
  if (!bytes.empty()) std::memcpy(file_region_.data(), bytes.data(), bytes.size());
  request.bytes = bytes.size();
  midway_ = true;
  if (Status sent = socket_.Send(Write(request), fd); !sent.ok()) return End(std::move(sent));
  return OkStatus();
}

// Up to the message that answers the request; kFailed becomes its status.
Result<Message> HelperProcess::Answer(Kind wanted) {
  for (;;) {
    Message message;
    PEEL_RETURN_IF_ERROR(Receive(message));
    if (message.kind == Kind::kTaken) {
      taken_ = true;
      not_taken_ = false;
    } else if (message.kind == Kind::kLibrary) {
      library_ = message.text.substr(0, 100);
    } else if (message.kind == wanted && taken_) {
      return message;
    } else if (message.kind == Kind::kFailed && taken_ && IsFailure(message)) {
      midway_ = false;
      return Status(message.code, std::move(message.text));
    } else {
      return EndOfNonsense(Corrupt("the decode helper spoke out of turn"));
    }
  }
}

Result<PictureInfo> HelperProcess::Probe(std::span<const uint8_t> bytes, Format format,
                                         const CancelToken* cancel) {
  expected_.options = {};
  expected_.options.cancel = cancel;
  PEEL_RETURN_IF_ERROR(Ask({.kind = Kind::kProbe}, bytes, format));
  PEEL_ASSIGN_OR_RETURN(const Message answer, Answer(Kind::kInfo));
  midway_ = false;
  if (const Status status = CheckInfo(answer.info, expected_); !status.ok()) {
    return EndOfNonsense(status);
  }
  return answer.info;
}

Result<Picture> HelperProcess::Decode(std::span<const uint8_t> bytes, Format format,
                                      const DecodeOptions& options) {
  expected_.options = options;
  PEEL_RETURN_IF_ERROR(
      Ask({.kind = Kind::kDecode, .options = options, .threads = LibraryThreads(options.pool)},
          bytes, format));
  return ReceivePicture();
}

Result<int> HelperProcess::OpenFrames(std::span<const uint8_t> bytes, Format format,
                                      const DecodeOptions& options) {
  expected_.options = options;
  PEEL_RETURN_IF_ERROR(
      Ask({.kind = Kind::kOpenFrames, .options = options, .threads = LibraryThreads(options.pool)},
          bytes, format));
  PEEL_ASSIGN_OR_RETURN(const Message answer, Answer(Kind::kFrames));
  midway_ = false;
  if (const Status status = CheckFrames(answer.frames, expected_); !status.ok()) {
    return EndOfNonsense(status);
  }
  return answer.frames;
}

Result<Picture> HelperProcess::NextFrame() {
  if (!alive()) return Internal("there is no further frame");
  const auto megabytes = static_cast<int64_t>(file_region_.size() >> 20);
  left_ = limit_.base + megabytes * limit_.per_megabyte;
  midway_ = true;
  // Whatever becomes of it now, it is this file's.
  if (Status sent = socket_.Send(Write({.kind = Kind::kNextFrame})); !sent.ok()) {
    return End(Died());
  }
  return ReceivePicture();
}

void HelperProcess::CloseFrames() {
  if (alive() && !socket_.Send(Write({.kind = Kind::kCloseFrames})).ok()) (void)End(OkStatus());
}

Result<Picture> HelperProcess::ReceivePicture() {
  PEEL_ASSIGN_OR_RETURN(const Message answer, Answer(Kind::kPicture));
  const PictureShape& shape = answer.shape;
  const auto need = RegionBytes(shape, expected_);
  if (!need.ok()) return EndOfNonsense(need.status());
  int fd = -1;
  if (*need > picture_region_.size()) {
    picture_region_ = {};
    auto made = SharedRegion::Create(static_cast<size_t>(*need));
    if (!made.ok()) {
      if (!socket_.Send(Write({.kind = Kind::kNoRoom})).ok()) (void)End(OkStatus());
      midway_ = false;
      not_taken_ = true;
      return std::move(made).status();
    }
    picture_region_ = *std::move(made);
    fd = picture_region_.fd();
  }
  if (Status sent = socket_.Send(Write({.kind = Kind::kRoom}), fd); !sent.ok()) return End(Died());
  PEEL_ASSIGN_OR_RETURN(const Message written, Answer(Kind::kWritten));
  midway_ = false;
  // Copied before they are looked at: the helper can still write.
  const std::vector<uint8_t> fields(picture_region_.data(),
                                    picture_region_.data() + shape.header_bytes);
  auto picture = ReadFields(fields, shape, expected_);
  if (!picture.ok()) return EndOfNonsense(picture.status());
  const auto copy = [&]<typename T>(Image<T> image) {
    std::memcpy(
        image.row(0), picture_region_.data() + PixelOffset(shape),
        static_cast<size_t>(image.stride()) * sizeof(T) * static_cast<size_t>(image.height()));
    picture->pixels = std::move(image);
  };
  const int channels = shape.has_alpha ? 4 : 3;
  if (shape.is_16_bit) {
    PEEL_ASSIGN_OR_RETURN(ImageU16 image, ImageU16::Allocate(shape.width, shape.height, channels));
    copy(std::move(image));
  } else {
    PEEL_ASSIGN_OR_RETURN(ImageU8 image, ImageU8::Allocate(shape.width, shape.height, channels));
    copy(std::move(image));
  }
  if (picture_region_.size() > kKeptRegion) picture_region_ = {};
  return picture;
}

}  // namespace peel::isolated
