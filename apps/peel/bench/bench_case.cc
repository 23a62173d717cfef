#include "apps/peel/bench/bench_case.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/os/files.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/jobs/device_trial.h"

extern char** environ;

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
          {"folder", bench.folder}};
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
  return bench;
}

uint64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
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
      result["peak_bytes"] = PeakBytes();
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
    options.max_size = size;
    std::vector<double> all, network;
    double sum_of_medians = 0;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      const std::string number = std::to_string(size) + "-" + std::to_string(i);
      CutOptions mask = options;
      mask.mask_only = true;
      PEEL_ASSIGN_OR_RETURN(const EncodedCut matte, Cut(cutter, i, mask));
      PEEL_RETURN_IF_ERROR(Write("mask-" + number + ".png", matte.bytes));
      std::vector<double> times;
      for (int round = 0; round < bench_.warmup + bench_.rounds; ++round) {
        const Clock::time_point start = Clock::now();
        PEEL_ASSIGN_OR_RETURN(const EncodedCut cut, Cut(cutter, i, options));
        const std::chrono::duration<double, std::milli> passed = Clock::now() - start;
        if (round < bench_.warmup) continue;
        if (times.empty()) PEEL_RETURN_IF_ERROR(Write("cut-" + number + ".png", cut.bytes));
        times.push_back(passed.count());
        for (const auto& [stage, milliseconds] : cut.info.times) {
          if (stage == "network") network.push_back(milliseconds);
        }
      }
      sum_of_medians += SpreadOf(times).median;
      all.insert(all.end(), times.begin(), times.end());
    }
    const Spread spread = SpreadOf(all);
    return Json{
        {"size", size},
        {"median_ms", spread.median},
        {"low_ms", spread.low},
        {"high_ms", spread.high},
        {"network_ms", SpreadOf(network).median},
        {"images_per_s",
         sum_of_medians > 0 ? 1000.0 * static_cast<double>(pictures_.size()) / sum_of_medians : 0},
        {"runs", spread.runs}};
  }

  Status Thumbnails(const Cutter& cutter) {
    CutOptions options;
    options.max_size = kThumbnail;
    options.keep_metadata = false;
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

struct Pipe {
  int ends[2] = {-1, -1};
  bool Open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  ~Pipe() {
    Close(0);
    Close(1);
  }
};

// The whole output of the child; the input is written while it is read, so that neither waits.
std::string Talk(int to, int from, Pipe& in, const std::string& input) {
  std::string output;
  size_t written = 0;
  for (;;) {
    pollfd polls[] = {{from, POLLIN, 0}, {to, POLLOUT, 0}};
    const bool writing = written < input.size();
    if (poll(polls, writing ? 2 : 1, -1) < 0 && errno != EINTR) break;
    if (writing && (polls[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t n = write(to, input.data() + written, input.size() - written);
      written = n > 0 ? written + static_cast<size_t>(n) : input.size();
      if (written == input.size()) in.Close(1);
    }
    if ((polls[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      char buffer[1 << 14];
      const ssize_t n = read(from, buffer, sizeof(buffer));
      if (n <= 0) break;
      output.append(buffer, static_cast<size_t>(n));
    }
  }
  return output;
}

}  // namespace

std::string DeviceLabel(const BenchCase& bench) {
  return bench.backend == "onnxruntime" && bench.device == "cpu" ? "onnxruntime" : bench.device;
}

Json RunBenchCase(const BenchCase& bench) {
  Pipe in, out;
  if (!in.Open() || !out.Open()) return Failed("no pipe is to be had");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  char program[] = "/proc/self/exe", command[] = "bench-case";
  char* arguments[] = {program, command, nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, program, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Failed(std::string("no process is to be had: ") + std::strerror(error));
  in.Close(0);
  out.Close(1);
  const std::string output =
      Talk(in.ends[1], out.ends[0], in,
           ToJson(bench).dump(-1, ' ', false, Json::error_handler_t::replace));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status)) {
    return Failed(
        fmt::format("it died of signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status))));
  }
  // A library may have printed before it.
  const size_t start = output.find("{\"");
  Json result = start == std::string::npos
                    ? Json()
                    : Json::parse(output.substr(start), nullptr, /*allow_exceptions=*/false);
  if (!result.is_object() || !result.contains("status")) {
    return Failed(fmt::format("it ended with exit code {} and no result", WEXITSTATUS(status)));
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
