#include "src/pipeline/model_loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/matte/catalogue.h"
#include "src/matte/session_network.h"
#include "src/pipeline/precision.h"

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

Status SettleDevice(const ModelOptions& options, ModelInfo& info) {
  info.device = "cpu";
  if (options.device == Device::kAuto || options.device == Device::kCpu) return OkStatus();
  const std::string name = options.device == Device::kCuda ? "cuda" : "tensorrt";
  const std::string reason = "--device " + name + ": this version has no backend for it";
  if (options.strict) {
    return Status(StatusCode::kDeviceRefused,
                  reason + "; without --strict the CPU would be used, or ask for --device cpu");
  }
  info.warning = reason + "; the CPU is used";
  return OkStatus();
}

const char* OptionName(engine::Precision precision) {
  switch (precision) {
    case engine::Precision::kAuto:
      return "auto";
    case engine::Precision::kFp32:
      return "fp32";
    case engine::Precision::kBf16:
      return "bf16";
    case engine::Precision::kInt8:
      break;
  }
  return "int8";
}

// The model, or where only its 8-bit version is on this machine and that is what is wanted, this.
Result<LocatedModel> Locate(const ModelOptions& options) {
  auto where =
      LocateModel(options.model.empty() ? kEmbeddedModel : std::string_view(options.model));
  if (where.ok() || options.precision != engine::Precision::kInt8) return where;
  auto narrow = LocateModel(options.model + "_int8");
  if (!narrow.ok()) return where;
  const CatalogueEntry* entry = FindInCatalogue(options.model);
  if (entry != nullptr) narrow->family = entry->family;
  return narrow;
}

}  // namespace

Result<LoadedModel> LoadModel(const ModelOptions& options) {
  const Clock::time_point start = Clock::now();
  InitCpu();
  LoadedModel loaded;
  PEEL_RETURN_IF_ERROR(SettleDevice(options, loaded.info));

  PEEL_ASSIGN_OR_RETURN(const LocatedModel where, Locate(options));
  PEEL_ASSIGN_OR_RETURN(engine::ModelBytes file, MapModel(where));
  const PrecisionPlan plan =
      PlanPrecision(options.precision, where, std::move(file), options.threads);
  loaded.info.name = where.name;
  loaded.info.path = plan.path;
  auto session = engine::LoadModelBytes(plan.file, plan.session);
  if (!session.ok()) return std::move(session).status();
  loaded.info.threads = session.value()->threads();
  auto network = SessionNetwork::Create(*std::move(session));
  if (!network.ok()) return std::move(network).status().WithContext(loaded.info.path);
  std::optional<Family> family = where.family;
  if (!options.family.empty()) {
    family = FamilyFromName(options.family);
    if (!family) return InvalidArgument("there is no model family \"" + options.family + "\"");
  }
  auto matter = Matter::Create(*network, family);
  if (!matter.ok()) return std::move(matter).status().WithContext(loaded.info.path);
  const Profile& profile = matter.value()->profile();
  const int64_t shape[] = {1, 3, profile.height, profile.width};
  std::vector<std::string> outputs = {profile.mask_output};
  if (!profile.subject_output.empty()) outputs.push_back(profile.subject_output);
  const auto numbers = (*network)->Prepare(shape, outputs);
  if (!numbers.ok()) return Status(numbers.status()).WithContext(loaded.info.path);
  loaded.info.precision = PrecisionName(*numbers);
  loaded.info.precision_detail = PrecisionDetail(*numbers);
  if (const std::string fallback = PrecisionFallback(plan, *numbers); !fallback.empty()) {
    const std::string reason =
        std::string("--precision ") + OptionName(options.precision) + ": " + fallback;
    // Nobody asked for anything in particular with auto, so there is nothing to be strict about.
    if (options.strict && options.precision != engine::Precision::kAuto) {
      return Unsupported(reason + " without --strict");
    }
    if (!loaded.info.warning.empty()) loaded.info.warning += ". ";
    loaded.info.warning += reason;
  }
  loaded.matter = *std::move(matter);
  loaded.info.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  return loaded;
}

}  // namespace peel
