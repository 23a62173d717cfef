#include "apps/peel/bench/bench_matrix.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>

#include "src/base/cache_file.h"
#include "src/base/cpu.h"
#include "src/base/hash.h"
#include "src/base/os/files.h"
#include "src/codec/decode.h"
#include "src/engine/device_chain.h"
#include "src/pipeline/folder/settings_hash.h"
#include "src/pipeline/jobs/device_trial.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
// Quads further apart than this (of the diagonal) are others.
constexpr double kMaxCornerDifference = 0.005;
constexpr double kWorthwhile = 1.05;  // a device that is less of a gain is not recommended

// What a model is called in tables: a file without folder and extension.
std::string ModelTitle(const std::string& model) {
  if (model.empty()) return "peel";
  return model.ends_with(".onnx") ? fs::path(model).stem().string() : model;
}

// As --apply writes it down: a file must be found from any folder.
std::string ModelSource(const std::string& model) {
  std::error_code error;
  if (!model.ends_with(".onnx") && model.find('/') == std::string::npos) return model;
  const fs::path path = fs::absolute(model, error);
  return error ? model : path.string();
}

// Device and backend of a label.
BenchCase CaseFor(const BenchPlan& plan, const std::string& model, const std::string& label,
                  const std::string& precision) {
  BenchCase bench;
  bench.model = model;
  bench.device = label == "onnxruntime" ? "cpu" : label;
  if (label == "onnxruntime") bench.backend = "onnxruntime";
  bench.precision = precision;
  bench.sizes = plan.sizes;
  bench.pictures = plan.pictures;
  bench.rounds = plan.rounds;
  bench.warmup = plan.warmup;
  bench.threads = plan.threads;
  bench.ort = plan.ort;
  bench.pipeline = plan.pipeline;
  std::string name =
      ModelTitle(model) + "-" + label + "-" + precision + (plan.pipeline ? "-pipeline" : "");
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '_');
  bench.folder = plan.folder + "/" + name;
  return bench;
}

std::vector<std::string> PrecisionsFor(const BenchPlan& plan, const std::string& label) {
  if (!plan.precisions.empty()) return plan.precisions;
  if (label == "cpu") return {"fp32", "bf16", "int8"};
  if (label == "tensorrt") return {"fp32", "fp16", "int8"};
  if (label == "openvino") return {"fp32", "fp16"};
  return {"fp32", "int8"};
}

// All that a case's figures depend on.
std::string KeyFor(const BenchCase& bench) {
  std::string text = CacheMachine() + "\nbench 1\n" + bench.device + " " + bench.backend + " " +
                     bench.precision + " " + bench.ort + "\n" +
                     fmt::format("{} {} {}\n", bench.rounds, bench.warmup, bench.threads) +
                     (bench.pipeline ? "pipeline\n" : "") +
                     std::to_string(SettingsHash(PEEL_VERSION, {}, bench.model));
  for (const int size : bench.sizes) text += fmt::format(" {}", size);
  for (const std::string& path : bench.pictures) {
    const auto bytes = ReadWholeFile(path, kMaxBytes);
    text += "\n" + path + " " + HashText(bytes.ok() ? Hash64(*bytes) : 0);
  }
  return HashText(Hash64(text));
}

Result<ImageU8> ReadMatte(const std::string& path) {
  auto bytes = ReadWholeFile(path, kMaxBytes);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  DecodeOptions options;
  options.reduce_to_8_bits = true;
  auto picture = Decode(*bytes, options);
  if (!picture.ok()) return std::move(picture).status().WithContext(path);
  if (picture->u8() == nullptr) return Corrupt(path + ": is not a matte");
  return std::move(*picture->u8());
}

// Adds how far the case's mattes are from the reference's to each of its sizes.
Status AddDistances(const BenchCase& bench, const std::string& reference, Json& result) {
  for (Json& size : result["sizes"]) {
    double difference = 0, worst_difference = 0, iou = 0, worst_iou = 1;
    const int pictures = static_cast<int>(bench.pictures.size());
    for (int i = 0; i < pictures; ++i) {
      const std::string name = fmt::format("/mask-{}-{}.png", size["size"].get<int>(), i);
      PEEL_ASSIGN_OR_RETURN(const ImageU8 a, ReadMatte(reference + name));
      PEEL_ASSIGN_OR_RETURN(const ImageU8 b, ReadMatte(bench.folder + name));
      PEEL_ASSIGN_OR_RETURN(const MatteDistance distance, CompareMattes(a.view(), b.view()));
      difference += distance.mean_difference / pictures;
      iou += distance.iou / pictures;
      worst_difference = std::max(worst_difference, distance.mean_difference);
      worst_iou = std::min(worst_iou, distance.iou);
    }
    size["mean_difference"] = difference;
    size["worst_difference"] = worst_difference;
    size["iou"] = iou;
    size["worst_iou"] = worst_iou;
    size["faithful"] = IsFaithful({difference, iou});
  }
  return OkStatus();
}

// How far the quads are from the reference's, each size's beside the same one of the reference.
void AddQuadDistances(const Json& reference, Json& result) {
  for (size_t s = 0; s < result["sizes"].size(); ++s) {
    Json& size = result["sizes"][s];
    const Json& other = reference["sizes"][s];
    int straightened = 0, same = 0, compared = 0;
    double sum = 0;
    for (size_t i = 0; i < size["quads"].size(); ++i) {
      const Json &a = size["quads"][i], &b = other["quads"][i];
      straightened += !a.is_null();
      same += a.is_null() == b.is_null();
      if (a.is_null() || b.is_null()) continue;
      ++compared;
      for (size_t corner = 0; corner < 4; ++corner) {
        const auto off = [&](size_t axis) {
          return a[corner][axis].get<double>() - b[corner][axis].get<double>();
        };
        sum += std::hypot(off(0), off(1)) / (4 * size["diagonals"][i].get<double>());
      }
    }
    const double difference = compared > 0 ? sum / compared : 0;
    size["straightened"] = straightened;
    size["same_decisions"] = same;
    size["corner_difference"] = difference;
    size["faithful"] = size.value("faithful", false) &&
                       static_cast<size_t>(same) == size["quads"].size() &&
                       difference <= kMaxCornerDifference;
  }
}

Json ReadResults(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Json();
  const auto bytes = ReadWholeFile(path, kMaxBytes);
  if (!bytes.ok()) return Json();
  return Json::parse(bytes->begin(), bytes->end(), nullptr, /*allow_exceptions=*/false);
}

const Json* FindCase(const Json& document, const std::string& key) {
  if (!document.is_object() || !document.contains("cases")) return nullptr;
  for (const Json& entry : document["cases"]) {
    if (entry.value("key", "") == key) return &entry;
  }
  return nullptr;
}

// Geometric mean of the speeds over the sizes: no size counts for more by taking longer.
double Speed(const Json& entry) {
  double sum = 0;
  for (const Json& size : entry["sizes"]) sum += std::log(size["images_per_s"].get<double>());
  return std::exp(sum / static_cast<double>(entry["sizes"].size()));
}

bool Faithful(const Json& entry) {
  return entry.value("status", "") == "ok" && !entry["sizes"].empty() &&
         std::ranges::all_of(entry["sizes"],
                             [](const Json& size) { return size.value("faithful", false); });
}

bool IsReference(const Json& entry) {
  return entry["label"] == "cpu" && entry["asked_precision"] == "fp32";
}

class Runner {
 public:
  Runner(const BenchPlan& plan, const std::function<void(const std::string&, int, int)>& progress)
      : plan_(plan), progress_(progress), path_(plan.folder + "/results.json") {}

  Result<Json> Run() {
    std::error_code error;
    fs::create_directories(plan_.folder, error);
    if (error) return IoError(plan_.folder + ": cannot be made (" + error.message() + ")");
    if (!plan_.fresh) before_ = ReadResults(path_);
    document_ = {{"version", PEEL_VERSION}, {"machine", CpuModel()},  {"pictures", plan_.pictures},
                 {"rounds", plan_.rounds},  {"warmup", plan_.warmup}, {"cases", Json::array()}};
    if (plan_.pipeline) document_["pipeline"] = true;
    std::vector<BenchCase> cases;
    for (const std::string& model : plan_.models) {
      cases.push_back(CaseFor(plan_, model, "cpu", "fp32"));
      for (const std::string& label : plan_.devices) {
        for (const std::string& precision : PrecisionsFor(plan_, label)) {
          if (label != "cpu" || precision != "fp32") {
            cases.push_back(CaseFor(plan_, model, label, precision));
          }
        }
      }
    }
    for (size_t i = 0; i < cases.size(); ++i) {
      progress_(
          ModelTitle(cases[i].model) + ", " + DeviceLabel(cases[i]) + ", " + cases[i].precision,
          static_cast<int>(i), static_cast<int>(cases.size()));
      PEEL_RETURN_IF_ERROR(RunCase(cases[i]));
    }
    return document_;
  }

 private:
  Status RunCase(const BenchCase& bench) {
    const std::string key = KeyFor(bench);
    const Json* known = FindCase(before_, key);
    Json entry;
    if (known != nullptr && known->value("status", "") == "ok") {
      entry = *known;
    } else {
      std::error_code error;
      fs::create_directories(bench.folder, error);
      entry = {{"key", key},
               {"model", ModelTitle(bench.model)},
               {"source", ModelSource(bench.model)},
               {"label", DeviceLabel(bench)},
               {"asked_precision", bench.precision},
               {"folder", fs::path(bench.folder).filename().string()}};
      entry.update(RunBenchCase(bench));
      Judge(bench, entry);
    }
    document_["cases"].push_back(std::move(entry));
    document_["recommendations"] = Recommend(document_);
    const std::string text = document_.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return WriteFileAtomically(
               path_, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()))
        .WithContext(path_);
  }

  void Judge(const BenchCase& bench, Json& entry) {
    if (entry.value("status", "") != "ok") {
      std::error_code error;
      fs::remove(bench.folder, error);  // where nothing was written into it
      return;
    }
    const std::string reference = CaseFor(plan_, bench.model, "cpu", "fp32").folder;
    const Status status = AddDistances(bench, reference, entry);
    if (status.ok()) {
      if (bench.pipeline) AddQuadDistances(ReferenceFor(bench, entry), entry);
      return;
    }
    entry["status"] = "failed";
    entry["reason"] = "it cannot be compared with the CPU: " + status.message();
  }

  // The CPU's case of the same model, which has run before; the case itself where it is that one.
  Json ReferenceFor(const BenchCase& bench, const Json& entry) const {
    for (const Json& other : document_["cases"]) {
      if (other["model"] == ModelTitle(bench.model) && IsReference(other)) return other;
    }
    return entry;
  }

  const BenchPlan& plan_;
  const std::function<void(const std::string&, int, int)>& progress_;
  const std::string path_;
  Json before_, document_;
};

}  // namespace

Status CompletePlan(BenchPlan& plan) {
  PEEL_ASSIGN_OR_RETURN(const engine::RuntimeOptions runtime, ParseRuntime(plan.ort));
  for (const std::string& label : plan.devices) {
    if (label == "onnxruntime") continue;
    PEEL_ASSIGN_OR_RETURN(const Device device, ParseDevice(label));
    if (device == Device::kAuto) {
      return InvalidArgument("--devices wants devices by name; leave it out for all there are");
    }
  }
  std::vector<std::string> titles;
  for (const std::string& model : plan.models) {
    if (std::ranges::find(titles, ModelTitle(model)) != titles.end()) {
      return InvalidArgument("--models: two are called \"" + ModelTitle(model) +
                             "\"; give one of the files another name");
    }
    titles.push_back(ModelTitle(model));
  }
  for (const std::string& precision : plan.precisions) {
    PEEL_RETURN_IF_ERROR(ParsePrecision(precision).status());
  }
  if (!plan.devices.empty()) return OkStatus();
  for (const engine::DeviceState& state : engine::ReadDeviceChain(runtime).devices) {
    if (!state.possible) continue;
    const bool runtime_cpu =
        state.backend == BackendKind::kOnnxRuntime && state.device == Device::kCpu;
    plan.devices.emplace_back(runtime_cpu ? "onnxruntime" : engine::DeviceName(state.device));
  }
  return OkStatus();
}

Result<Json> RunBenchPlan(const BenchPlan& plan,
                          const std::function<void(const std::string&, int, int)>& progress) {
  return Runner(plan, progress).Run();
}

Json Recommend(const Json& document) {
  Json all = Json::array();
  std::vector<std::string> models;
  for (const Json& entry : document["cases"]) {
    const std::string model = entry["model"];
    if (std::ranges::find(models, model) == models.end()) models.push_back(model);
  }
  for (const std::string& model : models) {
    const Json* best = nullptr;
    const Json* reference = nullptr;
    int wrong = 0;
    for (const Json& entry : document["cases"]) {
      if (entry["model"] != model || entry.value("status", "") != "ok") continue;
      if (!Faithful(entry)) {
        ++wrong;
        continue;
      }
      if (IsReference(entry)) reference = &entry;
      if (best == nullptr || Speed(entry) > Speed(*best)) best = &entry;
    }
    if (best == nullptr) continue;
    if (reference != nullptr && Speed(*best) < kWorthwhile * Speed(*reference)) best = reference;
    const double gain = reference != nullptr ? Speed(*best) / Speed(*reference) : 1;
    const std::string label = (*best)["label"];
    std::string text =
        fmt::format("{}: {} in {}", model, label, (*best)["asked_precision"].get<std::string>());
    text +=
        best == reference
            ? fmt::format(", {:.2f} images/s; nothing else is worth it", Speed(*best))
            : fmt::format(", {:.2f} images/s, {:.2f} times the CPU in fp32", Speed(*best), gain);
    if (wrong > 0) {
      text += fmt::format(" ({} left out: {} mattes are not the CPU's)", wrong,
                          wrong == 1 ? "its" : "their");
    }
    all.push_back({{"model", model},
                   {"source", (*best)["source"]},
                   {"label", label},
                   {"device", label == "onnxruntime" ? "cpu" : label},
                   {"backend", label == "cpu" ? "auto" : "onnxruntime"},
                   {"precision", (*best)["asked_precision"]},
                   {"speed_up", gain},
                   {"images_per_s", Speed(*best)},
                   {"text", text}});
  }
  return all;
}

}  // namespace peel
