// `models pull`: from an address to a model in Peel's own folder that is whole and can be used.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "apps/peel/console.h"
#include "apps/peel/model/download.h"
#include "apps/peel/model/models_command.h"
#include "apps/peel/output.h"
#include "src/base/caught.h"
#include "src/base/lower.h"
#include "src/base/os/files.h"
#include "src/base/os/interrupt.h"
#include "src/matte/model/catalogue.h"
#include "src/matte/model/published.h"
#include "src/pipeline/model/model_loader.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

struct Wanted {
  std::string name, url;
  Checksums checksums;
};

Status CheckSha256(std::string_view text) {
  const bool good = text.empty() || (text.size() == 64 && std::ranges::all_of(text, [](char c) {
                                       return std::isxdigit(static_cast<unsigned char>(c)) != 0;
                                     }));
  if (good) return OkStatus();
  return InvalidArgument("--sha256: a SHA-256 digest has 64 hexadecimal digits");
}

Result<Wanted> FromUrl(const std::string& url) {
  if (!LowerAscii(url).starts_with("https://")) {
    return InvalidArgument(url + ": models are taken from https addresses only");
  }
  const std::string path = url.substr(0, url.find_first_of("?#"));
  const std::string name = fs::path(path).stem().string();
  if (path.ends_with('/') || std::ranges::count(path, '/') < 3 || name.starts_with('.')) {
    return InvalidArgument(url + ": names no file; the address ends in the name of the model");
  }
  return Wanted{name, url, {}};
}

// Of what the catalogue knows; without an address for what it knows no place for.
Result<Wanted> FromCatalogue(const std::string& name) {
  if (FindInCatalogue(name) == nullptr) {
    return InvalidArgument(
        name + ": no model of this name is known; see `peel models list`, or give an https URL");
  }
  Wanted wanted{name, "", {}};
  if (const PublishedModel* published = FindPublished(name)) {
    wanted.url = published->url;
    wanted.checksums = {std::string(published->md5), std::string(published->sha256)};
  }
  return wanted;
}

// As cutting out would load it.
Status CheckModel(const Wanted& wanted, const std::string& file) {
  ModelOptions options;
  options.model = file;
  options.device = Device::kCpu;
  if (const CatalogueEntry* entry = FindInCatalogue(wanted.name)) {
    options.family = FamilyName(entry->family);
  }
  ThreadPool pool;
  auto loaded = Caught("", [&] { return LoadModel(options, pool); });
  if (loaded.ok()) return OkStatus();
  return Corrupt(wanted.url + ": the downloaded file is not a model that Peel can use: " +
                 loaded.status().message());
}

Status Pull(const Wanted& wanted, const std::string& folder, const std::string& target) {
  std::error_code error;
  if (fs::exists(target, error)) {
    return IoError(target + ": is there already; remove it to download it again");
  }
  PEEL_RETURN_IF_ERROR(CreateFolders(folder));
  RemoveStaleDownloads(folder);
  auto download = Download::Begin(target);
  if (!download.ok()) return std::move(download).status();
  if (fs::exists(target, error)) return OkStatus();  // another run has just finished it
  PEEL_RETURN_IF_ERROR((*download)->Fetch(wanted.url, wanted.checksums));
  PEEL_RETURN_IF_ERROR(CheckModel(wanted, (*download)->path()));
  return (*download)->Finish();
}

}  // namespace

int PullModel(const std::string& name_or_url, const std::string& sha256) {
  Console console;
  const auto fail = [&](const Status& status) {
    console.Error(status.message());
    return ExitCodeFor(status);
  };
  if (name_or_url == kEmbeddedModel) {
    Print("{} is embedded; there is nothing to download\n", name_or_url);
    return kExitDone;
  }
  if (const Status status = CheckSha256(sha256); !status.ok()) return fail(status);
  auto wanted = name_or_url.find("://") != std::string::npos ? FromUrl(name_or_url)
                                                             : FromCatalogue(name_or_url);
  if (!wanted.ok()) return fail(wanted.status());
  if (!sha256.empty()) wanted->checksums.sha256 = LowerAscii(sha256);
  const std::string folder = OwnModelFolder(ProcessEnvironment());
  if (folder.empty()) {
    return fail(NotFound("there is no home folder to keep models in; set XDG_DATA_HOME"));
  }
  const std::string target = (fs::path(folder) / (wanted->name + ".onnx")).string();
  if (wanted->url.empty()) {
    return fail(
        NotFound(fmt::format("{}: Peel knows no place to download it from. Nothing was "
                             "downloaded; put its ONNX file at {} by hand",
                             wanted->name, target)));
  }
  CatchInterrupts();
  const Status pulled = Caught(wanted->url, [&] { return Pull(*wanted, folder, target); });
  if (!pulled.ok()) {
    console.Error(pulled.message());
    if (Interrupted().cancelled()) DieOfInterrupt();
    return kExitNothing;
  }
  Print("{}\n", target);
  return kExitDone;
}

}  // namespace peel
