#include "apps/peel/bench/bench_case.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <iterator>
#include <utility>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/os/child_process.h"
#include "src/base/os/files.h"
#include "src/base/os/machine.h"
#include "src/base/os/process.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/jobs/device_trial.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kThumbnail = 240;

Json ToJson(const BenchCase& bench) {
  return {{"model", bench.model},     {"device", bench.device},
          {"backend", bench.backend}, {"precision", bench.precision},
          {"sizes", bench.sizes},     {"pictures", bench.pictures},
          {"rounds", bench.rounds},   {"warmup", bench.warmup},
          {"threads", bench.threads}, {"ort", bench.ort},
          {"folder", bench.folder},   {"pipeline", bench.pipeline}};
}

BenchCase FromJson(const Json& json) {
  BenchCase bench;
  json.at("model").get_to(bench.model);
  json.at("device").get_to(bench.device);
  json.at("backend").get_to(bench.backend);
  json.at("precision").get_to(bench.precision);
  json.at("sizes").get_to(bench.sizes);
  json.at("pictures").get_to(bench.pictures);
  json.at("rounds").get_to(bench.rounds);
  json.at("warmup").get_to(bench.warmup);
  json.at("threads").get_to(bench.threads);
  json.at("ort").get_to(bench.ort);
  json.at("folder").get_to(bench.folder);
  json.at("pipeline").get_to(bench.pipeline);
  return bench;
}

// Everything that is measured in the child.
class Child {
 public:
  explicit Child(BenchCase bench) : bench_(std::move(bench)) {}

  Json Run() {
    Json result;
    const Status status = Measure(result);
    if (status.ok()) {
      result["status"] = "ok";
      result["peak_bytes"] = PeakMemory();
      return result;
    }
    const bool refused =
        status.code() == StatusCode::kDeviceRefused || status.code() == StatusCode::kUnsupported;
    result["status"] = refused ? "refused" : "failed";
    const auto device = ParseDevice(bench_.device);
    result["reason"] = WithoutAdvice(status.message(), device.ok() ? *device : Device::kAuto);
    return result;
  }

 private:
  Status Measure(Json& result) {
    ModelOptions model;
    model.model = bench_.model;
    model.threads = bench_.threads;
    model.strict = true;
    PEEL_ASSIGN_OR_RETURN(model.device, ParseDevice(bench_.device));
    PEEL_ASSIGN_OR_RETURN(model.backend, ParseBackend(bench_.backend));
    PEEL_ASSIGN_OR_RETURN(model.precision, ParsePrecision(bench_.precision));
    PEEL_ASSIGN_OR_RETURN(model.runtime, ParseRuntime(bench_.ort));
    const auto cutter = Cutter::Start(model);
    PEEL_RETURN_IF_ERROR(cutter->Wait());
    const ModelInfo& info = cutter->info();
    result["device"] = info.device;
    result["backend"] = info.backend;
    result["precision"] = info.precision;
    result["precision_detail"] = info.precision_detail;
    result["nodes"] = info.nodes;
    result["threads"] = info.threads;
    result["load_ms"] = info.load_ms;
    for (const std::string& path : bench_.pictures) {
      auto bytes = ReadWholeFile(path, Limits{}.max_bytes);
      if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
      pictures_.push_back(*std::move(bytes));
    }
    result["sizes"] = Json::array();
    for (const int size : bench_.sizes) {
      PEEL_ASSIGN_OR_RETURN(Json measured, MeasureSize(*cutter, size));
      result["sizes"].push_back(std::move(measured));
    }
    return Thumbnails(*cutter);
  }

  Result<Json> MeasureSize(const Cutter& cutter, int size) {
    CutOptions options;
    options.decode.max_size = size;
    if (bench_.pipeline) {
      options.rectify.emplace();
      options.rectify->cutout = true;
      options.rectify->keep = true;
    }
    Json quads = Json::array(), diagonals = Json::array();
    std::vector<double> all, network;
    double sum_of_medians = 0;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      const std::string number = std::to_string(size) + "-" + std::to_string(i);
      CutOptions mask = options;
      mask.compose.mask_only = true;
      mask.rectify.reset();
      PEEL_ASSIGN_OR_RETURN(const EncodedCut matte, Cut(cutter, i, mask));
      PEEL_RETURN_IF_ERROR(Write("mask-" + number + ".png", matte.bytes));
      std::vector<double> times;
      for (int round = 0; round < bench_.warmup + bench_.rounds; ++round) {
        const Clock::time_point start = Clock::now();
        PEEL_ASSIGN_OR_RETURN(const EncodedCut cut, Cut(cutter, i, options));
        const std::chrono::duration<double, std::milli> passed = Clock::now() - start;
        if (round < bench_.warmup) continue;
        if (times.empty()) {
          PEEL_RETURN_IF_ERROR(Write("cut-" + number + ".png", cut.bytes));
          quads.push_back(QuadOf(cut.info));
          diagonals.push_back(std::hypot(cut.info.input_width, cut.info.input_height));
        }
        times.push_back(passed.count());
        for (const auto& [stage, milliseconds] : cut.info.times) {
          if (stage == "network") network.push_back(milliseconds);
        }
      }
      sum_of_medians += SpreadOf(times).median;
      all.insert(all.end(), times.begin(), times.end());
    }
    const Spread spread = SpreadOf(all);
    Json measured = {
        {"size", size},
        {"median_ms", spread.median},
        {"low_ms", spread.low},
        {"high_ms", spread.high},
        {"network_ms", SpreadOf(network).median},
        {"images_per_s",
         sum_of_medians > 0 ? 1000.0 * static_cast<double>(pictures_.size()) / sum_of_medians : 0},
        {"runs", spread.runs}};
    if (bench_.pipeline) {
      measured["quads"] = std::move(quads);
      measured["diagonals"] = std::move(diagonals);
    }
    return measured;
  }

  static Json QuadOf(const CutInfo& info) {
    if (!info.rectify || !info.rectify->ok()) return nullptr;
    Json corners = Json::array();
    for (const Point& p : info.rectify->quad.corners) corners.push_back({p.x, p.y});
    return corners;
  }

  Status Thumbnails(const Cutter& cutter) {
    CutOptions options;
    options.decode.max_size = kThumbnail;
    options.encode.keep_metadata = false;
    for (size_t i = 0; i < pictures_.size() && i < 4; ++i) {
      PEEL_ASSIGN_OR_RETURN(const EncodedCut cut, Cut(cutter, i, options));
      PEEL_RETURN_IF_ERROR(Write("thumb-" + std::to_string(i) + ".png", cut.bytes));
    }
    return OkStatus();
  }

  Result<EncodedCut> Cut(const Cutter& cutter, size_t i, const CutOptions& options) const {
    auto cut = cutter.CutBytes(pictures_[i], options);
    if (!cut.ok()) return std::move(cut).status().WithContext(bench_.pictures[i]);
    return cut;
  }

  Status Write(const std::string& name, const std::vector<uint8_t>& bytes) const {
    const std::string path = bench_.folder + "/" + name;
    return WriteFileAtomically(path, bytes).WithContext(path);
  }

  const BenchCase bench_;
  std::vector<std::vector<uint8_t>> pictures_;
};

Json Failed(std::string reason) { return {{"status", "failed"}, {"reason", std::move(reason)}}; }

}  // namespace

std::string DeviceLabel(const BenchCase& bench) {
  return bench.backend == "onnxruntime" && bench.device == "cpu" ? "onnxruntime" : bench.device;
}

Json RunBenchCase(const BenchCase& bench) {
  const auto talk = Converse(OwnProgram(), {"bench-case"},
                             ToJson(bench).dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!talk.ok()) return Failed(talk.status().message());
  const auto& [output, end] = *talk;
  if (end.signal != 0) {
    return Failed(fmt::format("it died of signal {} ({})", end.signal, SignalName(end.signal)));
  }
  // A library may have printed before it.
  const size_t start = output.find("{\"");
  Json result = start == std::string::npos
                    ? Json()
                    : Json::parse(output.substr(start), nullptr, /*allow_exceptions=*/false);
  if (!result.is_object() || !result.contains("status")) {
    return Failed(fmt::format("it ended with exit code {} and no result", std::max(end.code, 0)));
  }
  return result;
}

void AddBenchCaseCommand(Command& app, int* exit_code) {
  Command command = app.AddCommand("bench-case", "One case of peel bench");
  command.Hide();
  command.OnParsed([exit_code] {
    const std::string text((std::istreambuf_iterator<char>(std::cin)),
                           std::istreambuf_iterator<char>());
    Json result;
    try {
      result = Child(FromJson(Json::parse(text))).Run();
    } catch (const Json::exception& error) {
      Console().Error(fmt::format("bench-case is run by `peel bench`: {}", error.what()));
      *exit_code = 2;
      return;
    }
    Print("{}\n", result.dump(-1, ' ', false, Json::error_handler_t::replace));
    *exit_code = 0;
  });
}

}  // namespace peel
