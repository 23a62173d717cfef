#include "src/base/os/dynamic_library.h"

#include <dlfcn.h>

namespace peel {

LibraryHandle OpenLibrary(const std::string& name, unsigned flags, std::string* reason) {
  const int mode = ((flags & kLibraryNow) != 0 ? RTLD_NOW : RTLD_LAZY) |
                   ((flags & kLibraryGlobal) != 0 ? RTLD_GLOBAL : RTLD_LOCAL) |
                   ((flags & kLibraryStays) != 0 ? RTLD_NODELETE : 0);
  void* const library = dlopen(name.c_str(), mode);
  if (library == nullptr && reason != nullptr) {
    const char* const words = dlerror();
    *reason = words != nullptr ? words : "";
  }
  return library;
}

void* FindSymbol(LibraryHandle library, const char* name) { return dlsym(library, name); }

std::string FileOfAddress(const void* address) {
  Dl_info info = {};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

}  // namespace peel
