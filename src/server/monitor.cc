#include "src/server/monitor.h"

#include <utility>

#include "src/server/routes.h"
#include "src/server/telemetry/log.h"
#include "src/server/telemetry/service_metrics.h"

namespace peel::server {
namespace {

double Seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

class TheMonitor final : public Monitor {
 public:
  TheMonitor(std::unique_ptr<Log> log, const std::string& version)
      : log_(std::move(log)), metrics_(KnownRoutes(), version) {}

  void Tell(const Answered& answered) override {
    const CutDone* const done =
        answered.outcome != nullptr && answered.outcome->ok() ? &*answered.outcome->done : nullptr;
    static const std::vector<std::pair<std::string, double>> kNone;
    metrics_.Answered(answered.route, answered.status, done != nullptr ? done->model : "",
                      done != nullptr ? done->device : "", Seconds(answered.taken),
                      done != nullptr ? done->stages : kNone);
    if (!log_->is_on()) return;
    RequestRecord record = RecordOf(answered.request);
    record.route = answered.route;
    record.key = answered.key;
    record.status = answered.status;
    record.bytes_in = answered.bytes_in;
    record.bytes_out = answered.bytes_out;
    record.milliseconds = 1000 * Seconds(answered.taken);
    if (done != nullptr) {
      record.stages = done->stages;
      record.model = done->model;
      record.device = done->device;
    }
    if (answered.status >= 400) record.message = answered.note;
    log_->Write(record);
  }

  void Note(std::string_view level, std::string_view message) override {
    log_->Write(level == "error"     ? LogLevel::kError
                : level == "warning" ? LogLevel::kWarning
                                     : LogLevel::kInfo,
                message);
  }

  void Restarted(std::string_view reason) override { metrics_.Restarted(reason); }

  std::string Metrics(const WorkerPool::Counts& work, const HttpServer::Counts& http) override {
    ServiceMetrics::State state;
    state.queue_length = work.queued;
    state.in_flight = work.queued + work.busy;
    state.connections = http.connections;
    state.workers_idle = work.workers - work.busy;
    state.workers_busy = work.busy;
    state.bytes_admitted = work.bytes_admitted;
    state.pixels_admitted = work.pixels_admitted;
    state.resident_bytes = work.resident;
    state.bytes_in = http.bytes_in;
    state.bytes_out = http.bytes_out;
    state.log_lines_lost = log_->lost();
    metrics_.Update(state);
    return metrics_.Text();
  }

  void ReopenLog() override {
    if (const Status status = log_->Reopen(); !status.ok()) {
      log_->Write(LogLevel::kError, status.message());
    }
  }

 private:
  std::unique_ptr<Log> log_;
  ServiceMetrics metrics_;
};

}  // namespace

Result<std::unique_ptr<Monitor>> Monitor::Open(const ServiceOptions& options) {
  const LogForm form = options.log == ServiceOptions::Log::kJson  ? LogForm::kJson
                       : options.log == ServiceOptions::Log::kOff ? LogForm::kOff
                                                                  : LogForm::kText;
  PEEL_ASSIGN_OR_RETURN(auto log, Log::Open(form, options.log_file));
  return std::unique_ptr<Monitor>(std::make_unique<TheMonitor>(std::move(log), options.version));
}

}  // namespace peel::server
