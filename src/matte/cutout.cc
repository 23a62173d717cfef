#include "src/matte/cutout.h"

#include <cstring>
#include <utility>

#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/rows.h"
#include "src/matte/foreground.h"

namespace peel {
namespace {

// The last channel of the photo into the cut-out's alpha.
void MultiplyAlpha(ImageView<const uint8_t> photo, ImageView<uint8_t> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = photo.row(y) + photo.channels - 1;
      uint8_t* to = rgba.row(y) + 3;
      for (int x = 0; x < rgba.width; ++x, from += photo.channels, to += 4) {
        *to = static_cast<uint8_t>(MulDiv255(*to, *from));
      }
    }
  });
}

// Pixels nobody sees become black.
void ClearHidden(ImageView<uint8_t> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* p = rgba.row(y);
      for (int x = 0; x < rgba.width; ++x, p += 4) {
        if (p[3] == 0) std::memset(p, 0, 4);
      }
    }
  });
}

}  // namespace

Result<ImageU8> MakeCutout(ImageView<const uint8_t> photo, ImageView<const uint8_t> alpha,
                           const CutoutOptions& options, ThreadPool* pool) {
  if (photo.empty()) return InvalidArgument("there is no picture to cut out");
  ImageU8 cutout;
  if (photo.channels >= 3) {
    PEEL_ASSIGN_OR_RETURN(cutout, WithAlpha(photo, alpha, false, pool));
  } else {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 rgb, ToRgb(photo, pool));
    PEEL_ASSIGN_OR_RETURN(cutout, WithAlpha(rgb.view(), alpha, false, pool));
  }
  if (options.decontaminate) PEEL_RETURN_IF_ERROR(DecontaminateEdges(cutout.view(), pool));
  // Afterwards: the photo's own transparency says nothing of a mixture with a background.
  if (photo.channels == 2 || photo.channels == 4) MultiplyAlpha(photo, cutout.view(), pool);
  if (!options.keep_hidden_colour) ClearHidden(cutout.view(), pool);
  return cutout;
}

}  // namespace peel
