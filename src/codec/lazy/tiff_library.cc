#include "src/codec/lazy/tiff_library.h"

namespace peel {

Result<const TiffLibrary*> OpenTiffLibrary() {
  static const Result<TiffLibrary> opened = []() -> Result<TiffLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("tiff", PEEL_TIFF_SONAME, "libtiff6"));
    TiffLibrary table;
    PEEL_TIFF_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
