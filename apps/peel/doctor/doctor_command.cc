#include "apps/peel/doctor/doctor_command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/config.h"
#include "apps/peel/console.h"
#include "apps/peel/doctor/doctor_devices.h"
#include "apps/peel/doctor/doctor_video.h"
#include "apps/peel/model/model_list.h"
#include "apps/peel/output.h"
#include "src/base/cpu.h"
#include "src/base/os/system_limits.h"
#include "src/base/thread_pool.h"
#include "src/codec/codecs.h"
#include "src/codec/limits.h"
#include "src/pipeline/cut/cutter.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

Json Collect(const engine::RuntimeOptions& options) {
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
  doc["video"] = VideoToolsJson();
  doc.update(DevicesJson(options));
  const auto config = ReadConfig();
  doc["config"] = {{"path", ConfigPath()}, {"values", config.ok() ? *config : Config{}}};
  if (!config.ok()) doc["config"]["error"] = config.status().message();
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

void PrintText(const Json& doc) {
  const auto list = [](const Json& array) {
    return fmt::format("{}", fmt::join(array.get<std::vector<std::string>>(), " "));
  };
  Print("peel {}\n\nProcessor\n", doc["version"].get<std::string>());
  const Json& cpu = doc["cpu"];
  Print("  model      {}\n", cpu["model"].get<std::string>());
  Print("  kernels    {} (of {}; PEEL_CPU forces a lower one)\n", cpu["target"].get<std::string>(),
        list(cpu["targets"]));
  Print("  features   {}\n", list(cpu["features"]));
  if (!cpu["note"].get<std::string>().empty()) {
    Print("  note       {}\n", cpu["note"].get<std::string>());
  }
  const Json& threads = doc["threads"];
  Print("  threads    {} in use; {} online, {} allowed by affinity, cgroup quota {}\n",
        threads["in_use"].get<int>(), threads["online"].get<int>(),
        threads["allowed_by_affinity"].get<int>(),
        threads["cgroup_quota"].is_null()
            ? "none"
            : fmt::format("{:.2f}", threads["cgroup_quota"].get<double>()));
  const Json& memory = doc["memory"];
  Print("\nMemory\n  machine    {}, {} available\n", HumanBytes(memory["total"].get<uint64_t>()),
        HumanBytes(memory["available"].get<uint64_t>()));
  Print("  limits     cgroup {}, address space {}, file size {}\n", Bound(memory["cgroup_limit"]),
        Bound(memory["address_space_limit"]), Bound(memory["file_size_limit"]));
  Print("  huge pages {}\n", memory["transparent_huge_pages"].get<std::string>());
  const Json& pictures = doc["picture_limits"];
  Print("  pictures   at most {} megapixels (--max-pixels), {}\n",
        pictures["max_pixels"].get<uint64_t>() / 1000000,
        HumanBytes(pictures["max_bytes"].get<uint64_t>()));
  Print("\nFormats\n");
  for (const Json& codec : doc["codecs"]) {
    Print("  {:<11} {} ({})\n", codec["format"].get<std::string>(),
          codec["writes"].get<bool>() ? (codec["reads"].get<bool>() ? "reads and writes" : "writes")
          : codec["reads"].get<bool>() ? "reads"
                                       : "no",
          codec["library"].get<std::string>());
  }
  PrintVideoTools(doc["video"]);
  PrintDevices(doc);
  const Json& config = doc["config"];
  Print("\nConfiguration\n  {}\n", config["path"].get<std::string>());
  for (const auto& [key, value] : config["values"].items()) {
    Print("  {:<10} {}\n", key, value.get<std::string>());
  }
  if (config.contains("error")) Print("  no: {}\n", config["error"].get<std::string>());
  Print("\nModels found\n");
  for (const Json& model : doc["models"]) {
    Print("  {:<20} {}\n", model["name"].get<std::string>(), model["path"].get<std::string>());
    if (!model["int8"].is_null()) {
      Print("  {:<20} {} (--precision int8)\n", "", model["int8"].get<std::string>());
    }
  }
  Print("  looked for in\n");
  for (const Json& folder : doc["model_folders"]) Print("    {}\n", folder.get<std::string>());
}

}  // namespace

void AddDoctorCommand(Command& app, int* exit_code) {
  struct Arguments {
    VerifyArguments verify;
    std::string ort;
    bool json = false, verify_devices = false;
  };
  Command doctor = app.AddCommand(
      "doctor",
      "Show processor, limits, formats, devices, models and ffmpeg, and what is missing and why");
  auto a = std::make_shared<Arguments>();
  doctor.AddFlag("--json", a->json, "Print one JSON object");
  doctor.AddFlag("--verify", a->verify_devices,
                 "Run every device on pictures of 640, 1024 and 2048 pixels, compare it with the "
                 "CPU, time it, and remember the result for --device auto");
  doctor.AddOption("-m,--model", a->verify.model, "With --verify: the model to use")
      .TypeName("NAME|FILE");
  doctor.AddOption("--runs", a->verify.runs, "With --verify: timed runs of each; default 5")
      .Range(1, 1000);
  doctor.AddOption("--threads", a->verify.threads, "With --verify: threads for the CPU")
      .Range(1, 1024);
  doctor.AddOption("--ort", a->ort, "Options for ONNX Runtime, as for `peel cut`")
      .TypeName("KEY=VALUE[,...]");
  doctor.OnParsed([doctor, a, exit_code] {
    for (const char* option : {"--model", "--runs", "--threads"}) {
      if (a->verify_devices || doctor.Count(option) == 0) continue;
      Console().Error(std::string(option) + " is about --verify; give that too");
      *exit_code = kExitUsage;
      return;
    }
    const auto options = ParseRuntime(a->ort);
    if (!options.ok()) {
      Console().Error(options.status().message());
      *exit_code = kExitUsage;
      return;
    }
    if (a->verify_devices) {
      a->verify.json = a->json;
      *exit_code = RunVerify(a->verify, *options);
      return;
    }
    const Json doc = Collect(*options);
    if (a->json) {
      Print("{}\n", doc.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      PrintText(doc);
    }
    *exit_code = kExitDone;
  });
}

}  // namespace peel
