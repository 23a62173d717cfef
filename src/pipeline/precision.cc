#include "src/pipeline/precision.h"

#include <filesystem>
#include <utility>

#include "src/base/cache_file.h"
#include "src/base/cpu.h"
#include "src/base/hash.h"
#include "src/base/source_file.h"
#include "src/engine/onnx/reader.h"
#include "src/matte/embedded_model.h"
#include "src/pipeline/quantize_job.h"
#include "src/pipeline/tuning.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using engine::Precision;

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<engine::ModelBytes> ReadFile(const std::string& path) {
  auto file = SourceFile::Open(path);
  if (!file.ok()) return std::move(file).status().WithContext(path);
  auto bytes = (*file)->ReadAll();
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  return engine::ModelBytes{(*bytes)->span(), *bytes, path, FolderOf(path), *std::move(file)};
}

// Without looking at the graph more than the reader does; "" where the file does not say.
std::string MadeFrom(const engine::ModelBytes& file) {
  const auto graph = engine::ReadOnnx(file.bytes, file.owner, file.name, file.directory, file.file);
  if (!graph.ok()) return "";  // loading it will say what is wrong
  const auto it = graph->metadata.find(engine::kSourceHashKey);
  return it == graph->metadata.end() ? "" : it->second;
}

std::string HowToQuantize(const LocatedModel& model) {
  return "`peel quantize" + (model.embedded() ? "" : " " + model.path) +
         " --images DIR` makes it from pictures like yours";
}

}  // namespace

Result<engine::ModelBytes> ReadModel(const LocatedModel& where) {
  if (where.embedded()) {
    return engine::ModelBytes{EmbeddedModel(), nullptr, "the embedded model", ""};
  }
  return ReadFile(where.path);
}

Result<Int8Model> FindInt8Model(const LocatedModel& model, std::span<const uint8_t> bytes) {
  std::vector<std::string> candidates;
  if (!model.embedded()) candidates.push_back(Int8ModelPath(model));
  for (std::string& path : ModelCandidates(model.name + "_int8", ProcessEnvironment())) {
    candidates.push_back(std::move(path));
  }
  for (const std::string& path : candidates) {
    if (!IsFile(path)) continue;
    Int8Model found;
    found.path = path;
    PEEL_ASSIGN_OR_RETURN(found.file, ReadFile(path));
    const std::string from = MadeFrom(found.file);
    if (!from.empty() && from != HashText(Hash64(bytes))) {
      return InvalidArgument(path + " was made from another version of this model; " +
                             HowToQuantize(model) + " anew");
    }
    return found;
  }
  return NotFound("there is no 8-bit version of " + model.name + " (" + candidates.front() + "); " +
                  HowToQuantize(model));
}

PrecisionPlan PlanPrecision(Precision wish, const LocatedModel& where, engine::ModelBytes file,
                            int threads) {
  PrecisionPlan plan;
  plan.wish = wish;
  plan.path = where.embedded() ? "(embedded)" : where.path;
  plan.session.threads = threads;
  plan.session.precision = Precision::kFp32;
  const auto take_int8 = [&](Int8Model found) {
    plan.path = found.path;
    plan.file = std::move(found.file);
    plan.session.precision = Precision::kInt8;
  };
  plan.file = std::move(file);
  switch (wish) {
    case Precision::kFp32:
      break;
    case Precision::kBf16:
      plan.session.precision = Precision::kBf16;
      break;
    case Precision::kFp16:
      plan.session.precision = Precision::kFp16;
      break;
    case Precision::kInt8: {
      auto found = FindInt8Model(where, plan.file.bytes);
      if (found.ok()) {
        take_int8(*std::move(found));
      } else {
        plan.note = found.status().message();
      }
      break;
    }
    case Precision::kAuto: {
      const auto tuning = ReadTuning(plan.file.bytes);
      if (!tuning) break;
      if (tuning->choice == Precision::kBf16) {
        for (const std::string& node : tuning->bf16_nodes) {
          plan.session.node_precisions[node] = Precision::kBf16;
        }
      } else if (tuning->choice == Precision::kInt8) {
        // Exactly the file that was measured, or none.
        auto found = FindInt8Model(where, plan.file.bytes);
        if (found.ok() && HashText(Hash64(found->file.bytes)) == tuning->int8_hash) {
          take_int8(*std::move(found));
        } else {
          plan.note = "the 8-bit version of " + where.name +
                      " that `peel model tune` had measured is not there any more";
        }
      }
      break;
    }
  }
  return plan;
}

std::string PrecisionName(const engine::NumberReport& numbers) {
  return numbers.int8 > 0 ? "int8" : numbers.bf16 > 0 ? "bf16" : numbers.fp16 > 0 ? "fp16" : "fp32";
}

std::string PrecisionDetail(const engine::NumberReport& numbers) {
  const int narrow = numbers.int8 > 0   ? numbers.int8
                     : numbers.bf16 > 0 ? numbers.bf16
                                        : numbers.fp16;
  const int all = numbers.fp32 + numbers.bf16 + numbers.int8 + numbers.fp16;
  if (narrow == 0 || narrow == all) return PrecisionName(numbers);
  std::string text = PrecisionName(numbers) + " (" + std::to_string(narrow) + " of " +
                     std::to_string(all) + " convolutions";
  if (numbers.int8 > 0 && numbers.bf16 > 0) text += ", " + std::to_string(numbers.bf16) + " bf16";
  if (numbers.fp32 > 0) text += ", " + std::to_string(numbers.fp32) + " fp32";
  return text + ")";
}

std::string PrecisionFallback(const PrecisionPlan& plan, const engine::NumberReport& numbers) {
  const std::string runs = PrecisionName(numbers);
  // A model that holds integers itself is what was asked for, whatever the way to it.
  if (plan.wish == Precision::kInt8 && numbers.int8 > 0) return "";
  std::string why = plan.note;
  if (why.empty()) {
    switch (plan.wish) {
      case Precision::kAuto:
        return "";
      case Precision::kFp32:
        if (numbers.int8 == 0 && numbers.bf16 == 0) return "";
        why = "this model is quantised; its float32 original is another file";
        break;
      case Precision::kBf16:
        if (numbers.bf16 > 0) return "";
        why = "nothing in this model computes faster in bfloat16 on this processor (" +
              CpuTarget() + ")";
        break;
      case Precision::kFp16:
        if (numbers.fp16 > 0) return "";
        why = "half precision is TensorRT's; elsewhere it takes a model file that holds it";
        break;
      case Precision::kInt8:
        why = "no convolution of " + plan.path + " computes in integers";
        break;
    }
  }
  return why + "; " + runs + " is used";
}

}  // namespace peel
