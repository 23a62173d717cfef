#include "src/codec/lazy/lazy_library.h"

#include <dlfcn.h>

#include <string_view>

namespace peel {
namespace {

// The folder of the program or library that this code is linked into; "" where it cannot be told.
std::string OwnFolder() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<void*>(&OwnFolder), &info) == 0 || info.dli_fname == nullptr) {
    return "";
  }
  const std::string_view path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
}

}  // namespace

Result<LazyLibrary> LazyLibrary::Open(const std::string& name, const std::string& soname,
                                      const std::string& package) {
  LazyLibrary library;
  library.soname_ = soname;
  if (const std::string folder = OwnFolder(); !folder.empty()) {
    library.handle_ =
        dlopen((folder + "peel_codec_" + name + ".so").c_str(), RTLD_LAZY | RTLD_LOCAL);
  }
  if (library.handle_ == nullptr) library.handle_ = dlopen(soname.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const char* reason = dlerror();
    return Unsupported("the library " + soname + " is not there (" +
                       (reason != nullptr ? reason : "unknown reason") + "); install " + package);
  }
  return library;
}

Status LazyLibrary::Find(const char* function, void** to) const {
  *to = dlsym(handle_, function);
  if (*to != nullptr) return OkStatus();
  return Unsupported("the library " + soname_ + " has no " + function +
                     ": it is another version than the one Peel was built for");
}

}  // namespace peel
