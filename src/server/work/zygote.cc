#include "src/server/work/zygote.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/os/confinement.h"
#include "src/base/os/memory.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/worker_process.h"
#include "src/base/thread_pool.h"
#include "src/codec/codecs.h"
#include "src/codec/lazy/lcms_library.h"
#include "src/server/work/forkable_executor.h"
#include "src/server/work/protocol.h"
#include "src/server/work/sandbox.h"
#include "src/server/work/worker.h"

namespace peel::server {
namespace {

// Of a worker's heap, which else comes from the system anew with each picture.
constexpr int kHeapKept = 8 << 20;
constexpr int kDescriptors = 64, kRuntimeDescriptors = 4096;

template <typename Message>
Status Say(MessageSocket& socket, const Message& message, int fd = -1) {
  PEEL_ASSIGN_OR_RETURN(const std::string text, Write(message));
  return socket.Send({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, fd);
}

// The codecs' libraries: workers can open none.
void OpenLibraries() {
  ListCodecs();
  (void)OpenLcmsLibrary();
}

// Does something in a thread of its own, and has done it when this object ends.
class Meanwhile {
 public:
  explicit Meanwhile(void (*what)()) {
    try {
      thread_ = std::thread(what);
    } catch (const std::system_error&) {  // no thread to be had
      what();
    }
  }
  ~Meanwhile() {
    if (thread_.joinable()) thread_.join();
  }
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;

 private:
  std::thread thread_;
};

// The system still counts a thread that was joined, until it has put it away.
int ThreadsLeft() {
  for (int tries = 0; tries < 100 && CountThreads() > 1; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return CountThreads();
}

class Zygote {
 public:
  explicit Zygote(int descriptor) : socket_(UniqueFd(descriptor)) {}

  int Run() {
    for (;;) {
      std::vector<int> waiting = {socket_.fd()};
      for (const auto& [id, worker] : workers_) waiting.push_back(worker.handle.get());
      const int ready = WaitForAny(waiting, -1);
      const Status status = ready == 0 ? Listen() : ready > 0 ? Tell() : OkStatus();
      if (!status.ok()) return 0;
    }
  }

 private:
  // Errors are of the conversation, and end it.
  Status Listen() {
    UniqueFd fd;
    PEEL_ASSIGN_OR_RETURN(const auto received, socket_.Receive(0, &fd));
    if (!received) return OkStatus();
    PEEL_ASSIGN_OR_RETURN(const ZygoteRequest request, ReadZygoteRequest(*received));
    return request.kind == ZygoteRequest::Kind::kLoad ? Load(request) : ForkWorker(request, fd);
  }

  Status Load(const ZygoteRequest& request) {
    late_ = request.late;
    options_ = request.model;
    const int threads = options_.threads > 0 ? options_.threads : AvailableCpus();
    executor_ = std::make_unique<ForkableExecutor>(threads);
    options_.executor = executor_.get();
    ZygoteAnswer answer;
    {
      const Meanwhile opening(OpenLibraries);
      if (!late_) {
        executor_->set_threads(threads);
        cutter_ = Cutter::Start(options_);
        answer.status = cutter_->Wait();
        executor_->set_threads(1);
        if (!answer.status.ok()) {
          answer.kind = ZygoteAnswer::Kind::kLoadFailed;
        } else {
          answer.info = cutter_->info();
        }
      }
    }
    if (const int now = ThreadsLeft(); answer.status.ok() && !late_ && now > 1) {
      answer.kind = ZygoteAnswer::Kind::kCannotFork;
      answer.status =
          Internal(answer.info.backend + " has started " + std::to_string(now - 1) + " threads");
    }
    const UniqueFd memory = OpenMemoryShare();
    return Say(socket_, answer, memory.get());
  }

  Status ForkWorker(const ZygoteRequest& request, const UniqueFd& fd) {
    ZygoteAnswer answer;
    answer.worker = request.worker;
    auto forked = executor_ == nullptr ? Internal("no model was loaded")
                                       : Fork(fd.get(), [this] { return RunWorker(); });
    if (!forked.ok()) {
      answer.kind = ZygoteAnswer::Kind::kForkFailed;
      answer.status = forked.status();
      return Say(socket_, answer);
    }
    answer.kind = ZygoteAnswer::Kind::kForked;
    answer.pid = forked->pid;
    PEEL_RETURN_IF_ERROR(Say(socket_, answer, forked->handle.get()));
    workers_.emplace_back(request.worker, *std::move(forked));
    return OkStatus();
  }

  // Of workers that have ended.
  Status Tell() {
    for (auto worker = workers_.begin(); worker != workers_.end();) {
      const auto end = Reap(worker->second.pid);
      if (!end) {
        ++worker;
        continue;
      }
      ZygoteAnswer answer;
      answer.kind = ZygoteAnswer::Kind::kEnded;
      answer.worker = worker->first;
      answer.end = *end;
      worker = workers_.erase(worker);
      PEEL_RETURN_IF_ERROR(Say(socket_, answer));
    }
    return OkStatus();
  }

  // In the copy of this process, which goes on with nothing but the model and the executor.
  int RunWorker() {
    MessageSocket socket{UniqueFd(ChildProcess::kDescriptor)};
    Confine(socket.fd(), late_ ? kRuntimeDescriptors : kDescriptors);
    KeepHeapFlat(kHeapKept);
    UniqueFd memory = OpenMemoryShare();
    const uint64_t address_space = late_ ? 0 : AddressSpace();
    if (late_) cutter_ = Cutter::Start(options_);
    Status status = cutter_->Wait();
    if (status.ok()) status = EnterSandbox(late_ ? Sandbox::kRuntime : Sandbox::kComputing);
    if (!status.ok()) {
      WorkerAnswer failed;
      failed.kind = WorkerAnswer::Kind::kFailed;
      failed.status = std::move(status);
      (void)Say(socket, failed);
      return 0;
    }
    WorkerAnswer hello;
    hello.info = cutter_->info();
    if (!Say(socket, hello, memory.get()).ok()) return 0;
    memory = {};
    return Worker(std::move(socket), *cutter_, executor_.get(), address_space).Run();
  }

  MessageSocket socket_;
  bool late_ = false;
  ModelOptions options_;
  std::unique_ptr<ForkableExecutor> executor_;
  std::unique_ptr<Cutter> cutter_;
  std::vector<std::pair<uint64_t, ForkedProcess>> workers_;
};

}  // namespace

int RunZygote(int descriptor) {
  if (!MessageSocket::Is(descriptor)) return 2;
  StandAside(descriptor);
  Zygote zygote(descriptor);
  return zygote.Run();
}

}  // namespace peel::server
