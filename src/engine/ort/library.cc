#include "src/engine/ort/library.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include "src/base/os/dynamic_library.h"

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxWarnings = 16;
constexpr int kWarning = 2;

std::mutex log_mutex;
std::vector<std::string>& Log() {
  static auto* log = new std::vector<std::string>();
  return *log;
}

void OnLog(void*, int severity, const char*, const char*, const char*, const char* message) {
  if (severity < kWarning || message == nullptr) return;
  const std::lock_guard lock(log_mutex);
  if (Log().size() < kMaxWarnings) Log().emplace_back(message);
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

void AddFolder(std::vector<std::string>& folders, const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return;
  const std::string name = folder.lexically_normal().string();
  if (std::ranges::find(folders, name) == folders.end()) folders.push_back(name);
}

// site-packages and dist-packages of every Python 3 below a prefix, the newest version first.
void AddPrefix(std::vector<std::string>& folders, const fs::path& prefix) {
  for (const char* lib : {"lib", "lib64"}) {
    std::vector<std::pair<int, fs::path>> versions;
    std::error_code error;
    for (fs::directory_iterator it(prefix / lib, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (!name.starts_with("python3")) continue;
      int minor = 0;
      if (name.starts_with("python3.")) {
        std::from_chars(name.data() + 8, name.data() + name.size(), minor);
      }
      versions.emplace_back(minor, it->path());
    }
    std::ranges::sort(versions, std::greater<>());
    for (const auto& [minor, path] : versions) {
      AddFolder(folders, path / "site-packages");
      AddFolder(folders, path / "dist-packages");
    }
  }
}

// The prefixes of the first python3 on the path: where it is called from (an environment), and
// where the file itself lies.
std::vector<fs::path> PythonPrefixes() {
  for (const std::string& folder : Split(Variable("PATH"), ':')) {
    const fs::path program = fs::path(folder) / "python3";
    std::error_code error;
    if (!fs::exists(program, error)) continue;
    std::vector<fs::path> prefixes = {fs::path(folder).parent_path()};
    const fs::path real = fs::canonical(program, error);
    if (!error) prefixes.push_back(real.parent_path().parent_path());
    if (prefixes.back() == "/usr") prefixes.emplace_back("/usr/local");
    return prefixes;
  }
  return {};
}

// libonnxruntime.so* in a folder, "" without one.
std::string LibraryIn(const fs::path& folder) {
  std::string found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with("libonnxruntime.so") && name > fs::path(found).filename().string()) {
      found = it->path().string();
    }
  }
  return found;
}

// "1.31.1" -> 31; -1 for any other text.
int MinorVersion(const std::string& version) {
  if (!version.starts_with("1.")) return -1;
  int minor = -1;
  std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor;
}

std::string ResolvedPath(void* symbol, const std::string& given) {
  std::error_code error;
  const std::string file = FileOfAddress(symbol);
  const fs::path named = file.empty() ? given : file;
  const fs::path real = fs::canonical(named, error);
  return error ? named.string() : real.string();
}

constexpr char kHowToGet[] = "`pip install onnxruntime` (onnxruntime-gpu for NVIDIA GPUs) gives it";

}  // namespace

std::vector<std::string> PackageFolders(const RuntimeOptions& options) {
  std::vector<std::string> folders;
  for (const std::string& folder : Split(options.folders, ':')) AddFolder(folders, folder);
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const std::string prefix = Variable(variable);
    if (!prefix.empty()) AddPrefix(folders, prefix);
  }
  for (const fs::path& prefix : PythonPrefixes()) AddPrefix(folders, prefix);
  if (const std::string home = Variable("HOME"); !home.empty()) {
    AddPrefix(folders, fs::path(home) / ".local");
  }
  return folders;
}

Result<std::shared_ptr<const Library>> Library::Find(const RuntimeOptions& options,
                                                     std::vector<LibraryTrial>* trials) {
  static std::mutex mutex;
  static auto* known = new std::map<std::string, std::shared_ptr<const Library>>();
  const std::string forced = Variable("PEEL_ORT_LIB");
  std::string key = forced + "\n" + options.folders;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX", "PATH", "HOME"}) {
    key += "\n" + Variable(name);
  }
  const std::lock_guard lock(mutex);
  if (trials == nullptr) {
    if (const auto it = known->find(key); it != known->end()) return it->second;
  }
  if (forced == "off") return NotFound("ONNX Runtime is switched off (PEEL_ORT_LIB=off)");
  std::vector<LibraryTrial> passed;
  std::vector<std::string> candidates;
  if (!forced.empty()) {
    std::error_code error;
    const bool folder = fs::is_directory(forced, error);
    candidates.push_back(folder ? LibraryIn(forced) : forced);
    if (folder && candidates.back().empty()) {
      return NotFound("PEEL_ORT_LIB=" + forced + ": there is no libonnxruntime.so in this folder");
    }
  } else {
    for (const std::string& folder : PackageFolders(options)) {
      const fs::path package = fs::path(folder) / "onnxruntime" / "capi";
      std::error_code error;
      if (!fs::is_directory(package, error)) continue;
      const std::string library = LibraryIn(package);
      if (library.empty()) {
        passed.push_back({package.string(),
                          "this version of the package has no libonnxruntime.so; "
                          "`pip install -U onnxruntime` brings one"});
      } else {
        candidates.push_back(library);
      }
    }
    candidates.emplace_back("libonnxruntime.so.1");
    candidates.emplace_back("libonnxruntime.so");
  }
  for (const std::string& candidate : candidates) {
    auto library = Open(candidate);
    if (library.ok()) {
      (*known)[key] = *library;
      if (trials != nullptr) *trials = std::move(passed);
      return library;
    }
    passed.push_back({candidate, library.status().message()});
  }
  std::string text;
  if (!forced.empty()) {
    text = "PEEL_ORT_LIB=" + forced + ": " + passed.back().reason;
  } else {
    text = "ONNX Runtime is not on this machine";
    for (const LibraryTrial& trial : passed) {
      if (trial.path.starts_with("/")) text += "; " + trial.path + ": " + trial.reason;
    }
    text += std::string("; ") + kHowToGet + ", or name a libonnxruntime.so in PEEL_ORT_LIB";
  }
  if (trials != nullptr) *trials = std::move(passed);
  return NotFound(std::move(text));
}

Result<std::shared_ptr<const Library>> Library::Open(const std::string& path) {
  std::string reason;
  void* handle = OpenLibrary(path, kLibraryNow | kLibraryStays, &reason);
  if (handle == nullptr) return NotFound(reason.empty() ? "it cannot be loaded" : reason);
  void* symbol = FindSymbol(handle, "OrtGetApiBase");
  if (symbol == nullptr) return Unsupported("it is not ONNX Runtime (there is no OrtGetApiBase)");
  const auto* base = reinterpret_cast<const OrtApiBase* (*)()>(symbol)();
  if (base == nullptr) return Unsupported("its OrtGetApiBase gives nothing");
  std::shared_ptr<Library> library(new Library());
  library->version_ = base->GetVersionString();
  // Asked for the version first: a table that is too new for it makes the library print.
  const int minor = MinorVersion(library->version_);
  const void* const* table =
      minor < static_cast<int>(kApiVersion) ? nullptr : base->GetApi(kApiVersion);
  if (table == nullptr) {
    return Unsupported("it is version " + library->version_ + "; Peel needs 1." +
                       std::to_string(kApiVersion) +
                       " or newer: `pip install -U onnxruntime` (or onnxruntime-gpu)");
  }
  const FunctionTable& api = library->api_;
  library->api_.Load(table);
  library->path_ = ResolvedPath(symbol, path);
  OrtEnv* env = nullptr;
  PEEL_ORT_RETURN_IF_ERROR(api, CreateEnvWithCustomLogger(&OnLog, nullptr, kWarning, "peel", &env));
  library->env_ = env;
  PEEL_ORT_RETURN_IF_ERROR(api, DisableTelemetryEvents(env));
  char** names = nullptr;
  int count = 0;
  PEEL_ORT_RETURN_IF_ERROR(api, GetAvailableProviders(&names, &count));
  for (int i = 0; i < count; ++i) library->providers_.emplace_back(names[i]);
  PEEL_ORT_RETURN_IF_ERROR(api, ReleaseAvailableProviders(names, count));
  return std::shared_ptr<const Library>(std::move(library));
}

bool Library::HasProvider(std::string_view name) const {
  return std::ranges::find(providers_, name) != providers_.end();
}

std::string Library::folder() const { return fs::path(path_).parent_path().string(); }

std::string Library::TakeWarnings() {
  const std::lock_guard lock(log_mutex);
  std::string text;
  for (const std::string& line : Log()) text += line + "\n";
  Log().clear();
  return text;
}

}  // namespace peel::engine::ort
