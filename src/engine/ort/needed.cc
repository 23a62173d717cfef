#include "src/engine/ort/needed.h"

#include <charconv>
#include <filesystem>

#include "src/base/os/dynamic_library.h"

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

// The name that the linker complains of: what stands before the first colon.
std::string Culprit(const std::string& reason, const std::string& asked) {
  const size_t colon = reason.find(": ");
  if (colon == std::string::npos) return asked;
  const std::string name = fs::path(reason.substr(0, colon)).filename().string();
  return name.find(".so") != std::string::npos ? name : asked;
}

// "" where it can be loaded; it stays loaded then, which costs its user nothing more.
std::string TryLoad(const std::string& name, unsigned scope = 0) {
  std::string reason;
  if (OpenLibrary(name, kLibraryNow | kLibraryStays | scope, &reason) != nullptr) return "";
  return reason.empty() ? name + ": cannot be loaded" : reason;
}

}  // namespace

std::vector<MissingLibrary> FindMissing(const std::string& path) {
  std::vector<MissingLibrary> missing;
  const auto needed = NeededLibraries(path);
  if (!needed.ok()) return {{fs::path(path).filename().string(), needed.status().message()}};
  for (const std::string& name : *needed) {
    // Libraries that come with this one are found beside it.
    const fs::path beside = fs::path(path).parent_path() / name;
    std::error_code error;
    const std::string reason = TryLoad(fs::exists(beside, error) ? beside.string() : name);
    if (!reason.empty()) missing.push_back({Culprit(reason, name), reason});
  }
  return missing;
}

std::vector<std::string> Preload(const std::string& path, const std::vector<std::string>& folders) {
  std::vector<std::string> loaded;
  const auto needed = NeededLibraries(path);
  if (!needed.ok()) return loaded;
  for (const std::string& name : *needed) {
    if (TryLoad(name).empty()) continue;
    for (const std::string& folder : folders) {
      const std::string file = (fs::path(folder) / name).string();
      std::error_code error;
      if (!fs::exists(file, error)) continue;
      // What this one needs lies in the same folders.
      for (std::string& other : Preload(file, folders)) loaded.push_back(std::move(other));
      if (!TryLoad(file, kLibraryGlobal).empty()) continue;
      loaded.push_back(file);
      break;
    }
  }
  return loaded;
}

int MajorVersion(const std::string& library) {
  const size_t at = library.find(".so.");
  int major = 0;
  if (at != std::string::npos) {
    std::from_chars(library.data() + at + 4, library.data() + library.size(), major);
  }
  return major;
}

}  // namespace peel::engine::ort
