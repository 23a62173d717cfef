#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/os/process.h"
#include "src/base/status.h"
#include "src/pipeline/model/model_options.h"
#include "src/server/work/job.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

struct WorkOptions {
  ModelOptions model{};  // the default one, threads and device
  // Processes; 0: threads of this process. -1: one a processor, or where the model runs on a device
  // or in ONNX Runtime, which every worker loads for itself, one.
  int workers = -1;
  int max_queue = 64;   // jobs that wait; more are kBusy
  uint64_t memory = 0;  // of all pictures at work together, by estimate; 0: half of what is free
  std::chrono::milliseconds deadline{60'000};   // of a job, from its queueing; 0: none
  std::chrono::milliseconds kill_after{2'000};  // after a job was told to stop
  int max_models = 5;       // loaded at a time, the first one too; the one unused the longest goes
  int jobs_per_worker = 0;  // a worker is replaced after so many; 0: never
  // Told what is nobody's picture's fault, for the operator's log: a model that cannot be loaded,
  // workers that cannot be started, a zygote that has ended. On the context's thread.
  std::function<void(const std::string& what)> tell{};
  // What is started as a zygote, and is to call RunZygote(ChildProcess::kDescriptor) (zygote.h).
  std::string program = OwnProgram();
  std::vector<std::string> arguments = {"serve-zygote"};
};

// Admits, queues, hands out, watches. All on the context's thread; callbacks too. A model's workers
// are forked by a zygote (zygote.h), so that all of them share the weights' pages; each model that
// is loaded has one. All of these processes end with this one.
class WorkerPool {
 public:
  // Part one: starts the zygote, which begins to load. Waits for nothing. kIo, kOutOfMemory.
  static Result<std::unique_ptr<WorkerPool>> Fork(const WorkOptions& options);
  virtual ~WorkerPool() = default;

  // Part two: waits for the model (kNotFound, kDeviceRefused …: the server does not start), starts
  // the workers.
  virtual Status Start(boost::asio::io_context& context) = 0;
  virtual const ModelInfo& info() const = 0;

  // That a job may ask for: the default first, then those that are on this machine.
  virtual std::vector<std::string> ModelNames() const = 0;
  // Where a job would be kBusy now: the seconds after which it may be worth trying again.
  virtual std::optional<int> FullFor() const = 0;

  using Callback = std::function<void(Outcome)>;
  // A handle with which the job can be stopped; 0 where `done` has been called already (refused at
  // once: busy, draining, header says too many pixels, no such model).
  virtual uint64_t Submit(const CutJob& job, JobFiles files, Callback done) = 0;
  // The client has gone, or the request's deadline is over: `done` is called with `why` at once,
  // the worker is told, and killed where it does not stop. Nothing where the job is over.
  virtual void Cancel(uint64_t job, Failure::Kind why) = 0;

  // No new jobs; those there are end; `done` when the last has.
  virtual void Drain(std::function<void()> done) = 0;

  struct Counts {
    int workers = 0, busy = 0, queued = 0;
    uint64_t memory_admitted = 0, pixels_admitted = 0, bytes_admitted = 0;
    uint64_t restarts = 0, crashes = 0, cancelled = 0, refused_busy = 0;
    uint64_t resident = 0;  // bytes, of all processes of the tree, by proportional share
  };
  virtual Counts counts() const = 0;

  // Told of each worker that ended without having been sent away: "crash", "hang" (it was killed
  // because it did not stop), "memory" (the system killed it), "zygote" (the process it came from).
  using Restarted = std::function<void(std::string_view reason)>;
  virtual void set_restarted(Restarted restarted) = 0;
};

}  // namespace peel::server
