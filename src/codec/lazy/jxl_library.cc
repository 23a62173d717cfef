#ifdef PEEL_HAVE_JXL
#include "src/codec/lazy/jxl_library.h"

#include "src/base/os/quiet_library.h"

namespace peel {

Result<const JxlLibrary*> OpenJxlLibrary() {
  static const Result<JxlLibrary> opened = []() -> Result<JxlLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("jxl", PEEL_JXL_SONAME, "libjxl0.7"));
    QuietLibrary(library.handle());
    JxlLibrary table;
    PEEL_JXL_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel

#endif  // PEEL_HAVE_JXL
