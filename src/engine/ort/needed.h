#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::engine::ort {

// Of the libraries that a shared library needs (NeededLibraries, dynamic_library.h), what cannot be
// loaded, with the linker's own words.
struct MissingLibrary {
  std::string name;    // "libcudnn.so.9", which may be needed by one that is needed
  std::string reason;  // "libcudnn.so.9: cannot open shared object file: No such file or directory"
};
std::vector<MissingLibrary> FindMissing(const std::string& path);

// Loads what `path` needs and the linker does not find by itself from the folders, so that loading
// `path` afterwards finds it. Returns the files loaded.
std::vector<std::string> Preload(const std::string& path, const std::vector<std::string>& folders);

// 13 for "libcudart.so.13.0", 0 without a number.
int MajorVersion(const std::string& library);

}  // namespace peel::engine::ort
