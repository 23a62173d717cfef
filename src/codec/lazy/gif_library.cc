#include "src/codec/lazy/gif_library.h"

namespace peel {

Result<const GifLibrary*> OpenGifLibrary() {
  static const Result<GifLibrary> opened = []() -> Result<GifLibrary> {
    PEEL_ASSIGN_OR_RETURN(const LazyLibrary library,
                          LazyLibrary::Open("gif", PEEL_GIF_SONAME, "libgif7"));
    GifLibrary table;
    PEEL_GIF_FUNCTIONS(PEEL_LAZY_BIND)
    return table;
  }();
  if (!opened.ok()) return opened.status();
  return &opened.value();
}

}  // namespace peel
