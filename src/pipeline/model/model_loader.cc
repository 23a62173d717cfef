#include "src/pipeline/model/model_loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/sentences.h"
#include "src/engine/backend.h"
#include "src/engine/device_record.h"
#include "src/engine/quantize/quantize.h"
#include "src/matte/model/catalogue.h"
#include "src/matte/model/session_network.h"
#include "src/pipeline/model/int8_model.h"
#include "src/pipeline/model/precision.h"

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

// Where a model is to run, for the engine.
engine::DeviceRequest RequestFor(const ModelOptions& options) {
  return {options.backend, options.device, options.strict, options.runtime};
}

// Whether the device is one that --precision auto's record, which is about the CPU, says nothing
// of.
bool WantsAccelerator(const ModelOptions& options) {
  if (options.device != Device::kAuto) return options.device != Device::kCpu;
  return options.backend != BackendKind::kNative && engine::FastestProven().device != Device::kCpu;
}

void TellDevice(const engine::PlacedSession& placed, const ModelOptions& options, ModelInfo& info) {
  const engine::RunsOn on = placed.session->runs_on();
  info.device = engine::DeviceName(on.device);
  info.device_asked = engine::DeviceName(options.device);
  info.device_reason = placed.reason;
  info.backend = engine::BackendName(on.backend);
  if (!on.version.empty()) info.backend += " " + on.version;
  info.nodes = on.nodes;
  info.warning = placed.warning;
}

const char* OptionName(engine::Precision precision) {
  switch (precision) {
    case engine::Precision::kAuto:
      return "auto";
    case engine::Precision::kFp32:
      return "fp32";
    case engine::Precision::kBf16:
      return "bf16";
    case engine::Precision::kFp16:
      return "fp16";
    case engine::Precision::kInt8:
      break;
  }
  return "int8";
}

// The model, or where only its 8-bit version is on this machine and that is what is wanted, this.
Result<LocatedModel> Locate(const ModelOptions& options) {
  if (!options.bytes.empty()) {
    LocatedModel given;
    given.name = options.model.empty() ? "model" : options.model;
    given.path = "(memory)";
    const CatalogueEntry* entry = FindInCatalogue(given.name);
    if (entry != nullptr && given.name != kEmbeddedModel) given.family = entry->family;
    return given;
  }
  auto where =
      LocateModel(options.model.empty() ? kEmbeddedModel : std::string_view{options.model});
  if (where.ok() || options.precision != engine::Precision::kInt8) return where;
  auto narrow = LocateModel(options.model + "_int8");
  if (!narrow.ok()) return where;
  const CatalogueEntry* entry = FindInCatalogue(options.model);
  if (entry != nullptr) narrow->family = entry->family;
  return narrow;
}

}  // namespace

Result<LoadedModel> LoadModel(const ModelOptions& options, ThreadPool& pool) {
  const Clock::time_point start = Clock::now();
  LoadedModel loaded;
  PEEL_ASSIGN_OR_RETURN(const LocatedModel where, Locate(options));
  engine::ModelBytes file;
  if (options.bytes.empty()) {
    PEEL_ASSIGN_OR_RETURN(file, ReadModel(where));
  } else {
    file = {options.bytes, nullptr, "the model in memory", ""};
  }
  const bool accelerator = WantsAccelerator(options);
  PrecisionPlan plan = PlanPrecision(accelerator && options.precision == engine::Precision::kAuto
                                         ? engine::Precision::kFp32
                                         : options.precision,
                                     where, file);
  plan.session.pool = &pool;
  auto placed = engine::LoadPlaced(plan.file, plan.session, RequestFor(options));
  if (!placed.ok()) return std::move(placed).status();
  const bool native = placed->session->runs_on().backend == BackendKind::kNative;
  if (accelerator && native && options.precision == engine::Precision::kAuto) {
    // Back on the CPU, where the record does count.
    plan = PlanPrecision(options.precision, where, std::move(file));
    plan.session.pool = &pool;
    PEEL_ASSIGN_OR_RETURN(placed->session, engine::LoadModelBytes(plan.file, plan.session));
  }
  plan.wish = options.precision;
  TellDevice(*placed, options, loaded.info);
  loaded.info.name = where.name;
  loaded.info.path = plan.path;
  loaded.info.threads = placed->session->threads();
  plan.file = {};  // before packed weights take memory
  auto network = SessionNetwork::Create(std::move(placed->session));
  if (!network.ok()) return std::move(network).status().WithContext(loaded.info.path);
  std::optional<Family> family = where.family;
  if (!options.family.empty()) {
    family = FamilyFromName(options.family);
    if (!family) return InvalidArgument("there is no model family \"" + options.family + "\"");
  }
  auto matting = MattingModel::Create(*network, family);
  if (!matting.ok()) return std::move(matting).status().WithContext(loaded.info.path);
  const Profile& profile = matting.value()->profile();
  const int64_t shape[] = {1, 3, profile.height, profile.width};
  std::vector<std::string> outputs = {profile.mask_output};
  if (!profile.subject_output.empty()) outputs.push_back(profile.subject_output);
  const auto numbers = (*network)->Prepare(shape, outputs);
  if (!numbers.ok()) return Status(numbers.status()).WithContext(loaded.info.path);
  loaded.info.precision = PrecisionName(*numbers);
  loaded.info.precision_detail = PrecisionDetail(*numbers);
  if (options.runtime.asked && loaded.info.backend == "native") {
    const std::string reason = "--ort has no effect: Peel's own engine runs, not ONNX Runtime";
    if (options.strict) return Unsupported(reason + "; say --backend onnxruntime for that");
    AddSentence(reason, &loaded.info.warning);
  }
  if (const std::string fallback = PrecisionFallback(plan, *numbers); !fallback.empty()) {
    const std::string reason =
        std::string("--precision ") + OptionName(options.precision) + ": " + fallback;
    // Nobody asked for anything in particular with auto, so there is nothing to be strict about.
    if (options.strict && options.precision != engine::Precision::kAuto) {
      return Unsupported(reason + " without --strict");
    }
    AddSentence(reason, &loaded.info.warning);
  }
  loaded.matting = *std::move(matting);
  loaded.info.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  return loaded;
}

}  // namespace peel
