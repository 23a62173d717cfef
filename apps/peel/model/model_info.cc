#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/peel/console.h"
#include "apps/peel/model/model_command.h"
#include "apps/peel/model/model_inputs.h"
#include "apps/peel/output.h"
#include "src/engine/session.h"
#include "src/pipeline/jobs/tuning.h"
#include "src/pipeline/model/int8_model.h"
#include "src/pipeline/model/precision.h"

namespace peel {
namespace {

using engine::Port;
using engine::Session;

struct Options {
  std::string file;
  std::vector<std::string> shapes;
  int threads = 0;
  bool plan = false, json = false;
};

nlohmann::json PortsJson(const std::vector<Port>& ports) {
  auto list = nlohmann::json::array();
  for (const Port& port : ports) {
    nlohmann::json item{{"name", port.name}, {"type", engine::DataTypeName(port.type)}};
    if (port.has_shape) {
      auto shape = nlohmann::json::array();
      for (size_t i = 0; i < port.shape.size(); ++i) {
        if (port.shape[i] >= 0) {
          shape.push_back(port.shape[i]);
        } else {
          const bool named = i < port.dim_names.size() && !port.dim_names[i].empty();
          shape.push_back(named ? port.dim_names[i] : "?");
        }
      }
      item["shape"] = shape;
    }
    list.push_back(std::move(item));
  }
  return list;
}

// What other precisions than float32 there are for this file.
struct Precisions {
  std::string int8_path, int8_note, automatic;
};

Precisions FindPrecisions(const std::string& file) {
  Precisions found;
  LocatedModel where;
  where.path = file;
  where.name = std::filesystem::path(file).stem().string();
  const auto bytes = ReadModel(where);
  if (!bytes.ok()) return found;
  const auto int8 = FindInt8Model(where, bytes->bytes);
  (int8.ok() ? found.int8_path : found.int8_note) =
      int8.ok() ? int8->path : int8.status().message();
  found.automatic = "fp32: `peel model tune` has not measured anything else here";
  if (const auto tuning = ReadTuning(bytes->bytes)) {
    const char* name = tuning->choice == engine::Precision::kBf16   ? "bf16"
                       : tuning->choice == engine::Precision::kInt8 ? "int8"
                                                                    : "fp32";
    found.automatic = fmt::format("{}, as `peel model tune` has measured it", name);
    if (tuning->choice != engine::Precision::kFp32) {
      found.automatic +=
          fmt::format(" ({:.1f} ms, fp32 {:.1f} ms)", tuning->narrow_ms, tuning->fp32_ms);
    }
  }
  return found;
}

Status Describe(const Options& options) {
  std::map<std::string, engine::Shape, std::less<>> shapes;
  for (const std::string& text : options.shapes) {
    PEEL_ASSIGN_OR_RETURN(auto pair, SplitPair("--shape", text));
    PEEL_ASSIGN_OR_RETURN(shapes[pair.first], ParseShape(pair.second));
  }
  engine::SessionOptions load;
  ThreadPool pool(options.threads);
  load.pool = &pool;
  PEEL_ASSIGN_OR_RETURN(const auto session, Session::Load(options.file, load));
  std::string plan;
  if (options.plan) {
    for (const engine::Port& port : session->inputs()) {
      const std::string taken = shapes.contains(port.name) ? "" : TakenAsOne(port);
      if (!taken.empty()) Console().Note(taken);
    }
    PEEL_ASSIGN_OR_RETURN(plan, session->PlanText(shapes));
  }
  const Precisions precisions = FindPrecisions(options.file);
  if (!options.json) {
    Print("{}", session->Summary());
    Print("int8       {}\nauto       {}\n",
          precisions.int8_path.empty() ? precisions.int8_note : precisions.int8_path,
          precisions.automatic);
    if (options.plan) Print("\n{}", plan);
    return OkStatus();
  }
  const engine::ModelInfo info = session->Info();
  nlohmann::json out{
      {"file", options.file},
      {"name", info.graph_name},
      {"ir_version", info.ir_version},
      {"opsets", info.opsets},
      {"inputs", PortsJson(session->inputs())},
      {"outputs", PortsJson(session->outputs())},
      {"metadata", session->metadata()},
      {"operators", info.operators},
      {"parameters", info.parameters},
      {"int8_version",
       precisions.int8_path.empty() ? nlohmann::json() : nlohmann::json(precisions.int8_path)},
      {"auto_precision", precisions.automatic}};
  if (options.plan) out["plan"] = plan;
  Print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return OkStatus();
}

}  // namespace

void AddModelInfo(Command& model, int* exit_code) {
  auto options = std::make_shared<Options>();
  Command info = model.AddCommand("info", "Show what an ONNX model contains and how it would run");
  info.AddOption("FILE", options->file, "The model").Required();
  info.AddFlag("--plan", options->plan,
               "Print the steps, the kernel of each, and why no other was chosen");
  info.AddOption(
          "--shape", options->shapes,
          "NAME=1,3,320,320: shape of an input for --plan (symbolic dimensions default to 1)")
      .OneValueEach();
  info.AddOption("--threads", options->threads, "Threads to --plan for (0: all)");
  info.AddFlag("--json", options->json, "Print one JSON object");
  info.OnParsed([info, options, exit_code] {
    for (const char* option : {"--shape", "--threads"}) {
      if (options->plan || info.Count(option) == 0) continue;
      *exit_code =
          ReportFailure(InvalidArgument(std::string(option) + " is about --plan; give that too"));
      return;
    }
    if (const Status status = Describe(*options); !status.ok()) *exit_code = ReportFailure(status);
  });
}

}  // namespace peel
