// `models pull` hands the transfer to curl, which knows proxies and certificates, and looks at what
// came before it gets its name.
#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/models_command.h"
#include "src/matte/catalogue.h"
#include "src/pipeline/model_loader.h"

extern char** environ;

namespace peel {
namespace {

namespace fs = std::filesystem;

// Where rembg publishes the models that bear its names; files there are named like the models.
constexpr char kUpstream[] = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/";
// Those of the catalogue that are published there under their own name.
constexpr const char* kPublished[] = {"u2net",      "u2netp",          "u2net_human_seg",
                                      "silueta",    "u2net_cloth_seg", "isnet-general-use",
                                      "isnet-anime"};

int Fail(int code, const std::string& message) {
  fmt::print(stderr, "peel: error: {}\n", message);
  return code;
}

// curl's exit status; -1 when it could not be started.
int Curl(const std::string& url, const std::string& path) {
  std::vector<std::string> words = {
      "curl",         "--fail",   "--location", "--proto", "=https,http",
      "--show-error", "--output", path,         "--",      url};
  if (isatty(STDERR_FILENO) == 0) words.insert(words.begin() + 1, "--silent");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, "curl", nullptr, nullptr, arguments.data(), environ) != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

int PullModel(const std::string& name_or_url) {
  const bool is_url = name_or_url.starts_with("https://") || name_or_url.starts_with("http://");
  std::string url = name_or_url;
  std::string name = fs::path(name_or_url).stem().string();
  if (!is_url) {
    name = name_or_url;
    if (name == kEmbeddedModel) {
      fmt::print("{} is embedded; there is nothing to download\n", name);
      return kExitDone;
    }
    if (FindInCatalogue(name) == nullptr) {
      return Fail(
          kExitUsage,
          name + ": no model of this name is known; see `peel models list`, or give an https URL");
    }
    url.clear();
    for (const char* published : kPublished) {
      if (name == published) url = kUpstream + name + ".onnx";
    }
  }
  const std::string folder = OwnModelFolder(ProcessEnvironment());
  if (folder.empty()) {
    return Fail(kExitNothing, "there is no home folder to keep models in; set XDG_DATA_HOME");
  }
  const std::string target = (fs::path(folder) / (name + ".onnx")).string();
  if (url.empty()) {
    return Fail(kExitNothing,
                fmt::format("{}: Peel knows no place to download it from. Nothing was "
                            "downloaded; put its ONNX file at {} by hand",
                            name, target));
  }
  std::error_code error;
  if (fs::exists(target, error)) {
    return Fail(kExitNothing, target + ": is there already; remove it to download it again");
  }
  fs::create_directories(folder, error);
  if (error)
    return Fail(kExitNothing, folder + ": cannot create this folder (" + error.message() + ")");

  const std::string temporary = target + ".part-" + std::to_string(getpid()) + ".onnx";
  fmt::print(stderr, "peel: downloading {}\n", url);
  const int status = Curl(url, temporary);
  if (status != 0) {
    fs::remove(temporary, error);
    return Fail(kExitNothing,
                status < 0
                    ? fmt::format("the program curl, which does the download, cannot be started. "
                                  "Install it, or fetch {} by hand to {}",
                                  url, target)
                    : fmt::format("{}: the download failed (curl's exit status {}); nothing "
                                  "was kept",
                                  url, status));
  }
  ModelOptions options;
  options.model = temporary;
  auto loaded = LoadModel(options);
  if (!loaded.ok()) {
    fs::remove(temporary, error);
    return Fail(kExitNothing, fmt::format("{}: what was downloaded is no model Peel can use: {}",
                                          url, loaded.status().message()));
  }
  fs::rename(temporary, target, error);
  if (error) {
    fs::remove(temporary, error);
    return Fail(kExitNothing, target + ": cannot be given its name (" + error.message() + ")");
  }
  fmt::print("{}\n", target);
  return kExitDone;
}

}  // namespace peel
