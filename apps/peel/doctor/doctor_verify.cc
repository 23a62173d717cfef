#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/doctor/doctor_devices.h"
#include "apps/peel/output.h"
#include "src/engine/device_record.h"
#include "src/pipeline/jobs/device_trial.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

// Speed-ups are against `base`: the times, by size, of the first device that ran.
Json TrialJson(const DeviceTrial& trial, const std::vector<Spread>& base,
               const std::vector<int>& sizes) {
  Json json = {{"backend", engine::BackendName(trial.backend)},
               {"device", engine::DeviceName(trial.device)},
               {"proven", trial.proven}};
  if (!trial.reason.empty()) json["reason"] = trial.reason;
  if (trial.times.empty()) return json;
  json["runs_on"] = trial.backend_name;
  json["precision"] = trial.precision;
  json["load_ms"] = trial.load_ms;
  if (!trial.nodes.empty()) json["nodes"] = trial.nodes;
  json["mean_difference"] = trial.distance.mean_difference;
  json["iou"] = trial.distance.iou;
  json["times"] = Json::array();
  for (size_t i = 0; i < trial.times.size(); ++i) {
    Json time = {{"size", sizes[i]},
                 {"median_ms", trial.times[i].median},
                 {"low_ms", trial.times[i].low},
                 {"high_ms", trial.times[i].high}};
    if (i < base.size() && trial.times[i].median > 0) {
      time["speed_up"] = base[i].median / trial.times[i].median;
    }
    json["times"].push_back(std::move(time));
  }
  return json;
}

void PrintText(const Json& doc, const std::vector<int>& sizes) {
  Print("{:<12} {:<9} {:<5} {:>9}", "backend", "device", "num.", "load ms");
  for (const int size : sizes) Print(" {:>9} {:>6}", fmt::format("{} px", size), "x");
  Print("  {:>9} {:>7}\n", "mean diff", "IoU");
  for (const Json& trial : doc["devices"]) {
    Print("{:<12} {:<9} ", trial["backend"].get<std::string>(), trial["device"].get<std::string>());
    if (!trial["proven"].get<bool>()) {
      Print("no: {}\n", trial["reason"].get<std::string>());
      continue;
    }
    Print("{:<5} {:>9.1f}", trial["precision"].get<std::string>(), trial["load_ms"].get<double>());
    for (const Json& time : trial["times"]) {
      Print(
          " {:>9.1f} {:>6}", time["median_ms"].get<double>(),
          time.contains("speed_up") ? fmt::format("{:.2f}", time["speed_up"].get<double>()) : "-");
    }
    Print("  {:>9.5f} {:>7.4f}\n", trial["mean_difference"].get<double>(),
          trial["iou"].get<double>());
  }
  Print(
      "\nms: pixels in, cut-out pixels out, median of {} runs after one; x: times as fast as "
      "the first line;\nmean diff, IoU: of the matte from the first line's.\n",
      doc["runs"].get<int>());
  Print("--device auto is now {} ({}).\n", doc["auto"]["device"].get<std::string>(),
        doc["auto"]["backend"].get<std::string>());
}

}  // namespace

int RunVerify(const VerifyArguments& arguments, const engine::RuntimeOptions& options) {
  VerifyOptions verify;
  verify.model = arguments.model;
  verify.runs = arguments.runs;
  verify.threads = arguments.threads;
  verify.runtime = options;
  const auto trials = VerifyDevices(verify);
  if (!trials.ok()) {
    Console().Error(trials.status().message());
    return kExitNothing;
  }
  const auto first = std::find_if(trials->begin(), trials->end(),
                                  [](const DeviceTrial& trial) { return trial.proven; });
  const std::vector<Spread> base = first != trials->end() ? first->times : std::vector<Spread>();
  Json doc = {{"model", arguments.model.empty() ? "peel" : arguments.model},
              {"runs", arguments.runs}};
  for (const DeviceTrial& trial : *trials) {
    doc["devices"].push_back(TrialJson(trial, base, verify.sizes));
  }
  const engine::ProvenDevice best = engine::FastestProven();
  doc["auto"] = {{"backend", engine::BackendName(best.backend)},
                 {"device", engine::DeviceName(best.device)}};
  if (arguments.json) {
    Print("{}\n", doc.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    PrintText(doc, verify.sizes);
  }
  return kExitDone;
}

}  // namespace peel
