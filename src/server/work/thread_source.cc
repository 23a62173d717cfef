#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "src/pipeline/cut/cutter.h"
#include "src/server/work/protocol.h"
#include "src/server/work/worker.h"
#include "src/server/work/worker_source.h"

namespace peel::server {
namespace {

class ThreadSource final : public WorkerSource {
 public:
  ThreadSource(const ModelOptions& model, int threads)
      : cutter_(Cutter::Start([&] {
          ModelOptions shared = model;
          shared.jobs = threads;
          return shared;
        }())) {}

  // The other ends of the workers' sockets are closed by now.
  ~ThreadSource() override {
    *alive_ = false;
    if (loader_.joinable()) loader_.join();
    for (Running& running : running_) running.thread.join();
  }

  Result<ModelInfo> Wait() override {
    waited_ = true;
    PEEL_RETURN_IF_ERROR(cutter_->Wait());
    return cutter_->info();
  }

  void Attach(boost::asio::io_context& context, Events events) override {
    context_ = &context;
    events_ = std::move(events);
    if (waited_) return;
    const Status status = Begin(loader_, [this] { TellLoaded(Wait()); });
    if (!status.ok()) TellLoaded(status);
  }

  void Start(uint64_t worker, MessageSocket end) override {
    std::erase_if(running_, [](Running& running) {
      if (*running.over) running.thread.join();
      return !running.thread.joinable();
    });
    Running& running = running_.emplace_back();
    const auto socket = std::make_shared<MessageSocket>(std::move(end));
    const Status status = Begin(running.thread, [this, worker, socket, over = running.over] {
      Work(std::move(*socket));
      *over = true;
      TellEnd(worker, OkStatus());
    });
    if (status.ok()) return;
    running_.pop_back();
    TellEnd(worker, status);
  }

 private:
  struct Running {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
  };

  void Work(MessageSocket socket) {
    WorkerAnswer hello;
    hello.info = cutter_->info();
    const auto text = Write(hello);
    if (!text.ok()) return;
    if (!socket.Send({reinterpret_cast<const uint8_t*>(text->data()), text->size()}).ok()) return;
    Worker(std::move(socket), *cutter_, nullptr, 0).Run();
  }

  template <typename Step>
  static Status Begin(std::thread& thread, Step&& step) {
    try {
      thread = std::thread(std::forward<Step>(step));
      return OkStatus();
    } catch (const std::system_error& error) {
      return OutOfMemory("no further thread is to be had (" + error.code().message() + ")");
    }
  }

  // By any thread: on the context's, unless this object is gone by then.
  template <typename Step>
  void Tell(Step&& step) {
    boost::asio::post(*context_, [alive = alive_, step = std::forward<Step>(step)] {
      if (*alive) step();
    });
  }
  void TellLoaded(const Result<ModelInfo>& info) {
    Tell([this, info] {
      const auto loaded = events_.loaded;
      loaded(info);
    });
  }
  void TellEnd(uint64_t worker, const Status& failed) {
    Tell([this, worker, failed] {
      const auto ended = events_.ended;
      ended(worker, ProcessEnd{.code = 0}, failed);
    });
  }

  const std::unique_ptr<Cutter> cutter_;
  bool waited_ = false;
  boost::asio::io_context* context_ = nullptr;
  Events events_;
  std::thread loader_;
  std::vector<Running> running_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<WorkerSource> StartThreads(const ModelOptions& model, int threads) {
  return std::make_unique<ThreadSource>(model, threads);
}

}  // namespace peel::server
