#include "src/codec/lazy/lcms_library.h"

namespace peel {

Result<const LcmsLibrary*> OpenLcmsLibrary() {
  static const Result<LcmsLibrary> opened = []() -> Result<LcmsLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("lcms", PEEL_LCMS_SONAME, "liblcms2-2"));
    LcmsLibrary table;
    PEEL_LCMS_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
