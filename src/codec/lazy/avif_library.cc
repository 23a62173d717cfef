#include "src/codec/lazy/avif_library.h"

namespace peel {

Result<const AvifLibrary*> OpenAvifLibrary() {
  static const Result<AvifLibrary> opened = []() -> Result<AvifLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("avif", PEEL_AVIF_SONAME, "libavif15"));
    AvifLibrary table;
    PEEL_AVIF_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
