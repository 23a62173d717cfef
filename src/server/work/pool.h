#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/shared_region.h"
#include "src/server/work/crash_record.h"
#include "src/server/work/protocol.h"
#include "src/server/work/socket_watch.h"
#include "src/server/work/worker_pool.h"
#include "src/server/work/worker_source.h"

// The one WorkerPool, and what it keeps of jobs, workers and models. pool.cc has the jobs' side,
// pool_workers.cc the workers', pool_models.cc the models'.
namespace peel::server {

using Clock = std::chrono::steady_clock;

// From Submit to its callback.
struct PoolJob {
  uint64_t id = 0;
  CutJob job;
  JobFiles files;  // until they are in the region
  WorkerPool::Callback done;
  std::string model;                  // key of a PoolModel; "" is the default one
  std::optional<PictureInfo> header;  // where the file's beginning tells
  uint64_t memory = 0;                // by the estimate; 0: to be told by the worker
  uint64_t bytes = 0;                 // of the files
  uint64_t hash = 0;                  // of the picture, where one has crashed lately
  Clock::time_point queued_at{}, begun_at{};
  std::unique_ptr<boost::asio::steady_timer> deadline;
  SharedRegion region;
  std::vector<FilePart> parts;
  uint64_t worker = 0;   // 0: waits
  bool retried = false;  // its worker went for no fault of its own, once
};

// From the request for it to its end.
struct PoolWorker {
  enum class State { kStarting, kIdle, kBusy, kEnding };

  uint64_t id = 0;
  std::string model;
  State state = State::kStarting;
  std::unique_ptr<SocketWatch> watch;
  UniqueFd handle, memory_share;
  uint64_t job = 0;                            // that it works at; may be over for the client
  bool greeted = false;                        // has said that it is there
  bool told_size = false;                      // and waits until there is room
  uint64_t memory = 0;                         // admitted for the job
  std::string stage;                           // of the job
  int jobs = 0;                                // done
  bool kill_wanted = false, unwanted = false;  // was killed by the pool; was sent away
  std::string nonsense;                        // what it said last, where that made no sense
  std::string failed;                          // why it did not start, as it says itself
  Clock::time_point idle_since{};
  std::unique_ptr<boost::asio::steady_timer> timer;  // after which it is killed
};

// From the first job for it until it makes room for another one.
struct PoolModel {
  enum class State { kLoading, kReady, kWaiting };  // kWaiting: to be started again at the timer

  std::string name;
  State state = State::kLoading;
  std::unique_ptr<WorkerSource> source;
  ModelInfo info;
  Clock::time_point used{};
  int failures = 0;  // starts of workers or of the source in a row that came to nothing
  std::unique_ptr<boost::asio::steady_timer> timer;
};

class Pool final : public WorkerPool {
 public:
  explicit Pool(const WorkOptions& options);
  ~Pool() override;

  Status Begin();
  Status Start(boost::asio::io_context& context) override;
  const ModelInfo& info() const override { return info_; }
  std::vector<std::string> ModelNames() const override;
  std::optional<int> FullFor() const override;
  uint64_t Submit(const CutJob& job, JobFiles files, Callback done) override;
  void Cancel(uint64_t job, Failure::Kind why) override;
  void Drain(std::function<void()> done) override;
  Counts counts() const override;
  void set_restarted(Restarted restarted) override { restarted_ = std::move(restarted); }

 private:
  // --- Jobs (pool.cc)
  std::optional<Failure> Admit(PoolJob& job);
  std::optional<Failure> AdmitModel(PoolJob& job);
  bool IsFull() const;
  Failure Busy() const;
  void Pump();
  bool TryBegin(PoolJob& job, std::map<std::string, int>& starting);
  void Dispatch(PoolJob& job, PoolWorker& worker);
  Status FillRegion(PoolJob& job);
  void Finish(uint64_t job, Outcome outcome);
  void Fail(uint64_t job, Failure failure);
  void FailModel(const std::string& model, const Failure& failure);
  void TellDrained();
  bool MemoryFits(uint64_t bytes) const;
  int Waiting() const;
  int Busied() const;

  // --- Workers (pool_workers.cc)
  void StartWorker(const std::string& model);
  void KeepWorkers();
  void OnMessage(uint64_t worker, std::span<const uint8_t> bytes, UniqueFd fd);
  void OnHello(PoolWorker& worker, WorkerAnswer& answer, UniqueFd fd);
  void OnSize(PoolWorker& worker, const WorkerAnswer& answer);
  void OnDone(PoolWorker& worker, WorkerAnswer& answer, UniqueFd fd);
  void OnFailed(PoolWorker& worker, const WorkerAnswer& answer);
  void OnStarted(uint64_t worker, UniqueFd handle);
  void OnSilence(uint64_t worker, const Status& status);
  void OnEnded(uint64_t worker, const ProcessEnd& end, const Status& failed);
  void GrantMemory();
  void Rest(PoolWorker& worker);
  void SendAway(PoolWorker& worker);
  void KillAfter(PoolWorker& worker, std::chrono::milliseconds time);
  void Kill(PoolWorker& worker);
  Failure FailureOf(const PoolWorker& worker, const ProcessEnd& end) const;
  Outcome OutcomeOf(const PoolJob& job, WorkerAnswer& answer, UniqueFd fd);
  bool Tell(PoolWorker& worker, const WorkerRequest& request, int fd = -1);
  PoolWorker* IdleWorker(const std::string& model);
  PoolWorker* OldestIdle();

  // --- Models (pool_models.cc)
  Result<std::unique_ptr<WorkerSource>> MakeSource(const std::string& model) const;
  // The model where workers can be had; null while it is being loaded or has no place.
  PoolModel* Ready(const std::string& model);
  bool MakeRoomForModel();
  void Attach(PoolModel& model);
  void OnLoaded(const std::string& model, const Result<ModelInfo>& info);
  void OnGone(const std::string& model, const std::string& why);
  void StartFailed(PoolModel& model, const std::string& why);
  void Restart(const std::string& model);
  void Log(const std::string& what) const;

  WorkOptions options_;
  const bool in_threads_;
  int processors_;
  uint64_t memory_;
  ModelInfo info_;
  boost::asio::io_context* context_ = nullptr;
  std::map<std::string, PoolModel> models_;
  std::map<uint64_t, PoolWorker> workers_;
  std::map<uint64_t, std::unique_ptr<PoolJob>> jobs_;
  std::deque<uint64_t> queue_;  // of jobs that wait, in order
  uint64_t next_ = 1;           // number of a job or worker
  bool draining_ = false, pumping_ = false, pump_again_ = false;
  std::function<void()> drained_;
  Restarted restarted_;
  CrashRecord crashes_;
  std::string start_failed_;  // why the last one did
  double service_ms_ = 0;     // of a job in a worker, lately
  uint64_t memory_used_ = 0;
  mutable Counts counts_;
  mutable Clock::time_point resident_at_{};
};

}  // namespace peel::server
