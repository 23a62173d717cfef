#include "apps/peel/serve/serve_arguments.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "apps/peel/config.h"
#include "apps/peel/output.h"
#include "apps/peel/run_parts.h"
#include "src/server/guard/keys.h"
#include "src/server/guard/secret.h"

namespace peel {
namespace {

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

Status TakeBytes(const std::string& text, const char* option, uint64_t& to) {
  if (text.empty()) return OkStatus();
  auto bytes = ParseBytes(text);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(option);
  to = *bytes;
  return OkStatus();
}

}  // namespace

Status TakeConfig(const Command& serve, ServeArguments& a) {
  PEEL_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  const auto take = [&](const char* key, const std::string& option, std::string& to) {
    const auto it = config.find(key);
    if (it != config.end() && serve.Count(option) == 0) to = it->second;
  };
  take("model", "--model", a.model);
  take("device", "--device", a.device);
  take("backend", "--backend", a.backend);
  take("precision", "--precision", a.precision);
  std::string threads;
  take("threads", "--threads", threads);
  if (!threads.empty()) a.threads = std::stoi(threads);  // ReadConfig has checked it
  return OkStatus();
}

Result<server::ServiceOptions> PlanService(const ServeArguments& a) {
  server::ServiceOptions options = a.service;
  options.version = PEEL_VERSION;
  options.http.port = static_cast<uint16_t>(a.port);
  if (options.http.certificate.empty() != options.http.key.empty()) {
    return InvalidArgument("--tls-cert and --tls-key go together");
  }
  if (!options.fetch_allow.empty() && !options.fetches) {
    return InvalidArgument("--fetch-allow is for --fetch, which is not given");
  }
  PEEL_RETURN_IF_ERROR(TakeBytes(a.max_bytes, "--max-bytes", options.max_body));
  options.work.memory = DefaultMemory();
  PEEL_RETURN_IF_ERROR(TakeBytes(a.memory, "--memory", options.work.memory));
  ModelOptions& model = options.work.model;
  model.model = a.model;
  model.threads = a.threads;
  model.strict = a.strict;
  PEEL_ASSIGN_OR_RETURN(model.device, ParseDevice(a.device));
  PEEL_ASSIGN_OR_RETURN(model.backend, ParseBackend(a.backend));
  PEEL_ASSIGN_OR_RETURN(model.precision, ParsePrecision(a.precision));
  options.work.max_models = a.max_models + 1;
  options.work.deadline = Milliseconds(a.timeout);
  options.drain_time = Milliseconds(a.drain_time);
  options.page = !a.no_page;
  options.log = a.log == "json"  ? server::ServiceOptions::Log::kJson
                : a.log == "off" ? server::ServiceOptions::Log::kOff
                                 : server::ServiceOptions::Log::kText;
  return options;
}

int AddSecrets(const ServeArguments& a, Console& console) {
  const std::string& file = a.service.keys_file;
  if (file.empty()) {
    console.Error(
        "--new-key and --new-link-secret write to the file of --keys, which is not given");
    return kExitUsage;
  }
  if (!a.new_key.empty()) {
    server::Key key;
    key.name = a.new_key;
    const auto made = server::AddKey(file, std::move(key));
    if (!made.ok()) {
      console.Error(made.status().message());
      return ExitCodeFor(made.status());
    }
    WriteOutput(*made + "\n");
    console.Note("this is the only time that the key is shown; " + file + " has its hash");
  }
  if (!a.new_link_secret.empty()) {
    const auto made = server::AddLinkSecret(file, a.new_link_secret, "");
    if (!made.ok()) {
      console.Error(made.status().message());
      return ExitCodeFor(made.status());
    }
    WriteOutput(server::ToBase64Url(made->secret) + "\n");
  }
  return kExitDone;
}

}  // namespace peel
