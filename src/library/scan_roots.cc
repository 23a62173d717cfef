#include "src/library/scan_roots.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace peel::library {
namespace fs = std::filesystem;

ScanRoots FindRoots(const std::vector<std::string>& inputs) {
  ScanRoots roots;
  for (const std::string& input : inputs) {
    std::error_code error;
    const fs::path path = fs::canonical(input, error);
    if (!error) {
      if (std::ranges::find(roots.names, path.string()) == roots.names.end()) {
        roots.names.push_back(path.string());
      }
      continue;
    }
    const Status status = error == std::errc::no_such_file_or_directory
                              ? NotFound(input + ": no such file or folder")
                              : IoError(input + ": cannot be looked at: " + error.message());
    roots.errors.push_back({{input, ""}, status});
  }
  return roots;
}

bool ScanRoots::Contain(std::string_view path) const {
  return std::ranges::any_of(names, [&](const std::string& name) {
    if (!path.starts_with(name)) return false;
    return path.size() == name.size() || name.ends_with('/') || path[name.size()] == '/';
  });
}

Result<std::string> DefaultDatabase(const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (fs::is_directory(input, error)) return (fs::path(input) / ".peel" / "library.db").string();
  }
  return InvalidArgument(
      "no folder is named in which the library could be kept; give one, or name the library by "
      "--db FILE");
}

}  // namespace peel::library
