#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "apps/peel/console.h"
#include "apps/peel/model/model_command.h"
#include "apps/peel/output.h"
#include "src/pipeline/jobs/quantize_job.h"
#include "src/pipeline/jobs/tuning.h"

namespace peel {
namespace {

struct Options {
  TuneJob job;
  bool json = false, quiet = false;
};

const char* Name(engine::Precision precision) {
  return precision == engine::Precision::kBf16   ? "bf16"
         : precision == engine::Precision::kInt8 ? "int8"
                                                 : "fp32";
}

nlohmann::ordered_json ToJson(const TuneReport& report) {
  nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
  for (const TuneCandidate& c : report.candidates) {
    candidates.push_back({{"name", c.name},
                          {"taken", c.note.empty()},
                          {"note", c.note},
                          {"nodes", c.nodes},
                          {"fp32_ms", c.fp32_ms},
                          {"narrow_ms", c.narrow_ms},
                          {"mean_difference", c.error.mean_difference},
                          {"iou", c.error.iou}});
  }
  return {{"model", report.model},
          {"choice", Name(report.tuning.choice)},
          {"candidates", candidates},
          {"calibration_pictures", report.calibration_pictures},
          {"held_out_pictures", report.held_out_pictures},
          {"threads", report.threads},
          {"record", report.record}};
}

void PrintText(const TuneReport& report) {
  Print("{}: --precision auto is {} on this machine\n", report.model, Name(report.tuning.choice));
  for (const TuneCandidate& c : report.candidates) {
    Print("  {:<5} {}", c.name, c.note.empty() ? "taken" : "not taken: " + c.note);
    if (c.narrow_ms > 0) {
      Print("\n        {} nodes, {:.2f} ms (fp32 {:.2f} ms), mean difference {:.5f}, IoU {:.5f}",
            c.nodes, c.narrow_ms, c.fp32_ms, c.error.mean_difference, c.error.iou);
    }
    Print("\n");
  }
  Print("  kept in {}\n", report.record);
}

}  // namespace

void AddModelTune(Command& model, int* exit_code) {
  auto o = std::make_shared<Options>();
  Command tune = model.AddCommand(
      "tune", "Measure which precision --precision auto should use for a model on this machine");
  tune.AddOption("MODEL", o->job.model,
                 "A model name or an ONNX file; default: the embedded model");
  tune.AddOption("--images", o->job.images, "Pictures to measure the error on: folders or files")
      .TypeName("DIR")
      .Required();
  tune.AddFlag("--recursive", o->job.recursive, "Include sub-folders");
  tune.AddOption("--max-images", o->job.max_pictures, "Use at most this many pictures; default 32")
      .Range(kMinPictures, 4096);
  tune.AddOption("--max-difference", o->job.tolerance.mean_difference,
                 "Largest mean difference of masks; default 0.004")
      .Range(1e-6, 1.0);
  tune.AddOption("--min-iou", o->job.tolerance.iou,
                 "Smallest overlap of masks at 0.5; default 0.995")
      .Range(0.0, 0.999999);
  tune.AddOption("--threads", o->job.threads, "Default: all processors available to this process")
      .Range(1, 1024);
  tune.AddFlag("--json", o->json, "Print one JSON object");
  tune.AddFlag("-q,--quiet", o->quiet, "Print only errors");
  tune.OnParsed([o, exit_code] {
    StageLine stages(o->quiet);
    o->job.progress = [&](std::string_view stage, int done, int total) {
      stages.Show(fmt::format("{} {}/{}", stage, done, total));
    };
    const auto report = RunTune(o->job);
    stages.Clear();
    if (!report.ok()) {
      *exit_code = ReportFailure(report.status());
      return;
    }
    if (!o->quiet) {
      for (const std::string& reason : report->skipped) {
        Console().Warn("left out: " + reason);
      }
    }
    if (o->json) {
      Print("{}\n", ToJson(*report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      PrintText(*report);
    }
  });
}

}  // namespace peel
