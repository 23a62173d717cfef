#include "src/matte/colour/cutout.h"

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/rows.h"
#include "src/matte/colour/foreground.h"

namespace peel {
namespace {

// The last channel of the photo into the cut-out's alpha.
template <typename T>
void MultiplyAlpha(ImageView<const T> photo, ImageView<T> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T* from = photo.row(y) + photo.channels - 1;
      T* to = rgba.row(y) + 3;
      for (int x = 0; x < rgba.width; ++x, from += photo.channels, to += 4) {
        if constexpr (sizeof(T) == 1) {
          *to = static_cast<T>(MulDiv255(*to, *from));
        } else {
          *to = static_cast<T>((uint32_t{*to} * *from + 32767u) / 65535u);
        }
      }
    }
  });
}

// Pixels nobody sees become black.
template <typename T>
void ClearHidden(ImageView<T> rgba, ThreadPool* pool) {
  using Pixel = std::conditional_t<sizeof(T) == 1, uint32_t, uint64_t>;
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      T* p = rgba.row(y);
      for (int x = 0; x < rgba.width; ++x, p += 4) {
        // Whole pixels and no branch, so that it is done in vectors.
        Pixel pixel;
        std::memcpy(&pixel, p, sizeof(pixel));
        pixel = pixel >> (24 * sizeof(T)) != 0 ? pixel : 0;  // little-endian: alpha lies on top
        std::memcpy(p, &pixel, sizeof(pixel));
      }
    }
  });
}

// What follows once photo and matte are together in one picture.
template <typename T>
Status Finish(ImageView<const T> photo, const CutoutOptions& options, ThreadPool* pool,
              Image<T>& cutout) {
  if (options.decontaminate) PEEL_RETURN_IF_ERROR(DecontaminateEdges(cutout.view(), pool));
  // Afterwards: the photo's own transparency says nothing of a mixture with a background.
  if (photo.channels == 2 || photo.channels == 4) MultiplyAlpha(photo, cutout.view(), pool);
  if (!options.keep_hidden_colour) ClearHidden(cutout.view(), pool);
  return OkStatus();
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
  PEEL_RETURN_IF_ERROR(Finish(photo, options, pool, cutout));
  return cutout;
}

Result<ImageU16> MakeCutout(ImageView<const uint16_t> photo, ImageView<const uint8_t> alpha,
                            const CutoutOptions& options, ThreadPool* pool) {
  if (photo.empty()) return InvalidArgument("there is no picture to cut out");
  PEEL_ASSIGN_OR_RETURN(ImageU16 cutout, WithAlpha(photo, alpha, false, pool));
  PEEL_RETURN_IF_ERROR(Finish(photo, options, pool, cutout));
  return cutout;
}

}  // namespace peel
