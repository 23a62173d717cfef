#include "src/matte/model/catalogue.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "src/base/edit_distance.h"
#include "src/base/os/file.h"

namespace peel {
namespace {

constexpr std::string_view kApache = "Apache-2.0";
constexpr std::string_view kMit = "MIT";

constexpr CatalogueEntry kCatalogue[] = {
    {kEmbeddedModel, Family::kPeel, "Peel's own general model, part of the program", kApache},
    {"ben_custom", Family::kIsnet, "your own BEN model", "yours"},
    {"birefnet-cod", Family::kBirefnet, "BiRefNet for camouflaged objects", kMit},
    {"birefnet-dis", Family::kBirefnet, "BiRefNet for fine structures", kMit},
    {"birefnet-general", Family::kBirefnet, "BiRefNet, general, large and slow", kMit},
    {"birefnet-general-fp16", Family::kBirefnet, "birefnet-general in half precision", kMit},
    {"birefnet-general-lite", Family::kBirefnet, "BiRefNet, general, smaller", kMit},
    {"birefnet-hrsod", Family::kBirefnet, "BiRefNet for high-resolution salient objects", kMit},
    {"birefnet-massive", Family::kBirefnet, "BiRefNet trained on a larger data set", kMit},
    {"birefnet-portrait", Family::kBirefnet, "BiRefNet for portraits", kMit},
    {"bria-rmbg", Family::kBria, "BRIA RMBG, general",
     "BRIA's own; commercial use needs an agreement"},
    {"dis_custom", Family::kIsnet, "your own IS-Net (DIS) model", "yours"},
    {"isnet-anime", Family::kIsnetAnime, "IS-Net for anime characters", kApache},
    {"isnet-general-use", Family::kIsnet, "IS-Net, general", kApache},
    {"modnet", Family::kModnet, "MODNet for portraits", kApache},
    {"sam", Family::kSam, "Segment Anything, needs prompts; not supported", kApache},
    {"silueta", Family::kU2net, "U2-Net cut down to 43 MB", kApache},
    {"u2net", Family::kU2net, "U2-Net, general", kApache},
    {"u2net_cloth_seg", Family::kClothSeg, "U2-Net for clothes: upper, lower and full body", kMit},
    {"u2net_custom", Family::kU2net, "your own U2-Net model", "yours"},
    {"u2net_human_seg", Family::kU2net, "U2-Net for people", kApache},
    {"u2netp", Family::kU2net, "U2-Net, small and fast (4.7 MB)", kApache},
};

bool IsFile(const std::string& path) {
  const auto info = InfoOf(path);
  return info && info->is_file();
}

bool Exists(const std::string& path) { return InfoOf(path).has_value(); }

std::string NearMatches(std::string_view name) {
  std::vector<std::pair<size_t, std::string_view>> near;
  for (const CatalogueEntry& e : kCatalogue) {
    const size_t distance = EditDistance(name, e.name);
    const bool part = name.size() >= 3 && e.name.find(name) != std::string_view::npos;
    if (distance <= std::max<size_t>(2, name.size() / 3)) {
      near.emplace_back(distance, e.name);
    } else if (part) {
      near.emplace_back(name.size(), e.name);
    }
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (size_t i = 0; i < near.size() && i < 3; ++i) {
    if (i > 0) text += i + 1 == std::min<size_t>(near.size(), 3) ? " or " : ", ";
    text += near[i].second;
  }
  return text;
}

std::string Stem(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (path.ends_with(".onnx")) path.remove_suffix(5);
  return std::string(path);
}

// The family of a file called after a catalogue model, variants such as u2netp-fp16 included.
std::optional<Family> FamilyOfFile(const std::string& stem) {
  const CatalogueEntry* best = nullptr;
  for (const CatalogueEntry& e : kCatalogue) {
    if (e.name == kEmbeddedModel || !stem.starts_with(e.name)) continue;
    const bool whole = stem.size() == e.name.size() || stem[e.name.size()] == '-' ||
                       stem[e.name.size()] == '_' || stem[e.name.size()] == '.';
    if (whole && (best == nullptr || e.name.size() > best->name.size())) best = &e;
  }
  return best == nullptr ? std::nullopt : std::optional<Family>(best->family);
}

}  // namespace

std::span<const CatalogueEntry> Catalogue() { return kCatalogue; }

const CatalogueEntry* FindInCatalogue(std::string_view name) {
  for (const CatalogueEntry& e : kCatalogue) {
    if (e.name == name) return &e;
  }
  return nullptr;
}

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

namespace {

std::string Variable(const Environment& environment, const char* name) {
  std::string value = environment(name).value_or("");
  const std::string home = environment("HOME").value_or("");
  if (value == "~" || value.starts_with("~/")) value = home + value.substr(1);
  while (value.size() > 1 && value.back() == '/') value.pop_back();
  return value;
}

}  // namespace

std::string OwnModelFolder(const Environment& environment) {
  const std::string data = Variable(environment, "XDG_DATA_HOME");
  if (!data.empty()) return data + "/peel/models";
  const std::string home = Variable(environment, "HOME");
  return home.empty() ? "" : home + "/.local/share/peel/models";
}

std::vector<std::string> ModelCandidates(std::string_view name, const Environment& environment) {
  const std::string file = std::string(name) + ".onnx";
  const std::string nested = "models/" + std::string(name) + "/" + file;
  const std::string home = Variable(environment, "HOME");
  std::vector<std::string> paths;
  const auto add = [&](const std::string& folder, const std::string& below) {
    if (!folder.empty()) paths.push_back(folder + "/" + below);
  };
  const std::string data = Variable(environment, "XDG_DATA_HOME");
  add(Variable(environment, "U2NET_HOME"), file);
  add(Variable(environment, "REMBG_HOME"), nested);
  add(data.empty() ? "" : data + "/rembg", nested);
  add(home.empty() ? "" : home + "/.rembg", nested);
  add(home.empty() ? "" : home + "/.u2net", file);
  add(OwnModelFolder(environment), file);
  return paths;
}

Result<LocatedModel> LocateModel(std::string_view name_or_file, const Environment& environment) {
  LocatedModel model;
  if (name_or_file.empty()) return InvalidArgument("a model needs a name or a file");
  if (name_or_file.find('/') != std::string_view::npos || name_or_file.ends_with(".onnx")) {
    const std::string path(name_or_file);
    if (!Exists(path)) return NotFound(path + ": there is no such model file");
    if (!IsFile(path)) return NotFound(path + ": this is not a file");
    model.path = path;
    model.name = Stem(path);
    model.family = FamilyOfFile(model.name);
    return model;
  }

  model.name = std::string(name_or_file);
  const CatalogueEntry* entry = FindInCatalogue(name_or_file);
  if (entry != nullptr) model.family = entry->family;
  if (name_or_file == kEmbeddedModel) return model;
  const auto candidates = ModelCandidates(name_or_file, environment);
  for (const std::string& path : candidates) {
    if (!IsFile(path)) continue;
    model.path = path;
    if (!model.family) model.family = FamilyOfFile(model.name);
    return model;
  }

  if (entry == nullptr) {
    const std::string near = NearMatches(name_or_file);
    return NotFound("there is no model \"" + model.name + "\"" +
                    (near.empty() ? "; `peel models list` shows the known ones"
                                  : "; did you mean " + near + "?"));
  }
  std::string text = "the model \"" + model.name + "\" is not on this machine; put " + model.name +
                     ".onnx into one of";
  for (const std::string& path : candidates) text += "\n  " + path;
  return NotFound(text);
}

}  // namespace peel
