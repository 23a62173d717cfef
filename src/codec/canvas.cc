#include "src/codec/canvas.h"

#include "src/image/colour.h"
#include "src/image/geometry.h"

namespace peel {

Result<ImageU8> CopyCanvas(const ImageU8& canvas, bool keep_alpha) {
  bool opaque = !keep_alpha;
  for (int y = 0; y < canvas.height() && opaque; ++y) {
    const uint8_t* p = canvas.row(y);
    for (int x = 0; x < canvas.width(); ++x) opaque &= p[4 * x + 3] == 255;
  }
  if (opaque) return ToRgb(canvas.view());
  return Clone(canvas.view());
}

}  // namespace peel
