#ifdef PEEL_HAVE_RAW
#include "src/codec/lazy/raw_library.h"

namespace peel {

Result<const RawLibrary*> OpenRawLibrary() {
  static const Result<RawLibrary> opened = []() -> Result<RawLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("raw", PEEL_RAW_SONAME, "libraw20"));
    RawLibrary table;
    PEEL_RAW_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel

#endif  // PEEL_HAVE_RAW
