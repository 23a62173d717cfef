#include "src/codec/lazy/heif_library.h"

#include "src/base/os/quiet_library.h"

namespace peel {

Result<const HeifLibrary*> OpenHeifLibrary() {
  static const Result<HeifLibrary> opened = []() -> Result<HeifLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("heif", PEEL_HEIF_SONAME, "libheif1"));
    QuietLibrary(library.handle());
    QuietLibrary("libde265.so.0");
    HeifLibrary table;
    PEEL_HEIF_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
