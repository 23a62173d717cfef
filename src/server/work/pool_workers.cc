#include <algorithm>
#include <utility>

#include "src/base/os/worker_process.h"
#include "src/server/work/estimate.h"
#include "src/server/work/job_options.h"
#include "src/server/work/pool.h"

namespace peel::server {
namespace {

constexpr size_t kMostStageText = 32;
// For the end of a worker to be told after its socket has ended.
constexpr auto kLastWords = std::chrono::milliseconds(2000);

}  // namespace

void Pool::StartWorker(const std::string& model) {
  auto ends = MessageSocket::Pair();
  PoolModel& from = models_.at(model);
  if (!ends.ok()) {
    StartFailed(from, ends.status().message());
    return;
  }
  const uint64_t id = next_++;
  PoolWorker& worker = workers_[id];
  worker.id = id;
  worker.model = model;
  worker.watch = std::make_unique<SocketWatch>(
      *context_, std::move(ends->first),
      [this, id](std::span<const uint8_t> bytes, UniqueFd fd) {
        OnMessage(id, bytes, std::move(fd));
      },
      [this, id](const Status& status) { OnSilence(id, status); });
  from.source->Start(id, std::move(ends->second));
}

// As many as there may be, of the default model where no other one is asked for.
void Pool::KeepWorkers() {
  const auto model = models_.find("");
  if (draining_ || model == models_.end() || model->second.state != PoolModel::State::kReady) {
    return;
  }
  while (static_cast<int>(workers_.size()) < options_.workers &&
         model->second.state == PoolModel::State::kReady) {
    StartWorker("");
  }
}

bool Pool::Tell(PoolWorker& worker, const WorkerRequest& request, int fd) {
  const auto text = Write(request);
  return text.ok() && worker.watch->Send(*text, fd).ok();
}

void Pool::OnStarted(uint64_t id, UniqueFd handle) {
  const auto worker = workers_.find(id);
  if (worker == workers_.end()) return;
  worker->second.handle = std::move(handle);
  if (worker->second.kill_wanted) KillByHandle(worker->second.handle.get());
}

void Pool::OnMessage(uint64_t id, std::span<const uint8_t> bytes, UniqueFd fd) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  PoolWorker& worker = found->second;
  if (worker.kill_wanted) return;
  auto answer = ReadWorkerAnswer(bytes);
  if (!answer.ok()) {
    worker.nonsense = answer.status().message();
    Kill(worker);
    return;
  }
  if (answer->kind == WorkerAnswer::Kind::kHello) {
    OnHello(worker, *answer, std::move(fd));
  } else if (answer->kind == WorkerAnswer::Kind::kFailed && answer->id == 0) {
    worker.failed = answer->status.message();
  } else if (worker.job == 0 || answer->id != worker.job) {
    worker.nonsense = "spoke of a picture that it was not given";
    Kill(worker);
  } else if (answer->kind == WorkerAnswer::Kind::kStage) {
    worker.stage = answer->stage.substr(0, kMostStageText);
  } else if (answer->kind == WorkerAnswer::Kind::kSize) {
    OnSize(worker, *answer);
  } else if (answer->kind == WorkerAnswer::Kind::kDone) {
    OnDone(worker, *answer, std::move(fd));
  } else {
    OnFailed(worker, *answer);
  }
}

void Pool::OnHello(PoolWorker& worker, WorkerAnswer& answer, UniqueFd fd) {
  if (worker.state != PoolWorker::State::kStarting) return;
  worker.greeted = true;
  worker.memory_share = std::move(fd);
  PoolModel& model = models_.at(worker.model);
  model.failures = 0;
  // As a process that has not seen a picture yet says it.
  if (model.info.name.empty()) model.info = answer.info;
  worker.state = PoolWorker::State::kIdle;
  worker.idle_since = Clock::now();
  Pump();
}

// Of a picture whose header only a library reads.
void Pool::OnSize(PoolWorker& worker, const WorkerAnswer& answer) {
  if (worker.told_size) return;
  if (const Status status = CheckSize(answer.picture); !status.ok()) {
    worker.nonsense = status.message();
    Kill(worker);
    return;
  }
  worker.told_size = true;
  const auto found = jobs_.find(worker.job);
  if (found == jobs_.end()) return;  // it has been told to stop
  PoolJob& job = *found->second;
  job.memory = EstimateJob(job.job, answer.picture, job.bytes);
  const auto failure = TooLarge(job.job, answer.picture, job.memory, memory_);
  if (failure) {
    WorkerRequest stop;
    stop.kind = WorkerRequest::Kind::kStop;
    stop.id = job.id;
    Tell(worker, stop);
    KillAfter(worker, options_.kill_after);
    Fail(job.id, *failure);
    return;
  }
  counts_.pixels_admitted += PixelsOf(answer.picture);
  GrantMemory();
}

// To those who have told a size and wait, the oldest first.
void Pool::GrantMemory() {
  std::vector<PoolWorker*> waiting;
  uint64_t waiting_bytes = 0;
  for (auto& [id, worker] : workers_) {
    const auto job = jobs_.find(worker.job);
    if (!worker.told_size || job == jobs_.end() || worker.memory >= job->second->memory) continue;
    waiting.push_back(&worker);
    waiting_bytes += worker.memory;
  }
  std::ranges::sort(waiting, {}, &PoolWorker::job);
  for (PoolWorker* const worker : waiting) {
    const uint64_t need = jobs_.at(worker->job)->memory;
    // Where nobody else is at work, the one in front goes alone.
    const bool alone = memory_used_ == waiting_bytes;
    const uint64_t more = need - worker->memory;
    if (!alone && memory_used_ + more > memory_) return;
    waiting_bytes -= worker->memory;
    memory_used_ += more;
    worker->memory = need;
    WorkerRequest go;
    go.kind = WorkerRequest::Kind::kGo;
    go.id = worker->job;
    go.memory = need;
    Tell(*worker, go);
  }
}

Outcome Pool::OutcomeOf(const PoolJob& job, WorkerAnswer& answer, UniqueFd fd) {
  Outcome outcome;
  auto region = SharedRegion::Map(std::move(fd));
  const Status status =
      region.ok() ? CheckDone(answer, region->size()) : Corrupt("gave no memory of a fixed size");
  if (!status.ok()) {
    outcome.failure = {Failure::Kind::kWorker, StatusCode::kInternal, status.message(), 0};
    return outcome;
  }
  const auto held = std::make_shared<SharedRegion>(*std::move(region));
  CutDone done = std::move(answer.done);
  done.bytes = {held->data(), static_cast<size_t>(answer.bytes)};
  done.matte = {held->data() + answer.bytes, static_cast<size_t>(answer.matte_bytes)};
  done.keeper = held;
  // What goes into headers is not left to a process that has decoded a stranger's file.
  const ModelInfo& info = models_.at(job.model).info;
  done.type = MediaType(job.job);
  done.model = info.name;
  done.device = info.device;
  done.precision = info.precision;
  const std::chrono::duration<double, std::milli> queued = job.begun_at - job.queued_at;
  done.stages.insert(done.stages.begin(), {"queue", queued.count()});
  outcome.done = std::move(done);
  return outcome;
}

void Pool::OnDone(PoolWorker& worker, WorkerAnswer& answer, UniqueFd fd) {
  const uint64_t id = worker.job;
  const auto job = jobs_.find(id);
  std::optional<Outcome> outcome;
  if (job != jobs_.end()) {
    outcome = OutcomeOf(*job->second, answer, std::move(fd));
    const std::chrono::duration<double, std::milli> took = Clock::now() - job->second->begun_at;
    constexpr double kNew = 0.2;
    service_ms_ = service_ms_ > 0 ? (1 - kNew) * service_ms_ + kNew * took.count() : took.count();
  }
  if (outcome && !outcome->ok()) {
    worker.nonsense = outcome->failure.message;
    Kill(worker);
    return;
  }
  Rest(worker);
  if (outcome) Finish(id, *std::move(outcome));
  Pump();
}

void Pool::OnFailed(PoolWorker& worker, const WorkerAnswer& answer) {
  const uint64_t id = worker.job;
  const std::string stage = worker.stage;
  Rest(worker);
  const Status& status = answer.status;
  const bool own = status.code() == StatusCode::kOutOfMemory ||
                   status.code() == StatusCode::kInternal ||
                   status.code() == StatusCode::kCancelled;
  Fail(id, own ? Failure{Failure::Kind::kWorker, status.code(),
                         "the worker failed over this picture (stage " + stage +
                             "): " + status.message(),
                         0}
               : Failure{Failure::Kind::kRefused, status.code(), status.message(), 0});
  Pump();
}

// Of a job that is over.
void Pool::Rest(PoolWorker& worker) {
  worker.timer.reset();
  memory_used_ -= std::exchange(worker.memory, 0);
  worker.job = 0;
  worker.told_size = false;
  worker.stage.clear();
  worker.state = PoolWorker::State::kIdle;
  worker.idle_since = Clock::now();
  ++worker.jobs;
  if (options_.jobs_per_worker > 0 && worker.jobs >= options_.jobs_per_worker) SendAway(worker);
  GrantMemory();
}

// Ends by itself when it hears nothing more.
void Pool::SendAway(PoolWorker& worker) {
  worker.unwanted = true;
  worker.state = PoolWorker::State::kEnding;
  worker.watch.reset();
  KillAfter(worker, kLastWords);
}

void Pool::KillAfter(PoolWorker& worker, std::chrono::milliseconds time) {
  worker.timer = std::make_unique<boost::asio::steady_timer>(*context_, time);
  worker.timer->async_wait([this, id = worker.id](const boost::system::error_code& error) {
    const auto late = workers_.find(id);
    if (!error && late != workers_.end()) Kill(late->second);
  });
}

// A thread cannot be killed; it is waited for.
void Pool::Kill(PoolWorker& worker) {
  worker.kill_wanted = true;
  worker.state = PoolWorker::State::kEnding;
  KillByHandle(worker.handle.get());
  if (in_threads_) worker.watch.reset();
}

// The socket has ended; how the process did is told by its source.
void Pool::OnSilence(uint64_t id, const Status& status) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  PoolWorker& worker = found->second;
  if (status.code() == StatusCode::kCorrupt) worker.nonsense = status.message();
  worker.state = PoolWorker::State::kEnding;
  KillByHandle(worker.handle.get());  // where it has but closed it
}

Failure Pool::FailureOf(const PoolWorker& worker, const ProcessEnd& end) const {
  const std::string stage = " (stage " + worker.stage + ")";
  Failure failure = {Failure::Kind::kWorker, StatusCode::kInternal, "", 0};
  if (!worker.nonsense.empty()) {
    failure.message = "the worker was led astray by this picture" + stage + ": it " +
                      worker.nonsense + "; it has been replaced";
  } else if (end.signal == ProcessEnd::kKill && !worker.kill_wanted) {
    failure.code = StatusCode::kOutOfMemory;
    failure.message = "the worker was killed over this picture" + stage +
                      ", most likely because memory ran out; it has been replaced";
  } else {
    failure.message = "the worker crashed over this picture" + stage + ": " + EndText(end) +
                      "; it has been replaced";
  }
  return failure;
}

void Pool::OnEnded(uint64_t id, const ProcessEnd& end, const Status& failed) {
  auto found = workers_.find(id);
  if (found == workers_.end()) return;
  // What it said before comes first.
  if (found->second.watch != nullptr) found->second.watch->ReadRest();
  found = workers_.find(id);
  if (found == workers_.end()) return;
  const PoolWorker worker = std::move(found->second);
  workers_.erase(found);
  memory_used_ -= worker.memory;
  if (!worker.unwanted) {
    ++counts_.restarts;
    if (restarted_) {
      restarted_(worker.kill_wanted                ? "hang"
                 : end.signal == ProcessEnd::kKill ? "memory"
                                                   : "crash");
    }
  }
  if (worker.job != 0) {
    if (!worker.kill_wanted || !worker.nonsense.empty()) ++counts_.crashes;
    if (const auto job = jobs_.find(worker.job); job != jobs_.end()) {
      const SharedRegion& region = job->second->region;
      crashes_.Add(crashes_.Number(
          {const_cast<SharedRegion&>(region).data(), job->second->parts.front().size}, true));
      Fail(worker.job, FailureOf(worker, end));
    }
  }
  const auto model = models_.find(worker.model);
  if (!worker.greeted && !worker.unwanted && model != models_.end()) {
    StartFailed(model->second, !failed.ok()             ? failed.message()
                               : !worker.failed.empty() ? worker.failed
                                                        : EndText(end));
  }
  GrantMemory();
  Pump();
  KeepWorkers();
}

PoolWorker* Pool::IdleWorker(const std::string& model) {
  // The one that was at work last: its memory is warm.
  PoolWorker* best = nullptr;
  for (auto& [id, worker] : workers_) {
    if (worker.state != PoolWorker::State::kIdle || worker.model != model) continue;
    if (best == nullptr || worker.idle_since > best->idle_since) best = &worker;
  }
  return best;
}

PoolWorker* Pool::OldestIdle() {
  PoolWorker* oldest = nullptr;
  for (auto& [id, worker] : workers_) {
    if (worker.state != PoolWorker::State::kIdle) continue;
    if (oldest == nullptr || worker.idle_since < oldest->idle_since) oldest = &worker;
  }
  return oldest;
}

}  // namespace peel::server
