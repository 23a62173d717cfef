#include "src/server/telemetry/service_metrics.h"

#include <algorithm>

namespace peel::server {
namespace {

// From a refusal to a large picture on a busy machine.
const std::vector<double> kRequestBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                            0.5,   1,      2.5,   5,    10,    30,   60};
const std::vector<double> kStageBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                          0.1,    0.25,  0.5,    1,     2.5,  5,     10};

}  // namespace

ServiceMetrics::ServiceMetrics(std::vector<std::string> routes, const std::string& version)
    : routes_(std::move(routes)),
      requests_("peel_requests_total", "Requests answered.",
                {"route", "status", "model", "device"}),
      request_seconds_("peel_request_seconds",
                       "Time from a request's head to the end of its answer.", {"route"},
                       kRequestBounds),
      stage_seconds_("peel_stage_seconds", "Time of each stage of a picture's work.", {"stage"},
                     kStageBounds),
      queue_length_("peel_queue_length", "Pictures that wait for a worker.", {}),
      in_flight_("peel_in_flight", "Requests that are not answered yet.", {}),
      bytes_admitted_("peel_bytes_admitted_total", "Bytes of the pictures that were admitted.", {}),
      pixels_admitted_("peel_pixels_admitted_total", "Pixels of the pictures that were admitted.",
                       {}),
      resident_bytes_("peel_resident_bytes",
                      "Memory of all the service's processes, what they share counted once.", {}),
      workers_("peel_workers", "Worker processes.", {"state"}),
      worker_restarts_("peel_worker_restarts_total", "Workers that were replaced.", {"reason"}),
      connections_("peel_connections", "Open connections.", {}),
      bytes_("peel_bytes_total", "Bytes received (in) and sent (out).", {"direction"}),
      log_lines_lost_("peel_log_lines_lost_total", "Log lines that could not be written.", {}),
      build_info_("peel_build_info", "Always 1; its label says which Peel this is.", {"version"}) {
  build_info_.Set({version}, 1);
  Update({});
  // There from the start, so that the first one is a step that Prometheus sees.
  for (const char* reason : {"crash", "hang", "memory", "zygote"}) {
    worker_restarts_.SetTotal({reason}, 0);
  }
}

std::string_view ServiceMetrics::RouteOf(std::string_view path) const {
  const auto found = std::ranges::find(routes_, path);
  return found == routes_.end() ? std::string_view("other") : std::string_view{*found};
}

void ServiceMetrics::Answered(std::string_view path, int status, std::string_view model,
                              std::string_view device, double seconds,
                              std::span<const std::pair<std::string, double>> stages) {
  const std::string route(RouteOf(path));
  requests_.Add({route, std::to_string(status), std::string(model), std::string(device)});
  request_seconds_.Observe({route}, seconds);
  for (const auto& [stage, milliseconds] : stages) {
    stage_seconds_.Observe({stage}, milliseconds / 1000);
  }
}

void ServiceMetrics::Update(const State& state) {
  queue_length_.Set({}, state.queue_length);
  in_flight_.Set({}, state.in_flight);
  connections_.Set({}, state.connections);
  workers_.Set({"idle"}, state.workers_idle);
  workers_.Set({"busy"}, state.workers_busy);
  bytes_admitted_.SetTotal({}, state.bytes_admitted);
  pixels_admitted_.SetTotal({}, state.pixels_admitted);
  resident_bytes_.Set({}, static_cast<double>(state.resident_bytes));
  bytes_.SetTotal({"in"}, state.bytes_in);
  bytes_.SetTotal({"out"}, state.bytes_out);
  log_lines_lost_.SetTotal({}, state.log_lines_lost);
}

std::string ServiceMetrics::Text() const {
  const MetricFamily* const all[] = {
      &requests_,       &request_seconds_, &stage_seconds_,  &queue_length_, &in_flight_,
      &bytes_admitted_, &pixels_admitted_, &resident_bytes_, &workers_,      &worker_restarts_,
      &connections_,    &bytes_,           &log_lines_lost_, &build_info_};
  std::string text;
  for (const MetricFamily* const family : all) family->Write(&text);
  return text;
}

}  // namespace peel::server
