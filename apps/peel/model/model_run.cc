#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "apps/peel/console.h"
#include "apps/peel/model/model_command.h"
#include "apps/peel/model/model_inputs.h"
#include "apps/peel/model/npy.h"
#include "apps/peel/model/profile.h"
#include "apps/peel/output.h"
#include "src/base/os/machine.h"
#include "src/engine/backend.h"
#include "src/engine/session.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/model/int8_model.h"
#include "src/pipeline/model/precision.h"

namespace peel {
namespace {

using engine::NamedTensor;
using engine::Port;
using engine::Session;
using engine::Shape;
using engine::Tensor;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string file;
  std::vector<std::string> inputs, outputs, shapes;
  int repeat = 0, warmup = 0, threads = 0;
  std::string precision = "auto", device = "auto", backend = "auto", ort;
  bool profile = false, json = false, strict = false;
};

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

const Port* FindPort(const std::vector<Port>& ports, const std::string& name) {
  const auto it = std::find_if(ports.begin(), ports.end(), [&](auto& p) { return p.name == name; });
  return it == ports.end() ? nullptr : &*it;
}

Status NoSuchPort(const Options& options, const char* kind, const std::string& name,
                  const std::vector<Port>& ports) {
  std::string list;
  for (const Port& port : ports) list += (list.empty() ? "'" : ", '") + port.name + "'";
  return InvalidArgument(fmt::format("{}: has no {} '{}'; it has {}", options.file, kind, name,
                                     list.empty() ? "none" : list));
}

// One tensor per input: the file's where one is given, random numbers elsewhere.
Result<std::vector<NamedTensor>> Feeds(const Options& options, const Session& session,
                                       std::span<const std::string> fetches) {
  std::map<std::string, Tensor> given;
  std::map<std::string, Shape> shapes;
  for (const std::string& text : options.inputs) {
    PEEL_ASSIGN_OR_RETURN(const auto pair, SplitPair("--input", text));
    if (!FindPort(session.inputs(), pair.first)) {
      return NoSuchPort(options, "input", pair.first, session.inputs());
    }
    PEEL_ASSIGN_OR_RETURN(given[pair.first], engine::ReadNpy(pair.second));
  }
  for (const std::string& text : options.shapes) {
    PEEL_ASSIGN_OR_RETURN(const auto pair, SplitPair("--shape", text));
    if (!FindPort(session.inputs(), pair.first)) {
      return NoSuchPort(options, "input", pair.first, session.inputs());
    }
    PEEL_ASSIGN_OR_RETURN(shapes[pair.first], ParseShape(pair.second));
  }
  std::vector<NamedTensor> feeds;
  std::vector<size_t> random;
  for (const Port& port : session.inputs()) {
    const auto shape_it = shapes.find(port.name);
    if (const auto it = given.find(port.name); it != given.end()) {
      if (shape_it != shapes.end() && shape_it->second != it->second.shape()) {
        return InvalidArgument("--shape and the file given for input '" + port.name + "' differ");
      }
      feeds.push_back({port.name, it->second});
      continue;
    }
    if (!port.has_shape && shape_it == shapes.end()) {
      return InvalidArgument(fmt::format(
          "{}: input '{}' declares no shape; give --shape or --input", options.file, port.name));
    }
    if (const std::string taken = TakenAsOne(port); shape_it == shapes.end() && !taken.empty()) {
      Console().Note(taken);
    }
    const Shape shape = shape_it != shapes.end() ? shape_it->second : ShapeOfOnes(port);
    PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(port.type, shape));
    random.push_back(feeds.size());
    feeds.push_back({port.name, std::move(tensor)});
  }
  PEEL_RETURN_IF_ERROR(FillRandomly(session, fetches, random, feeds).WithContext(options.file));
  return feeds;
}

Result<engine::DeviceRequest> RequestFor(const Options& options) {
  engine::DeviceRequest request;
  request.strict = options.strict;
  PEEL_ASSIGN_OR_RETURN(request.device, ParseDevice(options.device));
  PEEL_ASSIGN_OR_RETURN(request.backend, ParseBackend(options.backend));
  PEEL_ASSIGN_OR_RETURN(request.runtime, ParseRuntime(options.ort));
  return request;
}

// Says what runs instead of what was asked for, or fails where that is not wanted.
Status CheckPrecision(const Options& options, const PrecisionPlan& plan,
                      const engine::NumberReport& numbers) {
  const std::string fallback = PrecisionFallback(plan, numbers);
  if (fallback.empty()) return OkStatus();
  const std::string note = fmt::format("--precision {}: {}", options.precision, fallback);
  if (options.strict && plan.wish != engine::Precision::kAuto) {
    return Status(StatusCode::kDeviceRefused, note + " without --strict");
  }
  Console().Note(note);
  return OkStatus();
}

std::string Range(const Tensor& tensor) {
  const auto values = tensor.AsFloats();
  if (!values.ok() || values->empty()) return "";
  double sum = 0;
  for (const float v : *values) sum += v;
  const auto [low, high] = std::minmax_element(values->begin(), values->end());
  return fmt::format("  min {:.6g} max {:.6g} mean {:.6g}", *low, *high,
                     sum / static_cast<double>(values->size()));
}

struct Timing {
  double load = 0, first = 0, min = 0, median = 0;
  std::vector<double> all;  // of the repeated runs, in order
};

// What a run is made of, and what came of it.
struct Outcome {
  engine::PlacedSession placed;
  std::vector<std::string> fetches;  // empty: all outputs
  std::unique_ptr<engine::Context> context;
  std::vector<Tensor> results;
  Timing timing;
  engine::NumberReport numbers;
};

// The first run, and the repeated ones.
Status Measure(const Options& options, const PrecisionPlan& plan,
               const std::vector<NamedTensor>& feeds, Outcome* run) {
  const bool again = options.repeat > 0;
  run->context->EnableProfile(options.profile && !again);
  auto start = Clock::now();
  PEEL_ASSIGN_OR_RETURN(run->results, run->context->Run(feeds, run->fetches));
  run->timing.first = run->timing.min = run->timing.median = MillisecondsSince(start);
  run->numbers = run->context->Numbers();
  PEEL_RETURN_IF_ERROR(CheckPrecision(options, plan, run->numbers));
  if (again) {
    for (int i = 0; i < options.warmup; ++i) {
      PEEL_ASSIGN_OR_RETURN(run->results, run->context->Run(feeds, run->fetches));
    }
    std::vector<double> times;
    for (int i = 0; i < options.repeat; ++i) {
      // The last run alone is profiled, so that the others are timed as users run them.
      if (options.profile && i + 1 == options.repeat) run->context->EnableProfile(true);
      start = Clock::now();
      PEEL_ASSIGN_OR_RETURN(run->results, run->context->Run(feeds, run->fetches));
      times.push_back(MillisecondsSince(start));
    }
    run->timing.all = times;
    std::sort(times.begin(), times.end());
    run->timing.min = times.front();
    run->timing.median = (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
  }
  return OkStatus();
}

void PrintJson(const Options& options, const Outcome& run) {
  const engine::RunsOn on = run.placed.session->runs_on();
  nlohmann::json out{{"load_ms", run.timing.load},
                     {"first_ms", run.timing.first},
                     {"min_ms", run.timing.min},
                     {"median_ms", run.timing.median},
                     {"times_ms", run.timing.all},
                     {"peak_bytes", PeakMemory()},
                     {"device", engine::DeviceName(on.device)},
                     {"device_asked", options.device},
                     {"device_reason", run.placed.reason},
                     {"backend", engine::BackendName(on.backend)},
                     {"precision", PrecisionName(run.numbers)},
                     {"threads", run.placed.session->threads()}};
  if (!on.version.empty()) out["backend_version"] = on.version;
  if (!on.nodes.empty()) out["nodes"] = on.nodes;
  if (options.profile) {
    const engine::MemoryReport memory = run.context->Memory();
    out["steps"] = ProfileJson(run.context->LastProfile());
    out["arena_bytes"] = memory.arena_bytes;
    out["weight_bytes"] = memory.weight_bytes;
    out["scratch_bytes"] = memory.scratch_bytes;
  }
  Print("{}\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void PrintText(const Options& options, const Outcome& run) {
  const engine::RunsOn on = run.placed.session->runs_on();
  if (options.profile) {
    PrintProfile(run.context->LastProfile());
    const engine::MemoryReport memory = run.context->Memory();
    Print("\nmemory: activations {:.1f} MB, packed weights {:.1f} MB, scratch {:.1f} MB\n\n",
          static_cast<double>(memory.arena_bytes) * 1e-6,
          static_cast<double>(memory.weight_bytes) * 1e-6,
          static_cast<double>(memory.scratch_bytes) * 1e-6);
  }
  for (size_t i = 0; i < run.results.size(); ++i) {
    Print("{}: {} {}{}\n",
          run.fetches.empty() ? run.placed.session->outputs()[i].name : run.fetches[i],
          engine::DataTypeName(run.results[i].type()), engine::ShapeString(run.results[i].shape()),
          Range(run.results[i]));
  }
  if (on.backend != BackendKind::kNative) {
    Print("{} by {} {}", engine::DeviceName(on.device), engine::BackendName(on.backend),
          on.version);
    for (const auto& [provider, count] : on.nodes) Print(", {} {} nodes", provider, count);
    Print("\n");
  }
  Print("load {:.2f} ms, first {:.2f} ms, min {:.2f} ms, median {:.2f} ms, {} thread{}, {}\n",
        run.timing.load, run.timing.first, run.timing.min, run.timing.median,
        run.placed.session->threads(), run.placed.session->threads() == 1 ? "" : "s",
        PrecisionDetail(run.numbers));
}

Status Run(const Options& options) {
  if (options.warmup > 0 && options.repeat == 0) {
    return InvalidArgument("--warmup comes before the runs that --repeat asks for; give that too");
  }
  PEEL_ASSIGN_OR_RETURN(const engine::DeviceRequest request, RequestFor(options));
  PEEL_ASSIGN_OR_RETURN(const engine::Precision wish, ParsePrecision(options.precision));
  const auto start = Clock::now();
  // Any file is taken, whatever its name.
  LocatedModel where;
  where.path = options.file;
  where.name = std::filesystem::path(options.file).stem().string();
  PEEL_ASSIGN_OR_RETURN(engine::ModelBytes file, ReadModel(where));
  PrecisionPlan plan = PlanPrecision(wish, where, std::move(file));
  ThreadPool pool(options.threads);
  plan.session.pool = &pool;
  Outcome run;
  PEEL_ASSIGN_OR_RETURN(run.placed, engine::LoadPlaced(plan.file, plan.session, request));
  plan.file = {};  // before packed weights take memory
  if (!run.placed.warning.empty()) Console().Note(run.placed.warning);
  run.timing.load = MillisecondsSince(start);

  const Session& session = *run.placed.session;
  std::vector<std::string> files;
  for (const std::string& text : options.outputs) {
    PEEL_ASSIGN_OR_RETURN(auto pair, SplitPair("--output", text));
    if (!FindPort(session.outputs(), pair.first)) {
      return NoSuchPort(options, "output", pair.first, session.outputs());
    }
    run.fetches.push_back(std::move(pair.first));
    files.push_back(std::move(pair.second));
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<NamedTensor> feeds, Feeds(options, session, run.fetches));

  run.context = run.placed.session->NewContext();
  PEEL_RETURN_IF_ERROR(Measure(options, plan, feeds, &run));
  for (size_t i = 0; i < files.size(); ++i) {
    PEEL_RETURN_IF_ERROR(engine::WriteNpy(files[i], run.results[i]));
  }

  if (options.json) {
    PrintJson(options, run);
  } else {
    PrintText(options, run);
  }
  return OkStatus();
}

}  // namespace

void AddModelRun(Command& model, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command run = model.AddCommand("run", "Run an ONNX model on .npy arrays and time it");
  run.AddOption("FILE", options->file, "The model").Required();
  run.AddOption("--input", options->inputs, "NAME=x.npy: feed this input (others are random)")
      .OneValueEach();
  run.AddOption("--output", options->outputs, "NAME=y.npy: write this output").OneValueEach();
  run.AddOption("--shape", options->shapes,
                "NAME=1,3,320,320: shape of a random input (symbolic dimensions default to 1)")
      .OneValueEach();
  run.AddOption("--repeat", options->repeat, "Timed runs after the first").Range(0, 1000000);
  run.AddOption("--warmup", options->warmup, "Untimed runs between the first and the timed ones")
      .Range(0, 1000000);
  run.AddOption("--threads", options->threads, "Threads (0: all available to this process)")
      .Range(0, 1024);
  run.AddOption("--precision", options->precision, "auto, fp32, bf16, fp16 or int8")
      .OneOf({"auto", "fp32", "bf16", "fp16", "int8"});
  run.AddOption("--device", options->device, "auto, cpu, cuda, tensorrt or openvino")
      .OneOf({"auto", "cpu", "cuda", "tensorrt", "openvino"});
  run.AddOption("--backend", options->backend, "auto, native or onnxruntime")
      .OneOf({"auto", "native", "onnxruntime"});
  run.AddOption("--ort", options->ort,
                "KEY=VALUE,…: options for ONNX Runtime (see `peel cut --help`)");
  run.AddFlag("--strict", options->strict, "Fail rather than fall back");
  run.AddFlag("--profile", options->profile, "Print time and kernel of every step");
  run.AddFlag("--json", options->json, "Print one JSON object");
  run.OnParsed([options, exit_code] {
    if (const Status status = Run(*options); !status.ok()) *exit_code = ReportFailure(status);
  });
}

}  // namespace peel
