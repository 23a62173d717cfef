#include "apps/peel/doctor/doctor_devices.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/cpu.h"
#include "src/engine/device_chain.h"
#include "src/engine/device_record.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;
using engine::BackendName;
using engine::ChainLink;
using engine::DeviceName;

Json LinkJson(const ChainLink& link) {
  Json json = {{"name", link.name}, {"found", link.found}};
  if (link.found) {
    json["version"] = link.version;
    json["path"] = link.path;
  } else {
    json["reason"] = link.reason;
    json["remedy"] = link.remedy;
  }
  return json;
}

std::string Text(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string Why(const Json& json) {
  const std::string reason = Text(json, "reason"), remedy = Text(json, "remedy");
  return remedy.empty() ? reason : reason + "\n               -> " + remedy;
}

}  // namespace

Json DevicesJson(const engine::RuntimeOptions& options) {
  const engine::DeviceChain chain = engine::ReadDeviceChain(options);
  Json doc;
  const engine::ort::Driver& driver = chain.driver;
  doc["driver"] = {
      {"found", !driver.library.empty()},
      {"usable", driver.usable()},
      {"version", driver.version},
      {"library", driver.library},
      {"cuda",
       driver.cuda_version > 0 ? Json(engine::ort::CudaVersionText(driver.cuda_version)) : Json()}};
  if (!driver.usable()) {
    doc["driver"]["reason"] = driver.reason;
    doc["driver"]["remedy"] = driver.remedy;
  }
  doc["gpus"] = Json::array();
  for (const engine::ort::Gpu& gpu : driver.gpus) {
    doc["gpus"].push_back(
        {{"name", gpu.name},
         {"memory", gpu.memory_bytes},
         {"memory_free", gpu.memory_free_bytes > 0 ? Json(gpu.memory_free_bytes) : Json()},
         {"compute", fmt::format("{}.{}", gpu.compute_major, gpu.compute_minor)}});
  }
  doc["libraries"] = Json::array();
  for (const ChainLink& link : chain.libraries) doc["libraries"].push_back(LinkJson(link));
  doc["onnxruntime"] = LinkJson(chain.runtime);
  doc["onnxruntime"]["providers"] = chain.providers;
  doc["onnxruntime"]["passed_over"] = Json::array();
  for (const auto& trial : chain.passed_over) {
    doc["onnxruntime"]["passed_over"].push_back({{"path", trial.path}, {"reason", trial.reason}});
  }
  doc["devices"] = Json::array();
  const auto record = engine::ReadDeviceRecord();
  for (const engine::DeviceState& state : chain.devices) {
    Json device = {{"backend", BackendName(state.backend)},
                   {"device", DeviceName(state.device)},
                   {"possible", state.possible}};
    if (!state.possible) {
      device["reason"] = state.reason;
      device["remedy"] = state.remedy;
    }
    device["proven_ms"] = Json();
    for (const auto& proven : record) {
      if (proven.backend == state.backend && proven.device == state.device) {
        device["proven_ms"] = proven.milliseconds;
      }
    }
    doc["devices"].push_back(std::move(device));
  }
  const engine::ProvenDevice best = engine::FastestProven();
  doc["auto"] = {{"backend", BackendName(best.backend)}, {"device", DeviceName(best.device)}};
  return doc;
}

void PrintDevices(const Json& doc) {
  Print("\nGPU\n");
  const Json& driver = doc["driver"];
  if (driver["usable"].get<bool>()) {
    Print("  driver       {}, serves CUDA {} ({})\n",
          Text(driver, "version").empty() ? "found" : Text(driver, "version"),
          driver["cuda"].is_null() ? "?" : driver["cuda"].get<std::string>(),
          Text(driver, "library"));
  } else {
    Print("  driver       no: {}\n", Why(driver));
  }
  for (const Json& gpu : doc["gpus"]) {
    Print("  device       {}, {}{}, compute capability {}\n", gpu["name"].get<std::string>(),
          HumanBytes(gpu["memory"].get<uint64_t>()),
          gpu["memory_free"].is_null()
              ? ""
              : fmt::format(" ({} free)", HumanBytes(gpu["memory_free"].get<uint64_t>())),
          gpu["compute"].get<std::string>());
  }
  for (const Json& link : doc["libraries"]) {
    if (link["found"].get<bool>()) {
      Print("  {:<12} {} ({})\n", Text(link, "name"), Text(link, "version"), Text(link, "path"));
    } else {
      Print("  {:<12} no: {}\n", Text(link, "name"), Why(link));
    }
  }
  const Json& runtime = doc["onnxruntime"];
  Print("\nONNX Runtime\n");
  if (runtime["found"].get<bool>()) {
    Print("  version      {} ({})\n", Text(runtime, "version"), Text(runtime, "path"));
    Print("  providers    {}\n",
          fmt::join(runtime["providers"].get<std::vector<std::string>>(), ", "));
  } else {
    Print("  version      no: {}\n", Why(runtime));
  }
  for (const Json& trial : runtime["passed_over"]) {
    Print("  passed over  {}: {}\n", Text(trial, "path"), Text(trial, "reason"));
  }
  Print("\nDevices\n");
  for (const Json& device : doc["devices"]) {
    const std::string name = Text(device, "device");
    const bool native = Text(device, "backend") == "native";
    std::string note;
    if (native) {
      note = "in use, kernels for " + CpuTarget();
    } else if (!device["possible"].get<bool>()) {
      note = "no: " + Why(device);
    } else {
      note = "nothing stands in its way";
    }
    if (!device["proven_ms"].is_null()) {
      note += fmt::format("; proven, {:.1f} ms", device["proven_ms"].get<double>());
    }
    Print("  {:<12} {}: {}\n", native ? "native" : "onnxruntime", name, note);
  }
  Print("  --device auto is {} ({}); `peel doctor --verify` proves and times them\n",
        Text(doc["auto"], "device"), Text(doc["auto"], "backend"));
}

}  // namespace peel
