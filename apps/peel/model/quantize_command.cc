#include "apps/peel/model/quantize_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/pipeline/jobs/quantize_job.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Writes NAME_int8.onnx beside the model (for the embedded model, into Peel's own folder of models), where
--precision int8 finds it. It is a plain ONNX file in QDQ form. Layers whose error is too large stay in
float32. Three quarters of the pictures decide, the last quarter measures the error.
  peel quantize u2netp --images photos
  peel quantize --images photos              the embedded model
  peel quantize model.onnx --images photos -o small.onnx --json)";

struct Arguments {
  QuantizeJob job;
  std::string ranges = "mse", activations = "uint8";
  std::vector<std::string> keep_float;
  bool json = false, quiet = false, verbose = false;
  bool plain_bias = false;
};

using Json = nlohmann::ordered_json;

Json ErrorJson(const engine::MaskError& error) {
  return {{"mean_difference", error.mean_difference},
          {"worst_difference", error.worst_difference},
          {"iou", error.iou},
          {"worst_iou", error.worst_iou}};
}

std::string ErrorText(const engine::MaskError& error) {
  return fmt::format("mean difference {:.5f} (worst picture {:.5f}), IoU {:.5f} (worst {:.5f})",
                     error.mean_difference, error.worst_difference, error.iou, error.worst_iou);
}

struct Counts {
  int integer = 0, real = 0;
  double share = 0;  // of all multiply-adds
};

Counts Count(const engine::QuantizedModel& model) {
  Counts counts;
  int64_t work = 0;
  for (const engine::LayerReport& layer : model.layers) {
    (layer.integer ? counts.integer : counts.real) += 1;
    if (layer.integer) work += layer.multiply_adds;
  }
  if (model.multiply_adds > 0) {
    counts.share = static_cast<double>(work) / static_cast<double>(model.multiply_adds);
  }
  return counts;
}

void PrintJson(const QuantizeReport& report, bool within) {
  const Counts counts = Count(report.result);
  Json layers = Json::array();
  for (const engine::LayerReport& layer : report.result.layers) {
    Json one = {{"node", layer.node},
                {"precision", layer.integer ? "int8" : "fp32"},
                {"multiply_adds", layer.multiply_adds}};
    if (layer.used >= 0) one["tolerance_used_alone"] = layer.used;
    layers.push_back(std::move(one));
  }
  const Json out = {{"model", report.model},
                    {"source", report.source},
                    {"output", report.output},
                    {"source_bytes", report.source_bytes},
                    {"output_bytes", report.output_bytes},
                    {"calibration_pictures", report.calibration_pictures},
                    {"held_out_pictures", report.held_out_pictures},
                    {"skipped", report.skipped},
                    {"int8_layers", counts.integer},
                    {"fp32_layers", counts.real},
                    {"int8_share_of_work", counts.share},
                    {"calibration", ErrorJson(report.result.calibration)},
                    {"held_out", ErrorJson(report.result.held_out)},
                    {"within_tolerance", within},
                    {"trials", report.result.trials},
                    {"layers", layers}};
  Print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
}

void PrintText(const QuantizeReport& report, bool verbose) {
  const Counts counts = Count(report.result);
  Print("{} -> {}\n", report.source, report.output);
  Print("size         {} -> {}\n", HumanBytes(report.source_bytes),
        HumanBytes(report.output_bytes));
  Print("convolutions {} int8 ({:.1f} % of the multiplications), {} float32\n", counts.integer,
        counts.share * 100, counts.real);
  Print("calibration  {} pictures: {}\n", report.calibration_pictures,
        ErrorText(report.result.calibration));
  Print("held out     {} pictures: {}\n", report.held_out_pictures,
        ErrorText(report.result.held_out));
  if (!verbose) return;
  Print("\n{:<8} {:>12} {:>10}  {}\n", "number", "multiply-adds", "tolerance", "node");
  for (const engine::LayerReport& layer : report.result.layers) {
    Print("{:<8} {:>12} {:>10}  {}\n", layer.integer ? "int8" : "float32", layer.multiply_adds,
          layer.used < 0 ? "-" : fmt::format("{:.3f}", layer.used), layer.node);
  }
}

int Run(const Arguments& arguments) {
  Console console;
  console.set_quiet(arguments.quiet);
  QuantizeJob job = arguments.job;
  auto ranges = engine::ParseRangeMethod(arguments.ranges);
  if (!ranges.ok()) {
    console.Error(ranges.status().message());
    return kExitUsage;
  }
  job.options.ranges = *ranges;
  job.options.signed_activations = arguments.activations == "int8";
  job.options.correct_bias = !arguments.plain_bias;
  job.options.keep_float = {arguments.keep_float.begin(), arguments.keep_float.end()};
  StageLine stages(arguments.quiet);
  job.options.progress = [&](std::string_view stage, int done, int total) {
    stages.Show(fmt::format("{} {}/{}", stage, done, total));
  };
  const auto report = RunQuantize(job);
  stages.Clear();
  if (!report.ok()) {
    console.Error(report.status().message());
    return ExitCodeFor(report.status());
  }
  for (const std::string& reason : report->skipped) console.Warn("left out: " + reason);
  const bool within = job.options.tolerance.Holds(report->result.held_out);
  if (!within) {
    console.Warn(fmt::format(
        "{}: on the held-out pictures the masks are further from float32's than asked for (mean "
        "difference {} at most, IoU {} at least); give more pictures, or a smaller --margin",
        report->output, job.options.tolerance.mean_difference, job.options.tolerance.iou));
  }
  if (arguments.json) {
    PrintJson(*report, within);
  } else {
    PrintText(*report, arguments.verbose);
  }
  return kExitDone;
}

}  // namespace

void AddQuantizeCommand(Command& app, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  QuantizeJob& job = a->job;
  Command quantize =
      app.AddCommand("quantize", "Make an 8-bit integer version of a model, for --precision int8");
  quantize.Footer(kFooter);
  quantize.AddOption("MODEL", job.model,
                     "A model name or an ONNX file; default: the embedded model");
  quantize.AddOption("--images", job.images, "Pictures to calibrate with: folders or files")
      .TypeName("DIR")
      .Required();
  quantize.AddOption("-o", job.output, "Write to FILE").TypeName("FILE");
  quantize.AddFlag("--recursive", job.recursive, "Include sub-folders");
  quantize.AddOption("--max-images", job.max_pictures, "Use at most this many pictures; default 32")
      .Range(kMinPictures, 4096);
  quantize.AddOption("--ranges", a->ranges,
                     "How to choose activation ranges: minmax, percentile, mse (default), entropy");
  quantize
      .AddOption("--activations", a->activations, "Type of activations: uint8 (default) or int8")
      .OneOf({"uint8", "int8"});
  quantize.AddFlag("--clip-weights", job.options.clip_weights,
                   "Scale weights for least error instead of by the largest in a channel");
  quantize.AddFlag("--no-bias-correction", a->plain_bias,
                   "Do not correct biases for the rounding of weights");
  quantize
      .AddOption("--max-difference", job.options.tolerance.mean_difference,
                 "Largest mean difference of masks; default 0.004")
      .Range(1e-6, 1.0);
  quantize
      .AddOption("--min-iou", job.options.tolerance.iou,
                 "Smallest overlap of masks at 0.5; default 0.995")
      .Range(0.0, 0.999999);
  quantize
      .AddOption("--margin", job.options.margin,
                 "Share of the tolerance to use during calibration; default 0.75")
      .Range(0.01, 1.0);
  quantize.AddOption("--keep-float", a->keep_float, "Keep this node in float32 (repeatable)")
      .TypeName("NODE")
      .OneValueEach();
  quantize.AddFlag("--all-layers", job.options.all_layers,
                   "Quantize everything, whatever the error");
  quantize
      .AddOption("--probe-images", job.options.probe_pictures,
                 "Pictures for trying each layer alone; default 6")
      .Range(1, 4096);
  quantize.AddOption("--threads", job.threads, "Default: all processors available to this process")
      .Range(1, 1024);
  quantize.AddFlag("--json", a->json, "Print one JSON object");
  quantize.AddFlag("-q,--quiet", a->quiet, "Print only errors");
  quantize.AddFlag("-v,--verbose", a->verbose, "List every layer");
  quantize.OnParsed([a, exit_code] {
    if (a->quiet && a->verbose) {
      Console().Error("-q and -v exclude each other");
      *exit_code = kExitUsage;
      return;
    }
    *exit_code = Run(*a);
  });
}

}  // namespace peel
