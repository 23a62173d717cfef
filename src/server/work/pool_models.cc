#include <algorithm>
#include <utility>

#include "src/base/os/child_process.h"
#include "src/matte/model/catalogue.h"
#include "src/server/work/pool.h"

namespace peel::server {
namespace {

constexpr int kMostFailures = 5;  // in a row, before those who wait are told
constexpr auto kFirstPause = std::chrono::milliseconds(100);
constexpr int kMostDoublings = 7;  // of the pause: 12.8 seconds

}  // namespace

Status Pool::Begin() {
  PoolModel& model = models_[""];
  PEEL_ASSIGN_OR_RETURN(model.source, MakeSource(""));
  return OkStatus();
}

Result<std::unique_ptr<WorkerSource>> Pool::MakeSource(const std::string& model) const {
  ModelOptions options = options_.model;
  if (!model.empty()) {
    options.model = model;
    options.family.clear();
    options.bytes = {};
  }
  if (in_threads_) return StartThreads(options, options_.workers);
  return StartZygote({options_.program, options_.arguments}, options);
}

Status Pool::Start(boost::asio::io_context& context) {
  context_ = &context;
  if (!in_threads_) CareForChildren();
  PoolModel& model = models_.at("");
  PEEL_ASSIGN_OR_RETURN(model.info, model.source->Wait());
  info_ = model.info;
  model.state = PoolModel::State::kReady;
  Attach(model);
  // Until one worker is there: now it is known that there can be some, and what it runs on.
  StartWorker("");
  while (std::ranges::none_of(workers_, [](const auto& worker) {
    return worker.second.state == PoolWorker::State::kIdle;
  })) {
    if (workers_.empty()) {
      return Internal("no worker can be started: " + start_failed_ +
                      "; --workers 0 does the work in this process");
    }
    context.run_one();
    context.restart();
  }
  info_ = models_.at("").info;
  KeepWorkers();
  return OkStatus();
}

// What a name in a request may mean: the server's own model, or one that is there by this name. A
// file of this machine it never is.
std::optional<Failure> Pool::AdmitModel(PoolJob& job) {
  const std::string& name = job.job.model;
  if (name.empty() || name == options_.model.model || name == info_.name) return std::nullopt;
  if (options_.max_models <= 1) {
    return Failure{Failure::Kind::kNoModel, StatusCode::kNotFound,
                   "this server runs the model " + info_.name + " alone", 0};
  }
  job.model = name;
  if (models_.contains(name)) return std::nullopt;
  const bool is_file = name.find('/') != std::string::npos || name.ends_with(".onnx");
  const auto located = is_file
                           ? Result<LocatedModel>(NotFound("there is no model \"" + name + "\""))
                           : LocateModel(name);
  if (located.ok()) return std::nullopt;
  // Where it was looked for is nobody's affair who asks over the network.
  return Failure{Failure::Kind::kNoModel, StatusCode::kNotFound,
                 FindInCatalogue(name) != nullptr
                     ? "the model \"" + name + "\" is not on this server"
                     : located.status().message(),
                 0};
}

std::vector<std::string> Pool::ModelNames() const {
  std::vector<std::string> names = {info_.name};
  if (options_.max_models <= 1) return names;
  for (const CatalogueEntry& entry : Catalogue()) {
    if (entry.name != info_.name && LocateModel(entry.name).ok()) names.emplace_back(entry.name);
  }
  return names;
}

PoolModel* Pool::Ready(const std::string& name) {
  auto found = models_.find(name);
  if (found == models_.end()) {
    if (!MakeRoomForModel()) return nullptr;
    found = models_.try_emplace(name).first;
    found->second.name = name;
    Restart(name);
    found = models_.find(name);
    if (found == models_.end()) return nullptr;
  }
  PoolModel& model = found->second;
  model.used = Clock::now();
  return model.state == PoolModel::State::kReady ? &model : nullptr;
}

// The one that nobody wants and that was used the longest ago makes room.
bool Pool::MakeRoomForModel() {
  if (static_cast<int>(models_.size()) < std::max(options_.max_models, 1)) return true;
  PoolModel* oldest = nullptr;
  for (auto& entry : models_) {
    const std::string& name = entry.first;
    PoolModel& model = entry.second;
    const bool wanted =
        name.empty() ||
        std::ranges::any_of(jobs_, [&](const auto& job) { return job.second->model == name; }) ||
        std::ranges::any_of(workers_, [&](const auto& worker) {
          return worker.second.model == name && worker.second.job != 0;
        });
    if (!wanted && (oldest == nullptr || model.used < oldest->used)) oldest = &model;
  }
  if (oldest == nullptr) return false;
  const std::string name = oldest->name;
  std::erase_if(workers_, [&](const auto& worker) { return worker.second.model == name; });
  models_.erase(name);
  return true;
}

void Pool::Attach(PoolModel& model) {
  WorkerSource::Events events;
  events.loaded = [this, name = model.name](const Result<ModelInfo>& info) {
    OnLoaded(name, info);
  };
  events.started = [this](uint64_t worker, int, UniqueFd handle) {
    OnStarted(worker, std::move(handle));
  };
  events.ended = [this](uint64_t worker, const ProcessEnd& end, const Status& failed) {
    OnEnded(worker, end, failed);
  };
  events.gone = [this, name = model.name](const std::string& why) { OnGone(name, why); };
  model.source->Attach(*context_, std::move(events));
}

void Pool::OnLoaded(const std::string& name, const Result<ModelInfo>& info) {
  const auto found = models_.find(name);
  if (found == models_.end()) return;
  PoolModel& model = found->second;
  if (!info.ok()) {
    const auto source = std::move(model.source);  // lives on while its event is told
    const Status& status = info.status();
    if (name.empty()) {  // it could be loaded before
      StartFailed(model, status.message());
      return;
    }
    models_.erase(found);
    Log("the model \"" + name + "\" cannot be loaded: " + status.message());
    FailModel(name, {Failure::Kind::kWorker, StatusCode::kInternal,
                     "the model \"" + name + "\" cannot be loaded on this server", 0});
    return;
  }
  model.info = *info;
  model.state = PoolModel::State::kReady;
  if (name.empty()) KeepWorkers();
  Pump();
}

// The source's workers have gone with it. Their jobs have done nothing to deserve that, and are
// tried once more.
void Pool::OnGone(const std::string& name, const std::string& why) {
  const auto found = models_.find(name);
  if (found == models_.end()) return;
  const auto source = std::move(found->second.source);  // lives on while its event is told
  ++counts_.restarts;
  if (restarted_) restarted_("zygote");
  std::vector<uint64_t> lost;
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (worker->second.model != name) {
      ++worker;
      continue;
    }
    if (worker->second.job != 0) lost.push_back(worker->second.job);
    memory_used_ -= worker->second.memory;
    worker = workers_.erase(worker);
  }
  for (auto id = lost.rbegin(); id != lost.rend(); ++id) {
    const auto job = jobs_.find(*id);
    if (job == jobs_.end()) continue;
    if (std::exchange(job->second->retried, true)) {
      Fail(*id, {Failure::Kind::kWorker, StatusCode::kInternal, why, 0});
    } else {
      job->second->worker = 0;
      queue_.push_front(*id);
    }
  }
  if (const auto still = models_.find(name); still != models_.end()) {
    StartFailed(still->second, why);
  }
  Pump();
}

// Tries again after a pause that grows; those who wait are told when it has failed too often.
void Pool::StartFailed(PoolModel& model, const std::string& why) {
  start_failed_ = why;
  Log(why);
  if (model.state == PoolModel::State::kWaiting) return;  // one of several at a time
  const std::string name = model.name;
  const int before = model.failures++;
  model.state = PoolModel::State::kWaiting;
  model.timer = std::make_unique<boost::asio::steady_timer>(
      *context_, before == 0 ? std::chrono::milliseconds(0)
                             : kFirstPause * (1 << std::min(before - 1, kMostDoublings)));
  model.timer->async_wait([this, name](const boost::system::error_code& error) {
    if (!error) Restart(name);
  });
  if (before + 1 >= kMostFailures) {
    FailModel(name, {Failure::Kind::kWorker, StatusCode::kInternal,
                     "no worker can be started: " + why, 0});
  }
}

void Pool::Log(const std::string& what) const {
  if (options_.tell) options_.tell(what);
}

// The source where there is none, or workers from it once more.
void Pool::Restart(const std::string& name) {
  PoolModel& model = models_.at(name);
  const auto wants = [&](const auto& job) { return job.second->model == name; };
  if (!name.empty() && model.state == PoolModel::State::kWaiting &&
      std::ranges::none_of(jobs_, wants)) {
    models_.erase(name);
    return;
  }
  if (model.source == nullptr) {
    model.state = PoolModel::State::kLoading;
    auto source = MakeSource(name);
    if (!source.ok()) {
      StartFailed(model, source.status().message());
      return;
    }
    model.source = *std::move(source);
    Attach(model);
    return;
  }
  model.state = PoolModel::State::kReady;
  if (name.empty()) KeepWorkers();
  Pump();
}

}  // namespace peel::server
