#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "src/engine/device_record.h"
#include "src/server/work/protocol.h"
#include "src/server/work/socket_watch.h"
#include "src/server/work/worker_source.h"

namespace peel::server {
namespace {

class ZygoteSource final : public WorkerSource {
 public:
  ZygoteSource(ZygoteProgram program, ModelOptions model)
      : program_(std::move(program)), model_(std::move(model)), late_(NeedsLateLoading(model_)) {}

  ~ZygoteSource() override {
    watch_.reset();
    socket_ = {};
    child_ = {};  // kills it, and with it its workers
  }

  Status Begin() {
    PEEL_ASSIGN_OR_RETURN(auto ends, MessageSocket::Pair());
    PEEL_ASSIGN_OR_RETURN(
        child_, ChildProcess::Start(program_.program, program_.arguments, ends.second.fd()));
    socket_ = std::move(ends.first);
    ZygoteRequest request;
    request.model = model_;
    request.late = late_;
    PEEL_ASSIGN_OR_RETURN(const std::string text, Write(request));
    return socket_.Send({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  Result<ModelInfo> Wait() override {
    for (;;) {
      UniqueFd fd;
      auto received = socket_.Receive(-1, &fd);
      if (!received.ok()) return Internal("the process that loads the model ended: " + EndOf());
      if (!received->has_value()) continue;
      PEEL_ASSIGN_OR_RETURN(ZygoteAnswer answer, ReadZygoteAnswer(**received));
      memory_ = std::move(fd);
      if (answer.kind != ZygoteAnswer::Kind::kCannotFork) return Loaded(std::move(answer));
      PEEL_RETURN_IF_ERROR(BeginLate());
    }
  }

  void Attach(boost::asio::io_context& context, Events events) override {
    context_ = &context;
    events_ = std::move(events);
    Listen();
  }

  void Start(uint64_t worker, MessageSocket end) override {
    ZygoteRequest request;
    request.kind = ZygoteRequest::Kind::kFork;
    request.worker = worker;
    const auto text = Write(request);
    // Where it cannot be told, it is gone, which is an event of its own.
    if (text.ok()) (void)watch_->Send(*text, end.fd());
  }

  int memory() const override { return memory_.get(); }

 private:
  std::string EndOf() {
    socket_ = {};
    return EndText(child_.WaitBriefly());
  }

  Result<ModelInfo> Loaded(ZygoteAnswer answer) {
    if (answer.kind == ZygoteAnswer::Kind::kLoaded) return std::move(answer.info);
    if (answer.kind == ZygoteAnswer::Kind::kLoadFailed) return std::move(answer.status);
    return Internal("the process that loads the model said what makes no sense");
  }

  // Once more, for a model that turned out to be one that workers load.
  Status BeginLate() {
    watch_.reset();
    late_ = true;
    child_ = {};
    return Begin();
  }

  void Listen() {
    watch_ = std::make_unique<SocketWatch>(
        *context_, std::move(socket_),
        [this](std::span<const uint8_t> bytes, UniqueFd fd) { Read(bytes, std::move(fd)); },
        [this](const Status&) { Gone(); });
  }

  // The handlers may destroy this object: they come last.
  void Gone() {
    const auto gone = events_.gone;
    gone("the process that workers come from ended: " + EndText(child_.WaitBriefly()));
  }

  void Read(std::span<const uint8_t> bytes, UniqueFd fd) {
    auto answer = ReadZygoteAnswer(bytes);
    if (!answer.ok()) {
      child_.Kill();  // its end comes next
      return;
    }
    switch (answer->kind) {
      case ZygoteAnswer::Kind::kCannotFork:
        if (BeginLate().ok()) {
          Listen();
        } else {
          Gone();
        }
        return;
      case ZygoteAnswer::Kind::kLoaded:
      case ZygoteAnswer::Kind::kLoadFailed: {
        memory_ = std::move(fd);
        const auto loaded = events_.loaded;
        loaded(Loaded(*std::move(answer)));
        return;
      }
      case ZygoteAnswer::Kind::kForked:
        events_.started(answer->worker, answer->pid, std::move(fd));
        return;
      case ZygoteAnswer::Kind::kForkFailed:
      case ZygoteAnswer::Kind::kEnded: {
        const auto ended = events_.ended;
        ended(answer->worker, answer->end, answer->status);
        return;
      }
    }
  }

  const ZygoteProgram program_;
  const ModelOptions model_;
  bool late_;
  ChildProcess child_;
  MessageSocket socket_;  // until it is watched
  UniqueFd memory_;
  boost::asio::io_context* context_ = nullptr;
  Events events_;
  std::unique_ptr<SocketWatch> watch_;
};

}  // namespace

bool NeedsLateLoading(const ModelOptions& model) {
  if (model.backend == BackendKind::kOnnxRuntime) return true;
  if (model.device != Device::kAuto) return model.device != Device::kCpu;
  return model.backend != BackendKind::kNative && engine::FastestProven().device != Device::kCpu;
}

Result<std::unique_ptr<WorkerSource>> StartZygote(const ZygoteProgram& program,
                                                  const ModelOptions& model) {
  auto source = std::make_unique<ZygoteSource>(program, model);
  PEEL_RETURN_IF_ERROR(source->Begin());
  return std::unique_ptr<WorkerSource>(std::move(source));
}

}  // namespace peel::server
