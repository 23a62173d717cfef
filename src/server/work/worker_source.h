#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/os/child_process.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/unique_fd.h"
#include "src/base/status.h"
#include "src/pipeline/model/model_options.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

// Where workers for one model come from: a zygote, or threads of this process. All on the context's
// thread.
class WorkerSource {
 public:
  struct Events {
    // Once: workers can be had. The info is empty where each worker loads the model itself.
    std::function<void(Result<ModelInfo>)> loaded;
    // A worker's process is there: what kills it, and readable once it has ended (none: a thread).
    std::function<void(uint64_t worker, int pid, UniqueFd handle)> started;
    // No worker came of it, or one has ended; told of each that was asked for.
    std::function<void(uint64_t worker, const ProcessEnd& end, const Status& failed)> ended;
    // There will be nothing more of it, and its workers are no more: start another one.
    std::function<void(const std::string& why)> gone;
  };

  virtual ~WorkerSource() = default;

  // Blocks until the model is loaded or it is known that it cannot be; instead of Events::loaded.
  virtual Result<ModelInfo> Wait() = 0;
  // From now on its events are told by the context. None is told before this returns, nor once the
  // source is destroyed.
  virtual void Attach(boost::asio::io_context& context, Events events) = 0;
  // A worker that listens on this end of a socket; the answer is an event.
  virtual void Start(uint64_t worker, MessageSocket end) = 0;
  // Descriptors of the source's own memory (ReadMemoryShare); -1: none.
  virtual int memory() const { return -1; }
};

// How zygotes are started: this program again.
struct ZygoteProgram {
  std::string program;
  std::vector<std::string> arguments;
};

// Starts a zygote, which begins to load. kIo, kOutOfMemory: none can be started.
Result<std::unique_ptr<WorkerSource>> StartZygote(const ZygoteProgram& program,
                                                  const ModelOptions& model);

// `threads` of this process at most work at a time.
std::unique_ptr<WorkerSource> StartThreads(const ModelOptions& model, int threads);

// Whether the model is one that has to be loaded by each worker: it is to run on a device, or in
// ONNX Runtime.
bool NeedsLateLoading(const ModelOptions& model);

}  // namespace peel::server
