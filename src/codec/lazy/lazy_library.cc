#include "src/codec/lazy/lazy_library.h"

#include "src/base/os/dynamic_library.h"

namespace peel {
namespace {

// The folder of the program or library that this code is linked into; "" where it cannot be told.
std::string OwnFolder() {
  const std::string path = FileOfAddress(reinterpret_cast<void*>(&OwnFolder));
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

}  // namespace

Result<LazyLibrary> LazyLibrary::Open(const std::string& name, const std::string& soname,
                                      const std::string& package) {
  LazyLibrary library;
  library.soname_ = soname;
  if (const std::string folder = OwnFolder(); !folder.empty()) {
    library.handle_ = OpenLibrary(folder + "peel_codec_" + name + ".so", kLibraryLazy);
  }
  std::string reason;
  if (library.handle_ == nullptr) library.handle_ = OpenLibrary(soname, kLibraryLazy, &reason);
  if (library.handle_ == nullptr) {
    return Unsupported("the library " + soname + " is not there (" +
                       (reason.empty() ? "unknown reason" : reason) + "); install " + package);
  }
  return library;
}

Status LazyLibrary::Find(const char* function, void** to) const {
  *to = FindSymbol(handle_, function);
  if (*to != nullptr) return OkStatus();
  return Unsupported("the library " + soname_ + " has no " + function +
                     ": it is another version than the one Peel was built for");
}

}  // namespace peel
