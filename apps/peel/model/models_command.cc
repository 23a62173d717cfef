#include "apps/peel/model/models_command.h"

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/model/model_command.h"
#include "apps/peel/model/model_list.h"
#include "apps/peel/output.h"
#include "src/engine/session.h"
#include "src/library/labels/network_catalogue.h"
#include "src/matte/model/catalogue.h"
#include "src/matte/model/embedded_model.h"
#include "src/matte/model/published.h"
#include "src/pipeline/model/model_loader.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const ListedModel& model) {
  Json entry = {{"name", model.name},
                {"family", model.family},
                {"summary", model.summary},
                {"licence", model.licence},
                {"installed", !model.path.empty()}};
  if (!model.path.empty()) {
    entry["path"] = model.path;
    entry["bytes"] = model.bytes;
  }
  return entry;
}

Json ToJson(const library::CataloguedNetwork& network) {
  Json entry = {{"name", network.name},
                {"family", "scan"},
                {"role", network.role},
                {"summary", network.summary},
                {"licence", network.licence},
                {"url", network.origin},
                {"installed", !network.onnx.empty()}};
  if (!network.onnx.empty()) {
    entry["path"] = "(embedded)";
    entry["bytes"] = network.onnx.size();
  }
  return entry;
}

int List(bool json) {
  const std::vector<ListedModel> models = ListModels();
  if (json) {
    Json list = Json::array();
    for (const ListedModel& model : models) list.push_back(ToJson(model));
    for (const auto& network : library::NetworkCatalogue()) list.push_back(ToJson(network));
    Print("{}\n", list.dump(2, ' ', false, Json::error_handler_t::replace));
    return kExitDone;
  }
  for (const ListedModel& model : models) {
    Print("{:<24} {:<11} {}\n", model.name, model.path.empty() ? "-" : HumanBytes(model.bytes),
          model.path.empty() ? model.summary : model.path);
  }
  Print("\n'-': not on this machine; `peel models info NAME` says where to put it.\n");
  Print("\nNetworks of `peel scan`, which measures subjects with the model peel besides:\n");
  for (const auto& network : library::NetworkCatalogue()) {
    Print("{:<24} {:<11} {}: {}\n{:<36} {}, {}\n", network.name,
          network.onnx.empty() ? "-" : HumanBytes(network.onnx.size()), network.role,
          network.summary, "", network.licence, network.origin);
  }
  return kExitDone;
}

Result<std::unique_ptr<engine::Session>> LoadNetwork(const library::CataloguedNetwork& network) {
  return engine::Session::LoadBytes(network.onnx, nullptr, std::string(network.name), {});
}

// Loads the model as cutting out would.
Status Check(const std::string& name) {
  if (const auto* network = library::FindNetwork(name);
      network != nullptr && !network->onnx.empty()) {
    return LoadNetwork(*network).status();
  }
  ModelOptions options;
  options.model = name;
  ThreadPool pool;
  auto loaded = LoadModel(options, pool);
  return loaded.ok() ? OkStatus() : std::move(loaded).status();
}

int NetworkInfo(const library::CataloguedNetwork& network, bool json) {
  Json info = ToJson(network);
  std::string summary;
  if (!network.onnx.empty()) {
    const auto session = LoadNetwork(network);
    if (!session.ok()) return ReportFailure(session.status());
    summary = session.value()->Summary();
  }
  if (json) {
    Print("{}\n", info.dump(2, ' ', false, Json::error_handler_t::replace));
    return kExitDone;
  }
  Print("name     {}\nfamily   scan: {}\nabout    {}\nlicence  {}\nfrom     {}\nfile     {}\n",
        network.name, network.role, network.summary, network.licence, network.origin,
        network.onnx.empty() ? "files of your own" : "(embedded)");
  if (!summary.empty()) Print("\n{}{}", summary, summary.ends_with('\n') ? "" : "\n");
  return kExitDone;
}

int Info(const std::string& name, bool json) {
  if (const auto* network = library::FindNetwork(name); network != nullptr) {
    return NetworkInfo(*network, json);
  }
  auto located = LocateModel(name);
  const CatalogueEntry* known = FindInCatalogue(name);
  if (!located.ok() && known == nullptr) return ReportFailure(located.status());
  ListedModel model;
  for (ListedModel& listed : ListModels()) {
    if (listed.name == name) model = std::move(listed);
  }
  if (model.name.empty()) {
    model.name = located.value().name;
    model.path = located.value().path;
  }
  Json info = ToJson(model);
  std::string summary;
  if (located.ok()) {
    auto session = located.value().embedded()
                       ? engine::Session::LoadBytes(EmbeddedModel(), nullptr, model.name, {})
                       : engine::Session::Load(located.value().path, {});
    if (!session.ok()) return ReportFailure(session.status());
    summary = session.value()->Summary();
    for (const auto& [key, value] : session.value()->metadata()) info["metadata"][key] = value;
  } else {
    info["looked_for"] = ModelCandidates(name, ProcessEnvironment());
  }
  if (const PublishedModel* published = FindPublished(name)) {
    info["url"] = published->url;
    info["md5"] = published->md5;
    if (!published->sha256.empty()) info["sha256"] = published->sha256;
  }
  if (json) {
    Print("{}\n", info.dump(2, ' ', false, Json::error_handler_t::replace));
    return kExitDone;
  }
  Print("name     {}\n", model.name);
  if (!model.family.empty()) {
    Print("family   {}\nabout    {}\nlicence  {}\n", model.family, model.summary, model.licence);
  }
  if (located.ok()) {
    Print("file     {}\n\n{}", model.path, summary);
    if (!summary.ends_with('\n')) Print("\n");
  } else {
    Print("file     not on this machine; looked for\n");
    for (const std::string& path : ModelCandidates(name, ProcessEnvironment())) {
      Print("           {}\n", path);
    }
  }
  return kExitDone;
}

int Verify(const std::vector<std::string>& names) {
  std::vector<std::string> wanted = names;
  if (wanted.empty()) {
    for (const ListedModel& model : ListModels()) {
      if (!model.path.empty()) wanted.push_back(model.name);
    }
    for (const auto& network : library::NetworkCatalogue()) {
      if (!network.onnx.empty()) wanted.emplace_back(network.name);
    }
  }
  size_t broken = 0;
  for (const std::string& name : wanted) {
    const Status status = Check(name);
    Print("{:<24} {}\n", name, status.ok() ? "good" : "BROKEN: " + status.message());
    broken += !status.ok();
  }
  if (broken == 0) return kExitDone;
  return broken == wanted.size() ? kExitNothing : kExitSomeFailed;
}

}  // namespace

void AddModelsCommand(Command& app, int* exit_code) {
  Command models = app.AddCommand("models", "List, check and download models");
  models.RequireCommand(0, 1);
  auto json = std::make_shared<bool>(false);
  models.AddFlag("--json", *json, "Print JSON");

  Command list = models.AddCommand("list", "List every known model and its file (the default)");
  list.AddFlag("--json", *json, "Print JSON");

  Command info = models.AddCommand("info", "Show family, licence, file and layers of one model");
  auto name = std::make_shared<std::string>();
  info.AddOption("NAME", *name, "A model name or an ONNX file").Required();
  info.AddFlag("--json", *json, "Print JSON");
  info.OnParsed([name, json, exit_code] { *exit_code = Info(*name, *json); });

  Command verify = models.AddCommand("verify", "Load models to check that they are complete");
  auto names = std::make_shared<std::vector<std::string>>();
  verify.AddOption("NAME", *names, "Names or files; default: all on this machine");
  verify.OnParsed([names, exit_code] { *exit_code = Verify(*names); });

  Command pull = models.AddCommand("pull", "Download a model, over https");
  auto source = std::make_shared<std::string>();
  pull.AddOption("NAME", *source, "A model name or the https URL of an ONNX file").Required();
  auto sha256 = std::make_shared<std::string>();
  pull.AddOption("--sha256", *sha256,
                 "Checksum that the file must have; for known names it is built in")
      .TypeName("HEX");
  pull.OnParsed([source, sha256, exit_code] { *exit_code = PullModel(*source, *sha256); });

  models.OnParsed([models, list, json, exit_code] {
    if (!models.has_given_command() || list.given()) *exit_code = List(*json);
  });
}

}  // namespace peel
