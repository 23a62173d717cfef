#pragma once

#include <peel/peel.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/executor.h"
#include "src/base/status.h"
#include "src/codec/picture.h"
#include "src/image/image.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/model/model_options.h"
#include "src/video/video_cutter.h"

// What stands behind the opaque handles of peel.h.

namespace peel {

// A host program's threads as it describes them in C.
class HostExecutor final : public Executor {
 public:
  explicit HostExecutor(const peel_executor& host) : host_(host) {}
  int max_concurrency() const override { return host_.max_concurrency; }
  void Run(int count, FunctionRef<void(int)> task) override {
    constexpr auto kBody = [](void* context, int i) {
      (*static_cast<const FunctionRef<void(int)>*>(context))(i);
    };
    host_.run(host_.opaque, count, kBody, &task);
  }

 private:
  const peel_executor host_;
};

}  // namespace peel

namespace peel {

// What cuts films out with an engine's model, whose threads they want divided another way.
class EngineFilms {
 public:
  explicit EngineFilms(ModelOptions options) : options_(std::move(options)) {}
  // The engine that it belongs to, which outlives it.
  const video::VideoCutter* With(const Cutter& engine);

 private:
  const ModelOptions options_;
  std::mutex mutex_;
  std::unique_ptr<video::VideoCutter> cutter_;
};

}  // namespace peel

// peel_engine_create gives one even where it failed: status and error say why.
struct peel_engine {
  std::unique_ptr<peel::HostExecutor> executor;  // null: the cutter's own threads
  std::unique_ptr<peel::Cutter> cutter;          // null after an error
  std::unique_ptr<peel::MemoryBudget> memory;    // null: no limit
  // For films: its threads are started by the first one.
  std::unique_ptr<peel::EngineFilms> films;
  peel_status status = PEEL_OK;
  std::string error;
  std::string warning;
};

// A cut-out, or why there is none.
struct peel_result {
  peel_status status = PEEL_OK;
  std::string error;
  // An encoded file, or pixels.
  std::variant<std::vector<uint8_t>, peel::ImageU8, peel::ImageU16> data;
  peel::CutInfo info;
  int width = 0, height = 0, channels = 0, bits = 8;
  std::unique_ptr<peel_result> next;  // another sheet of the same picture
};

// What peel_probe found in a file's header, or why nothing.
struct peel_info {
  peel_status status = PEEL_OK;
  std::string error;
  peel::PictureInfo picture;  // width and height upright
  std::string format;
};

// What became of a film.
struct peel_video_result {
  peel_status status = PEEL_OK;
  std::string error;
  peel::video::VideoResult film;
};

// Frames of a film, and the last one as pixels.
struct peel_video_frames {
  peel_status status = PEEL_OK;
  std::string error, warning;
  std::unique_ptr<peel::video::MattedFrames> frames;  // null after an error
  peel::ImageU8 picture, matte;
  double from = 0, seconds = 0;
};

// What a film's headers say.
struct peel_video_info {
  peel_status status = PEEL_OK;
  std::string error, json;
};

// Stops a cut from another thread.
struct peel_cancel {
  peel::CancelToken token;
};

// The models that have a name; path "": not on this machine, "(embedded)": in the library.
struct peel_model_list {
  struct Entry {
    std::string name, path;
  };
  std::vector<Entry> entries;
};

namespace peel {

// The code of the C API that stands for it.
peel_status ToC(StatusCode code);

// Runs work(handle), which returns a Status, and puts what went wrong into the handle: a Status, or
// an exception of the standard library. Null only when there is no memory for the handle.
template <typename Handle, typename Work>
Handle* Guarded(Work work) noexcept {
  Handle* handle = new (std::nothrow) Handle;
  if (handle == nullptr) return nullptr;
  const auto fail = [&](peel_status status, const char* text) {
    handle->status = status;
    try {
      handle->error = text;
    } catch (...) {  // no memory for the text: the status has to do
    }
  };
  try {
    const Status status = work(*handle);
    if (!status.ok()) fail(ToC(status.code()), status.message().c_str());
  } catch (const std::bad_alloc&) {
    fail(PEEL_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    fail(PEEL_INTERNAL, error.what());
  } catch (...) {
    fail(PEEL_INTERNAL, "unknown failure");
  }
  return handle;
}

// Fills a caller's struct, which may be that of another version, with the defaults: as much of it
// as it has and this library knows.
template <typename Options>
void InitOptions(Options* options, size_t size, Options defaults) {
  if (options == nullptr || size < sizeof(size_t)) return;
  std::memset(static_cast<void*>(options), 0, size);
  defaults.size = size;
  std::memcpy(static_cast<void*>(options), &defaults, std::min(size, sizeof(Options)));
}

// The options as this library knows them, from such a struct: what it lacks has its default. Null
// means all defaults. kInvalidArgument for a size that no version has had, and for members behind
// those known here that are set: their default is zero, in every version to come.
template <typename Options>
Result<Options> CopyOptions(const Options* given, Options defaults) {
  if (given == nullptr) return defaults;
  if (given->size < sizeof(size_t) || given->size > 4096) {
    return InvalidArgument("the options' size is not set; call their init function first");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (given->size > sizeof(Options) && std::any_of(bytes + sizeof(Options), bytes + given->size,
                                                   [](unsigned char b) { return b; })) {
    return InvalidArgument(std::string("an option is set that this version of the library, ") +
                           peel_version() + ", does not know; a newer one is needed");
  }
  std::memcpy(static_cast<void*>(&defaults), given, std::min(given->size, sizeof(Options)));
  return defaults;
}

}  // namespace peel
