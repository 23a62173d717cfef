#include "apps/peel/doctor_command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/model_list.h"
#include "apps/peel/system_limits.h"
#include "src/base/cpu.h"
#include "src/base/thread_pool.h"
#include "src/codec/codecs.h"
#include "src/codec/limits.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

struct Backend {
  const char* name;
  bool available;
  std::string note;
};

std::vector<Backend> Backends() {
  std::error_code error;
  const bool driver = std::filesystem::exists("/proc/driver/nvidia/version", error);
  const std::string gpu =
      driver ? "(an NVIDIA driver is loaded)" : "(nor is an NVIDIA driver loaded)";
  return {{"native cpu", true, "kernels for " + CpuTarget()},
          {"cuda", false, "this version has no CUDA backend " + gpu},
          {"tensorrt", false, "this version has no TensorRT backend " + gpu},
          {"onnxruntime", false, "this version has no plug-in for ONNX Runtime"}};
}

Json Collect() {
  const SystemLimits limits = ReadSystemLimits();
  Json doc;
  doc["version"] = PEEL_VERSION;
  doc["cpu"] = {{"model", CpuModel()},
                {"target", CpuTarget()},
                {"targets", CpuTargets()},
                {"features", CpuFeatures()},
                {"note", CpuNote()}};
  doc["threads"] = {{"in_use", AvailableCpus()},
                    {"online", limits.processors_online},
                    {"allowed_by_affinity", limits.processors_allowed},
                    {"cgroup_quota", limits.cpu_quota ? Json(*limits.cpu_quota) : Json()}};
  const auto optional = [](const std::optional<uint64_t>& v) { return v ? Json(*v) : Json(); };
  doc["memory"] = {{"total", limits.memory_bytes},
                   {"available", limits.memory_available_bytes},
                   {"cgroup_limit", optional(limits.memory_limit)},
                   {"address_space_limit", optional(limits.address_limit)},
                   {"file_size_limit", optional(limits.file_size_limit)},
                   {"transparent_huge_pages", limits.huge_pages}};
  const Limits pictures;
  doc["picture_limits"] = {{"max_pixels", pictures.max_pixels},
                           {"max_bytes", pictures.max_bytes},
                           {"max_width", pictures.max_width},
                           {"max_height", pictures.max_height},
                           {"max_frames", pictures.max_frames}};
  for (const CodecInfo& codec : ListCodecs()) {
    doc["codecs"].push_back({{"format", codec.format},
                             {"reads", codec.reads},
                             {"writes", codec.writes},
                             {"library", codec.library}});
  }
  for (const Backend& backend : Backends()) {
    doc["backends"].push_back(
        {{"name", backend.name}, {"available", backend.available}, {"note", backend.note}});
  }
  doc["model_folders"] = ModelFolders();
  doc["models"] = Json::array();
  for (const ListedModel& model : ListModels()) {
    if (model.path.empty()) continue;
    doc["models"].push_back({{"name", model.name},
                             {"path", model.path},
                             {"int8", model.int8_path.empty() ? Json() : Json(model.int8_path)}});
  }
  return doc;
}

std::string Bound(const Json& value) {
  return value.is_null() ? "none" : HumanBytes(value.get<uint64_t>());
}

void Print(const Json& doc) {
  const auto list = [](const Json& array) {
    return fmt::format("{}", fmt::join(array.get<std::vector<std::string>>(), " "));
  };
  fmt::print("peel {}\n\nProcessor\n", doc["version"].get<std::string>());
  const Json& cpu = doc["cpu"];
  fmt::print("  model      {}\n", cpu["model"].get<std::string>());
  fmt::print("  kernels    {} (of {}; PEEL_CPU forces a lower one)\n",
             cpu["target"].get<std::string>(), list(cpu["targets"]));
  fmt::print("  features   {}\n", list(cpu["features"]));
  if (!cpu["note"].get<std::string>().empty()) {
    fmt::print("  note       {}\n", cpu["note"].get<std::string>());
  }
  const Json& threads = doc["threads"];
  fmt::print("  threads    {} in use; {} online, {} allowed by affinity, cgroup quota {}\n",
             threads["in_use"].get<int>(), threads["online"].get<int>(),
             threads["allowed_by_affinity"].get<int>(),
             threads["cgroup_quota"].is_null()
                 ? "none"
                 : fmt::format("{:.2f}", threads["cgroup_quota"].get<double>()));
  const Json& memory = doc["memory"];
  fmt::print("\nMemory\n  machine    {}, {} available\n",
             HumanBytes(memory["total"].get<uint64_t>()),
             HumanBytes(memory["available"].get<uint64_t>()));
  fmt::print("  limits     cgroup {}, address space {}, file size {}\n",
             Bound(memory["cgroup_limit"]), Bound(memory["address_space_limit"]),
             Bound(memory["file_size_limit"]));
  fmt::print("  huge pages {}\n", memory["transparent_huge_pages"].get<std::string>());
  const Json& pictures = doc["picture_limits"];
  fmt::print("  pictures   at most {} megapixels (--max-pixels), {}\n",
             pictures["max_pixels"].get<uint64_t>() / 1000000,
             HumanBytes(pictures["max_bytes"].get<uint64_t>()));
  fmt::print("\nFormats\n");
  for (const Json& codec : doc["codecs"]) {
    fmt::print("  {:<11} {} ({})\n", codec["format"].get<std::string>(),
               codec["writes"].get<bool>()
                   ? (codec["reads"].get<bool>() ? "reads and writes" : "writes")
               : codec["reads"].get<bool>() ? "reads"
                                            : "no",
               codec["library"].get<std::string>());
  }
  fmt::print("\nBackends\n");
  for (const Json& backend : doc["backends"]) {
    fmt::print("  {:<11} {}: {}\n", backend["name"].get<std::string>(),
               backend["available"].get<bool>() ? "in use" : "not available",
               backend["note"].get<std::string>());
  }
  fmt::print("\nModels found\n");
  for (const Json& model : doc["models"]) {
    fmt::print("  {:<20} {}\n", model["name"].get<std::string>(), model["path"].get<std::string>());
    if (!model["int8"].is_null()) {
      fmt::print("  {:<20} {} (--precision int8)\n", "", model["int8"].get<std::string>());
    }
  }
  fmt::print("  looked for in\n");
  for (const Json& folder : doc["model_folders"]) fmt::print("    {}\n", folder.get<std::string>());
}

}  // namespace

void AddDoctorCommand(CLI::App& app, int* exit_code) {
  CLI::App* doctor = app.add_subcommand(
      "doctor", "Processor, threads, limits, formats, backends and models in force");
  auto as_json = std::make_shared<bool>(false);
  doctor->add_flag("--json", *as_json, "One JSON object");
  doctor->callback([as_json, exit_code] {
    const Json doc = Collect();
    if (*as_json) {
      fmt::print("{}\n", doc.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      Print(doc);
    }
    *exit_code = kExitDone;
  });
}

}  // namespace peel
