#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel {

// A library that is opened while the program runs.
using LibraryHandle = void*;

// How OpenLibrary loads; any of them together, kLibraryLazy where none is given.
enum LibraryFlags : unsigned {
  kLibraryLazy = 0,    // its functions are bound when they are first called
  kLibraryNow = 1,     // all of them are bound at once
  kLibraryGlobal = 2,  // its names serve libraries that are opened later
  kLibraryStays = 4,   // is never unloaded
};

// `name`: a path, or a name that the system's linker looks for. Null and the linker's words in
// `reason` (may be null itself), which are "" where it has none.
LibraryHandle OpenLibrary(const std::string& name, unsigned flags, std::string* reason = nullptr);

// Null where there is none of this name.
void* FindSymbol(LibraryHandle library, const char* name);

// The file that this function or variable was loaded from; "" where that cannot be told.
std::string FileOfAddress(const void* address);

// The folder that the library was loaded from; "" where that cannot be told.
std::string FolderOfLibrary(LibraryHandle library);

// The libraries that a shared library asks for by name, without those that they ask for. kNotFound,
// kCorrupt for what is no shared library of this machine's kind.
Result<std::vector<std::string>> NeededLibraries(const std::string& path);

}  // namespace peel
