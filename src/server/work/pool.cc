#include "src/server/work/pool.h"

#include <algorithm>
#include <cmath>

#include "src/base/checked.h"
#include "src/base/os/machine.h"
#include "src/base/os/system_limits.h"
#include "src/base/os/worker_process.h"
#include "src/base/thread_pool.h"
#include "src/codec/sniff.h"
#include "src/server/work/estimate.h"
#include "src/server/work/header.h"

namespace peel::server {
namespace {

constexpr int kMostRetryAfter = 60;  // seconds
constexpr double kFirstGuess = 200;  // milliseconds a job, before one was measured

// Half of what this process may still have.
uint64_t HalfOfFree() {
  const SystemLimits limits = ReadSystemLimits();
  uint64_t free = limits.memory_available_bytes;
  if (const uint64_t left = GroupMemoryLeft(); left > 0) free = std::min(free, left);
  return std::max(free / 2, uint64_t{256} << 20);
}

Failure Refused(const Status& status) {
  return {Failure::Kind::kRefused, status.code(), status.message(), 0};
}

}  // namespace

Pool::Pool(const WorkOptions& options)
    : options_(options),
      in_threads_(options.workers == 0),
      processors_(options.model.threads > 0 ? options.model.threads : AvailableCpus()),
      memory_(options.memory > 0 ? options.memory : HalfOfFree()) {
  if (in_threads_) {
    options_.workers = processors_;
  } else if (options_.workers < 0) {
    options_.workers = NeedsLateLoading(options.model) ? 1 : processors_;
  }
}

// Those who wait for an answer are not told: whoever ends the pool has let go of them.
Pool::~Pool() {
  workers_.clear();  // and with them the sockets, before those who listen
  models_.clear();
}

uint64_t Pool::Submit(const CutJob& job, JobFiles files, Callback done) {
  auto pending = std::make_unique<PoolJob>();
  pending->id = next_++;
  pending->job = job;
  pending->files = std::move(files);
  if (auto failure = Admit(*pending)) {
    if (failure->kind == Failure::Kind::kBusy) ++counts_.refused_busy;
    Outcome outcome;
    outcome.failure = *std::move(failure);
    done(std::move(outcome));
    return 0;
  }
  const uint64_t id = pending->id;
  pending->done = std::move(done);
  pending->queued_at = Clock::now();
  counts_.bytes_admitted += pending->bytes;
  if (pending->header) counts_.pixels_admitted += PixelsOf(*pending->header);
  const auto deadline = job.deadline.count() > 0 ? job.deadline : options_.deadline;
  if (deadline.count() > 0) {
    pending->deadline = std::make_unique<boost::asio::steady_timer>(*context_, deadline);
    pending->deadline->async_wait([this, id](const boost::system::error_code& error) {
      if (!error) Cancel(id, Failure::Kind::kDeadline);
    });
  }
  jobs_.emplace(id, std::move(pending));
  queue_.push_back(id);
  Pump();
  return id;
}

std::optional<Failure> Pool::Admit(PoolJob& job) {
  if (draining_) {
    return Failure{Failure::Kind::kDraining, StatusCode::kCancelled,
                   "the service is about to end; try again", 1};
  }
  if (const Status status = job.job.Check(); !status.ok()) return Refused(status);
  if (!IsDecodable(Sniff(job.files.picture))) return Refused(NotDecodable(job.files.picture));
  uint64_t bytes = job.files.picture.size();
  for (const auto& [name, file] : job.files.attachments) {
    bytes = CheckedAdd<uint64_t>(bytes, file.size()).value_or(UINT64_MAX);
  }
  job.bytes = bytes;
  if (auto failure = AdmitModel(job)) return failure;
  job.header = ReadHeader(job.files.picture);
  if (job.header) job.memory = EstimateJob(job.job, *job.header, bytes);
  if (auto failure = TooLarge(job.job, job.header.value_or(PictureInfo()),
                              std::max(job.memory, bytes), memory_)) {
    return failure;
  }
  job.hash = crashes_.Number(job.files.picture, false);
  if (crashes_.IsBad(job.hash)) {
    return Failure{Failure::Kind::kWorker, StatusCode::kCorrupt,
                   "workers have ended over this picture several times; it is not tried again for "
                   "some minutes",
                   0};
  }
  uint64_t waiting_bytes = 0;
  for (const uint64_t id : queue_) waiting_bytes += jobs_.at(id)->bytes;
  if (IsFull() || waiting_bytes + bytes > memory_) return Busy();
  return std::nullopt;
}

bool Pool::IsFull() const {
  const auto idle = std::ranges::count_if(
      workers_, [](const auto& worker) { return worker.second.state == PoolWorker::State::kIdle; });
  return Waiting() >= options_.max_queue + static_cast<int>(idle);
}

std::optional<int> Pool::FullFor() const {
  return IsFull() ? std::optional(Busy().retry_after) : std::nullopt;
}

Failure Pool::Busy() const {
  const double one = service_ms_ > 0 ? service_ms_ : kFirstGuess;
  const double wait = one * (Waiting() + Busied()) / std::max(options_.workers, 1);
  return {Failure::Kind::kBusy, StatusCode::kLimit,
          "the server is busy: as many pictures wait as may; try again in a moment",
          std::clamp(static_cast<int>(std::ceil(wait / 1000)), 1, kMostRetryAfter)};
}

int Pool::Waiting() const { return static_cast<int>(queue_.size()); }

int Pool::Busied() const {
  return static_cast<int>(
      std::ranges::count_if(workers_, [](const auto& worker) { return worker.second.job != 0; }));
}

bool Pool::MemoryFits(uint64_t bytes) const {
  return memory_used_ == 0 || memory_used_ + bytes <= memory_;
}

// Gives workers what waits, the oldest first. A job whose model is being loaded is passed by; one
// that waits for memory or a worker is not.
void Pool::Pump() {
  pump_again_ = true;
  if (pumping_) return;
  pumping_ = true;
  while (std::exchange(pump_again_, false)) {
    // Workers that are on their way to jobs which were looked at before.
    std::map<std::string, int> starting;
    for (const auto& [id, worker] : workers_) {
      if (worker.state == PoolWorker::State::kStarting) ++starting[worker.model];
    }
    const std::vector<uint64_t> waiting(queue_.begin(), queue_.end());
    for (const uint64_t id : waiting) {
      const auto job = jobs_.find(id);
      if (job == jobs_.end() || job->second->worker != 0) continue;
      if (!TryBegin(*job->second, starting)) break;
    }
  }
  pumping_ = false;
}

// False where all others have to wait as well.
bool Pool::TryBegin(PoolJob& job, std::map<std::string, int>& starting) {
  const std::string model = job.model;
  if (Ready(model) == nullptr) return true;
  if (!MemoryFits(std::max(job.memory, job.bytes))) return false;
  if (PoolWorker* const idle = IdleWorker(job.model)) {
    Dispatch(job, *idle);
    return true;
  }
  if (int& coming = starting[job.model]; coming > 0) {
    --coming;
    return true;
  }
  if (static_cast<int>(workers_.size()) >= options_.workers) {
    // One that does another model's work makes room; its place is free once it has ended.
    PoolWorker* const oldest = OldestIdle();
    if (oldest == nullptr) return false;
    SendAway(*oldest);
  }
  StartWorker(job.model);
  return true;
}

Status Pool::FillRegion(PoolJob& job) {
  if (job.region.size() > 0) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(job.region, SharedRegion::Create(job.bytes));
  uint64_t at = 0;
  const auto put = [&](const std::string& name, std::span<const uint8_t> file) {
    std::ranges::copy(file, job.region.data() + at);
    job.parts.push_back({name, at, file.size()});
    at += file.size();
  };
  put("", job.files.picture);
  for (const auto& [name, file] : job.files.attachments) put(name, file);
  job.files = {};
  return OkStatus();
}

void Pool::Dispatch(PoolJob& job, PoolWorker& worker) {
  std::erase(queue_, job.id);
  if (const Status status = FillRegion(job); !status.ok()) {
    Fail(job.id, {Failure::Kind::kWorker, status.code(), status.message(), 0});
    return;
  }
  job.worker = worker.id;
  job.begun_at = Clock::now();
  worker.state = PoolWorker::State::kBusy;
  worker.job = job.id;
  worker.stage = "take";
  worker.memory = std::max(job.memory, job.bytes);
  memory_used_ += worker.memory;
  counts_.memory_admitted = memory_used_;
  WorkerRequest request;
  request.id = job.id;
  request.job = job.job;
  request.parts = job.parts;
  request.threads = std::max(1, processors_ / Busied());
  request.memory = job.memory;
  request.tell_size = !job.header;
  // Where it cannot be told, it is gone, which is an event of its own.
  Tell(worker, request, job.region.fd());
}

void Pool::Finish(uint64_t id, Outcome outcome) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const std::unique_ptr<PoolJob> job = std::move(found->second);
  jobs_.erase(found);
  std::erase(queue_, id);
  job->done(std::move(outcome));
  TellDrained();
}

void Pool::Fail(uint64_t job, Failure failure) {
  Outcome outcome;
  outcome.failure = std::move(failure);
  Finish(job, std::move(outcome));
}

// All jobs that wait for this model.
void Pool::FailModel(const std::string& model, const Failure& failure) {
  for (const std::deque<uint64_t> waiting = queue_; const uint64_t id : waiting) {
    const auto job = jobs_.find(id);
    if (job != jobs_.end() && job->second->model == model) Fail(id, failure);
  }
}

void Pool::Cancel(uint64_t id, Failure::Kind why) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const uint64_t at = found->second->worker;
  const bool late = why == Failure::Kind::kDeadline;
  ++counts_.cancelled;
  if (const auto worker = workers_.find(at); worker != workers_.end()) {
    WorkerRequest stop;
    stop.kind = WorkerRequest::Kind::kStop;
    stop.id = id;
    Tell(worker->second, stop);
    KillAfter(worker->second, options_.kill_after);
  }
  Fail(id, {why, StatusCode::kCancelled,
            !late     ? "stopped before it was done"
            : at == 0 ? "it waited too long; the service is busy"
                      : "it took too long; send a smaller picture or ask for less",
            late ? Busy().retry_after : 0});
  Pump();
}

void Pool::Drain(std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  TellDrained();
}

void Pool::TellDrained() {
  if (draining_ && jobs_.empty() && drained_) std::exchange(drained_, nullptr)();
}

WorkerPool::Counts Pool::counts() const {
  Counts counts = counts_;
  counts.workers = static_cast<int>(std::ranges::count_if(workers_, [](const auto& worker) {
    return worker.second.state == PoolWorker::State::kIdle ||
           worker.second.state == PoolWorker::State::kBusy;
  }));
  counts.busy = Busied();
  counts.queued = Waiting();
  counts.memory_admitted = memory_used_;
  // The system counts the pages one by one.
  if (const Clock::time_point now = Clock::now(); now - resident_at_ > std::chrono::seconds(1)) {
    uint64_t all = ReadMemoryShare(OpenMemoryShare().get()).proportional;
    for (const auto& [id, worker] : workers_) {
      all += ReadMemoryShare(worker.memory_share.get()).proportional;
    }
    for (const auto& [name, model] : models_) {
      if (model.source != nullptr) all += ReadMemoryShare(model.source->memory()).proportional;
    }
    counts_.resident = all;
    resident_at_ = now;
  }
  counts.resident = counts_.resident;
  return counts;
}

Result<std::unique_ptr<WorkerPool>> WorkerPool::Fork(const WorkOptions& options) {
  auto pool = std::make_unique<Pool>(options);
  PEEL_RETURN_IF_ERROR(pool->Begin());
  return std::unique_ptr<WorkerPool>(std::move(pool));
}

}  // namespace peel::server
