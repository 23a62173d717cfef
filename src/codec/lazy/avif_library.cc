#include "src/codec/lazy/avif_library.h"

#include "src/base/os/quiet_library.h"

namespace peel {

Result<const AvifLibrary*> OpenAvifLibrary() {
  static const Result<AvifLibrary> opened = []() -> Result<AvifLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("avif", PEEL_AVIF_SONAME, "libavif15"));
    // Decoders that it may have been built with.
    for (const char* decoder : {"libdav1d.so.6", "libdav1d.so.7", "libgav1.so.1", "libaom.so.3"}) {
      QuietLibrary(decoder);
    }
    AvifLibrary table;
    PEEL_AVIF_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
