#include "src/pipeline/model_loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/matte/catalogue.h"
#include "src/matte/embedded_model.h"
#include "src/matte/session_network.h"

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

Status SettlePrecision(const ModelOptions& options, ModelInfo& info) {
  info.precision = "fp32";
  if (options.precision == engine::Precision::kAuto ||
      options.precision == engine::Precision::kFp32) {
    return OkStatus();
  }
  const std::string name = options.precision == engine::Precision::kBf16 ? "bf16" : "int8";
  const std::string reason = "--precision " + name + ": this version has no kernels for it";
  if (options.strict) {
    return Unsupported(reason + "; without --strict fp32 would be used");
  }
  if (!info.warning.empty()) info.warning += ". ";
  info.warning += reason + "; fp32 is used";
  return OkStatus();
}

}  // namespace

Result<LoadedModel> LoadModel(const ModelOptions& options) {
  const Clock::time_point start = Clock::now();
  InitCpu();
  LoadedModel loaded;
  PEEL_RETURN_IF_ERROR(SettleDevice(options, loaded.info));
  PEEL_RETURN_IF_ERROR(SettlePrecision(options, loaded.info));

  PEEL_ASSIGN_OR_RETURN(
      const LocatedModel where,
      LocateModel(options.model.empty() ? kEmbeddedModel : std::string_view(options.model)));
  loaded.info.name = where.name;
  loaded.info.path = where.embedded() ? "(embedded)" : where.path;

  engine::SessionOptions session_options;
  session_options.threads = options.threads;
  auto session = where.embedded()
                     ? engine::Session::LoadBytes(EmbeddedModel(), nullptr, "the embedded model",
                                                  session_options)
                     : engine::Session::Load(where.path, session_options);
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
  PEEL_RETURN_IF_ERROR((*network)->Prepare(shape, outputs).WithContext(loaded.info.path));
  loaded.matter = *std::move(matter);
  loaded.info.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  return loaded;
}

}  // namespace peel
