#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/server/telemetry/metrics.h"

namespace peel::server {

// What the service tells Prometheus of itself.
class ServiceMetrics {
 public:
  // `routes`: the paths that are told apart, all others are "other"; `version` is Peel's.
  ServiceMetrics(std::vector<std::string> routes, const std::string& version);

  // One of the routes, or "other". Also for logs.
  std::string_view RouteOf(std::string_view path) const;

  // An answer that went out. `seconds` from the request's head to the answer's end; `model` and
  // `device` as they ran, "" where nothing ran. `stages` in milliseconds.
  void Answered(std::string_view path, int status, std::string_view model, std::string_view device,
                double seconds, std::span<const std::pair<std::string, double>> stages);

  // What others count, as it is now: to be told before Text. Totals are since the start.
  struct State {
    int queue_length = 0, in_flight = 0, connections = 0;
    int workers_idle = 0, workers_busy = 0;
    uint64_t bytes_admitted = 0, pixels_admitted = 0;
    uint64_t resident_bytes = 0;
    uint64_t bytes_in = 0, bytes_out = 0;
    uint64_t log_lines_lost = 0;
  };
  void Update(const State& state);
  // A worker was replaced: "crash", "hang", "memory", "age" …
  void Restarted(std::string_view reason) { worker_restarts_.Add({std::string(reason)}); }

  // The body of /metrics, of kMetricsType.
  std::string Text() const;

 private:
  const std::vector<std::string> routes_;
  Counter requests_;
  Histogram request_seconds_, stage_seconds_;
  Gauge queue_length_, in_flight_;
  Counter bytes_admitted_, pixels_admitted_;
  Gauge resident_bytes_, workers_;
  Counter worker_restarts_;
  Gauge connections_;
  Counter bytes_, log_lines_lost_;
  Gauge build_info_;
};

}  // namespace peel::server
