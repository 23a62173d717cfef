#include "src/codec/isolated/helper.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/block_cache.h"
#include "src/base/os/confinement.h"
#include "src/base/os/memory.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/shared_region.h"
#include "src/codec/codecs.h"
#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/isolated/protocol.h"
#include "src/codec/raw/raw.h"

namespace peel::isolated {
namespace {

constexpr size_t kKept = size_t{16} << 20;  // bytes of freed pictures that wait for the next ones

// Far above what pictures within the limits take, and far below what ends a machine.
void LimitMemory(size_t file_bytes, const Limits& limits, int threads) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(PEEL_FUZZ)
  constexpr uint64_t kBase = uint64_t{2} << 30, kPerPixel = 64, kMost = uint64_t{1} << 45;
  constexpr uint64_t kPerThread = uint64_t{128} << 20;  // that malloc reserves for each
  const uint64_t pixels = std::min(limits.max_pixels, kMost / kPerPixel);
  LimitAddressSpace(kBase + kPerThread * static_cast<uint64_t>(threads) +
                    4 * std::min<uint64_t>(file_bytes, kMost) + kPerPixel * pixels);
#else
  (void)file_bytes, (void)limits, (void)threads;
#endif
}

bool MarkedForTest(std::span<const uint8_t> file) {
  constexpr std::string_view kMark = "PEEL-TEST";
  return file.size() >= kMark.size() &&
         std::memcmp(file.data() + file.size() - kMark.size(), kMark.data(), kMark.size()) == 0;
}

class Helper {
 public:
  explicit Helper(int descriptor) : socket_(UniqueFd(descriptor)) {}

  int Run() {
    if (!Say({.kind = Kind::kHello}).ok()) return 2;
    for (;;) {
      UniqueFd fd;
      auto received = socket_.Receive(-1, &fd);
      if (!received.ok()) return 0;
      if (!received->has_value()) continue;
      const auto request = Read(**received);
      if (!request.ok() || !Serve(*request, std::move(fd)).ok()) return 1;
    }
  }

 private:
  Status Say(const Message& message, int fd = -1) { return socket_.Send(Write(message), fd); }
  Status Fail(const Status& status) {
    return Say({.kind = Kind::kFailed,
                .text = status.message().substr(0, kMaxText),
                .code = status.code()});
  }

  // Errors are of the conversation, and end it.
  Status Serve(const Message& request, UniqueFd fd) {
    if (request.kind == Kind::kCloseFrames) {
      frames_.reset();
      GiveUpLargeFile();
      return OkStatus();
    }
    if (request.kind != Kind::kNextFrame) {
      frames_.reset();
      if (fd) {
        PEEL_ASSIGN_OR_RETURN(file_region_, SharedRegion::Map(std::move(fd)));
      }
      if (request.bytes > file_region_.size()) return Corrupt("a file larger than its region");
      file_ = {file_region_.data(), static_cast<size_t>(request.bytes)};
      options_ = request.options;
      options_.pool = Pool(request.threads);
      LimitMemory(file_.size(), options_.limits, LibraryThreads(options_.pool));
    }
    PEEL_RETURN_IF_ERROR(Say({.kind = Kind::kTaken}));
    // Its library may crash when it is opened.
    PEEL_RETURN_IF_ERROR(Say({.kind = Kind::kLibrary, .text = LibraryOf(FormatOf(file_))}));
    if (MarkedForTest(file_)) PEEL_RETURN_IF_ERROR(DoAsTold(request.kind));
    Status status = [&] {
      try {
        return Work(request.kind);
      } catch (const std::bad_alloc&) {
        return Fail(OutOfMemory("there is not enough memory for it"));
      } catch (const std::exception& error) {
        return Fail(Internal(std::string("decoding it failed (") + error.what() + ")"));
      }
    }();
    BlockCache& spare = BlockCache::Process();
    if (const size_t waiting = spare.waiting(); waiting > kKept) spare.MakeRoom(waiting - kKept);
    GiveUpLargeFile();
    return status;
  }

  Status Work(Kind kind) {
    switch (kind) {
      case Kind::kProbe: {
        const auto info = Probe(file_);
        return info.ok() ? Say({.kind = Kind::kInfo, .info = *info}) : Fail(info.status());
      }
      case Kind::kDecode: {
        const auto picture = Decode(file_, options_);
        return picture.ok() ? HandOver(*picture) : Fail(picture.status());
      }
      case Kind::kOpenFrames: {
        auto frames = OpenFrames(file_, options_);
        if (!frames.ok()) return Fail(frames.status());
        frames_ = *std::move(frames);
        return Say({.kind = Kind::kFrames, .frames = frames_->count()});
      }
      case Kind::kNextFrame: {
        if (frames_ == nullptr) return Fail(Internal("no frames are open"));
        const auto picture = frames_->Next();
        return picture.ok() ? HandOver(*picture) : Fail(picture.status());
      }
      default:
        return Corrupt("no request");
    }
  }

  // Kept from one picture to the next, which mostly wants the same.
  ThreadPool* Pool(int threads) {
    if (threads <= 1) return nullptr;
    if (threads != pool_threads_) {
      pool_.reset();
      pool_ = std::make_unique<ThreadPool>(threads);
      pool_threads_ = threads;
    }
    return pool_.get();
  }

  Status HandOver(const Picture& picture) {
    const std::vector<uint8_t> fields = WriteFields(picture);
    const PictureShape shape = {picture.width(), picture.height(), picture.has_alpha,
                                picture.is_16_bit(), fields.size()};
    PEEL_RETURN_IF_ERROR(Say({.kind = Kind::kPicture, .shape = shape}));
    UniqueFd fd;
    std::optional<std::vector<uint8_t>> received;
    while (!received) {
      PEEL_ASSIGN_OR_RETURN(received, socket_.Receive(-1, &fd));
    }
    PEEL_ASSIGN_OR_RETURN(const Message answer, Read(*received));
    if (answer.kind == Kind::kNoRoom) {
      picture_region_ = {};
      return OkStatus();
    }
    if (fd) {
      picture_region_ = {};
      PEEL_ASSIGN_OR_RETURN(picture_region_, SharedRegion::Map(std::move(fd)));
    }
    PEEL_ASSIGN_OR_RETURN(const uint64_t need, RegionBytes(shape, {.options = options_}));
    if (answer.kind != Kind::kRoom || need > picture_region_.size()) return Corrupt("no room");
    std::copy(fields.begin(), fields.end(), picture_region_.data());
    std::visit(
        [&](const auto& image) {
          const size_t sample = sizeof(*image.row(0));
          std::memcpy(
              picture_region_.data() + PixelOffset(shape), image.row(0),
              static_cast<size_t>(image.stride()) * sample * static_cast<size_t>(image.height()));
        },
        picture.pixels);
    PEEL_RETURN_IF_ERROR(Say({.kind = Kind::kWritten}));
    if (picture_region_.size() > kKeptRegion) picture_region_ = {};
    return OkStatus();
  }

  void GiveUpLargeFile() {
    if (frames_ != nullptr || file_region_.size() <= kKeptRegion) return;
    file_ = {};
    file_region_ = {};
  }

  Status DoAsTold(Kind kind) {
    const char* const variable = std::getenv("PEEL_TEST_DECODE_HELPER");
    std::string_view what = variable != nullptr ? variable : "";
    constexpr std::string_view kProbing = "probe-";
    if (what.starts_with(kProbing) != (kind == Kind::kProbe)) return OkStatus();
    if (kind == Kind::kProbe) what.remove_prefix(kProbing.size());
    if (what == "crash") CrashNow();
    if (what == "hang") HangNow();
    if (what == "exit") std::_Exit(5);
    if (what == "garbage") {
      const std::vector<uint8_t> garbage(100, 0xA5);
      return socket_.Send(garbage);
    }
    return OkStatus();
  }

  MessageSocket socket_;
  SharedRegion file_region_, picture_region_;
  std::span<const uint8_t> file_;
  std::unique_ptr<ThreadPool> pool_;
  int pool_threads_ = 0;  // that were asked for
  DecodeOptions options_;
  std::unique_ptr<FrameReader> frames_;
};

}  // namespace

int RunHelper(int descriptor) {
  if (!MessageSocket::Is(descriptor)) return 2;
  Confine(descriptor);
  KeepHeapFlat();
  EndWithParent(descriptor);
  const int code = Helper(descriptor).Run();
  std::_Exit(code);  // the watching thread lives on until then
}

}  // namespace peel::isolated
