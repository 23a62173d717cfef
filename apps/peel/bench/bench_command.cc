#include "apps/peel/bench/bench_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>

#include "apps/peel/bench/bench_matrix.h"
#include "apps/peel/bench/bench_report.h"
#include "apps/peel/config.h"
#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/os/files.h"
#include "src/codec/decode.h"
#include "src/codec/limits.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFooter[] = R"(
Every combination runs in its own process and is compared with the CPU in float32. The folder gets
results.json, results.csv, report.html and the mattes and cut-outs of each combination. A run that was
stopped continues where it was; --fresh measures everything again.
  peel bench photos
  peel bench photos --models peel,u2netp --devices cpu,cuda,tensorrt --precisions fp32,fp16
  peel bench scans --pipeline             cut out and straightened, times and corners compared
  peel bench --apply                      make the fastest the default of `peel cut`)";

struct Arguments {
  BenchPlan plan;
  std::vector<std::string> inputs, sizes;
  int max_pictures = 8;
  bool recursive = false, json = false, apply = false, quiet = false;
};

Status ParseSizes(const std::vector<std::string>& texts, std::vector<int>* sizes) {
  if (texts.empty()) return OkStatus();
  sizes->clear();
  for (const std::string& text : texts) {
    int size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    const bool number =
        error == std::errc() && end == text.data() + text.size() && size >= 16 && size <= 1 << 15;
    if (!number && text != "full") {
      return InvalidArgument("--sizes: \"" + text +
                             "\" is neither a number of pixels from 16 on nor \"full\"");
    }
    sizes->push_back(number ? size : 0);
  }
  return OkStatus();
}

Status WriteText(const std::string& path, const std::string& text) {
  return WriteFileAtomically(path,
                             std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()))
      .WithContext(path);
}

Result<Json> ReadDocument(const std::string& folder) {
  const std::string path = folder + "/results.json";
  const auto bytes = ReadWholeFile(path, 1 << 28);
  if (!bytes.ok()) {
    return NotFound(path + ": " + bytes.status().message() +
                    "; run `peel bench PICTURES` first, or name its folder with -O");
  }
  Json document = Json::parse(bytes->begin(), bytes->end(), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("recommendations")) {
    return Corrupt(path + ": holds no results of peel bench");
  }
  return document;
}

// The first model's best combination as the configuration of `peel cut`.
Status Apply(const Json& document) {
  const Json& recommendations = document["recommendations"];
  if (recommendations.empty()) {
    return NotFound("nothing was measured that could be recommended");
  }
  const Json& best = recommendations[0];
  PEEL_ASSIGN_OR_RETURN(const std::string path,
                        UpdateConfig({{"model", best["source"].get<std::string>()},
                                      {"device", best["device"].get<std::string>()},
                                      {"backend", best["backend"].get<std::string>()},
                                      {"precision", best["precision"].get<std::string>()}}));
  WriteMessage(fmt::format("saved as the default of peel cut in {}: {}\n", OneLine(path),
                           OneLine(best["text"].get<std::string>())));
  return OkStatus();
}

Status Measure(Arguments& a, Json* document) {
  if (a.plan.pipeline && a.sizes.empty()) a.plan.sizes = {0};
  PEEL_RETURN_IF_ERROR(ParseSizes(a.sizes, &a.plan.sizes));
  const InputList list = ExpandInputs(a.inputs, a.recursive);
  if (!list.errors.empty()) return list.errors.front().status;
  for (const Input& input : list.inputs) {
    if (static_cast<int>(a.plan.pictures.size()) == a.max_pictures) break;
    std::error_code error;
    const auto path = std::filesystem::absolute(input.path, error);
    a.plan.pictures.push_back(error ? input.path : path.string());
  }
  for (const std::string& path : a.plan.pictures) {
    const auto bytes = ReadWholeFile(path, Limits{}.max_bytes);
    Status status = bytes.ok() ? Probe(*bytes).status() : bytes.status();
    if (!status.ok()) return std::move(status).WithContext(path);
  }
  if (a.plan.pictures.empty()) {
    return InvalidArgument("there are no pictures to measure with; name some of yours");
  }
  PEEL_RETURN_IF_ERROR(CompletePlan(a.plan));
  StageLine stages(a.quiet);
  const auto progress = [&](const std::string& name, int done, int total) {
    stages.Show(fmt::format("{}/{} {}", done + 1, total, name));
  };
  auto result = RunBenchPlan(a.plan, progress);
  stages.Clear();
  if (!result.ok()) return std::move(result).status();
  *document = *std::move(result);
  PEEL_RETURN_IF_ERROR(WriteText(a.plan.folder + "/results.csv", BenchCsv(*document)));
  return WriteText(a.plan.folder + "/report.html", BenchHtml(*document, a.plan.folder));
}

int Run(Arguments& a) {
  Console console;
  console.set_quiet(a.quiet);
  const auto fail = [&](const Status& status) {
    console.Error(status.message());
    return ExitCodeFor(status);
  };
  Json document;
  if (a.inputs.empty()) {
    if (!a.apply) {
      console.Error(
          "name pictures of yours to measure with (or --apply, to take what was measured)");
      return kExitUsage;
    }
    auto read = ReadDocument(a.plan.folder);
    if (!read.ok()) return fail(read.status());
    document = *std::move(read);
  } else if (const Status status = Measure(a, &document); !status.ok()) {
    return fail(status);
  }
  if (!a.inputs.empty()) {
    if (a.json) {
      Print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      PrintBench(document);
      Print("\n{}/report.html, results.csv, results.json\n", a.plan.folder);
    }
  }
  const bool any = std::ranges::any_of(
      document["cases"], [](const Json& entry) { return entry.value("status", "") == "ok"; });
  if (!any) {
    console.Error("no combination could be run");
    return kExitNothing;
  }
  if (a.apply) {
    if (const Status status = Apply(document); !status.ok()) return fail(status);
  }
  return kExitDone;
}

}  // namespace

void AddBenchCommand(Command& app, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  Command bench = app.AddCommand(
      "bench", "Find the device, precision and model that is fastest here and still correct");
  bench.Footer(kFooter);
  bench.AddOption("PICTURES", a->inputs, "Pictures of yours: files or folders");
  bench
      .AddOption("--models", a->plan.models,
                 "Names or files, separated by commas; default: the embedded model")
      .Delimiter(',');
  bench
      .AddOption(
          "--devices", a->plan.devices,
          "cpu, onnxruntime (its CPU), cuda, tensorrt, openvino; default: all that are available")
      .Delimiter(',');
  bench
      .AddOption("--precisions", a->plan.precisions,
                 "fp32, bf16, fp16, int8; default: those that suit the device")
      .Delimiter(',');
  bench.AddOption("--sizes", a->sizes, "Longer side in pixels, or full; default 640,1024,2048")
      .Delimiter(',');
  bench.AddOption("--rounds", a->plan.rounds, "Timed runs per picture; default 5").Range(1, 10000);
  bench.AddOption("--warmup", a->plan.warmup, "Untimed runs before that; default 1").Range(0, 1000);
  bench.AddOption("--max-images", a->max_pictures, "Use at most this many pictures; default 8")
      .Range(1, 4096);
  bench.AddFlag("--recursive", a->recursive, "Include sub-folders");
  bench.AddOption("--threads", a->plan.threads, "Default: all processors available to this process")
      .Range(1, 1024);
  bench.AddOption("--ort", a->plan.ort, "Options for ONNX Runtime, as for `peel cut`")
      .TypeName("KEY=VALUE[,...]");
  bench.AddOption("-O", a->plan.folder, "Folder for the results; default peel-bench")
      .TypeName("DIR");
  bench.AddFlag("--pipeline", a->plan.pipeline,
                "Measure cutting out and straightening (`peel cut --rectify`), and compare the "
                "corners too; sizes bound the result, default full");
  bench.AddFlag("--fresh", a->plan.fresh, "Measure again what the folder already has");
  bench.AddFlag("--apply", a->apply,
                "Make the fastest combination of the first model the default of `peel cut`");
  bench.AddFlag("--json", a->json, "Print one JSON object");
  bench.AddFlag("-q,--quiet", a->quiet, "Show no progress");
  bench.OnParsed([a, exit_code] {
    for (std::string& model : a->plan.models) {
      if (model == "peel") model.clear();
    }
    *exit_code = Run(*a);
  });
}

}  // namespace peel
