#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/child_process.h"
#include "src/base/status.h"
#include "src/codec/picture.h"
#include "src/pipeline/model/model_options.h"
#include "src/server/work/job.h"

// What the server's processes say to each other, as JSON over a MessageSocket. Pictures go through
// shared memory (SharedRegion), whose descriptor travels with the message.
//
// Pool to zygote, which answers each in turn:
//   kLoad                           -> kLoaded | kCannotFork | kLoadFailed
//   kFork, with a worker's socket   -> kForked, with the process's handle | kForkFailed
//                                   -> kEnded, whenever a worker has
// Pool to worker:                      the worker, which is not trusted: its libraries read what
//   kJob, with the files' region       strangers made:
//   kGo, after kSize                   kHello once, with its memory's descriptor | kFailed
//   kStop                              kStage before each stage of a job
//                                      kSize where the pool did not know the picture's
//                                      kDone with the results' region | kFailed
namespace peel::server {

struct ZygoteRequest {
  enum class Kind { kLoad, kFork };
  Kind kind = Kind::kLoad;
  uint64_t worker = 0;   // kFork
  ModelOptions model{};  // kLoad; without bytes and executor
  bool late = false;     // kLoad: workers load the model themselves
};

struct ZygoteAnswer {
  enum class Kind { kLoaded, kCannotFork, kLoadFailed, kForked, kForkFailed, kEnded };
  Kind kind = Kind::kLoaded;
  uint64_t worker = 0;  // kForked, kForkFailed, kEnded
  ModelInfo info{};     // kLoaded, but where workers load it
  Status status{};      // kLoadFailed, kForkFailed; kCannotFork: why the process has threads
  int pid = -1;         // kForked
  ProcessEnd end{};     // kEnded
};

// A file of a job in its region.
struct FilePart {
  std::string name;  // "" is the picture, else an attachment's name
  uint64_t offset = 0, size = 0;
};

struct WorkerRequest {
  enum class Kind { kJob, kGo, kStop };
  Kind kind = Kind::kJob;
  uint64_t id = 0;  // of the job
  // kJob:
  CutJob job{};
  std::vector<FilePart> parts{};
  int threads = 1;
  uint64_t memory = 0;     // by the estimate; 0: not known yet. kGo: the same
  bool tell_size = false;  // and wait for kGo
};

struct WorkerAnswer {
  enum class Kind { kHello, kStage, kSize, kDone, kFailed };
  Kind kind = Kind::kHello;
  uint64_t id = 0;                      // of the job; 0: none
  ModelInfo info{};                     // kHello
  std::string stage{};                  // kStage
  PictureInfo picture{};                // kSize: format, width, height, bits, frames
  CutDone done{};                       // kDone, without its spans
  uint64_t bytes = 0, matte_bytes = 0;  // kDone: one after the other in the region
  Status status{};                      // kFailed
};

// At most MessageSocket::kMaxMessage bytes of text each: kLimit.
Result<std::string> Write(const ZygoteRequest& message);
Result<std::string> Write(const ZygoteAnswer& message);
Result<std::string> Write(const WorkerRequest& message);
Result<std::string> Write(const WorkerAnswer& message);

// kCorrupt for what is none. Of the numbers nothing is known yet.
Result<ZygoteRequest> ReadZygoteRequest(std::span<const uint8_t> bytes);
Result<ZygoteAnswer> ReadZygoteAnswer(std::span<const uint8_t> bytes);
Result<WorkerRequest> ReadWorkerRequest(std::span<const uint8_t> bytes);
Result<WorkerAnswer> ReadWorkerAnswer(std::span<const uint8_t> bytes);

// Of an answer kDone: kCorrupt with what is wrong, for what no worker of this program says about a
// region of so many bytes. Text for a user loses its control characters.
Status CheckDone(WorkerAnswer& answer, size_t region_bytes);
// Of an answer kSize.
Status CheckSize(const PictureInfo& picture);

}  // namespace peel::server
