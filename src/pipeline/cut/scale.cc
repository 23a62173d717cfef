#include "src/pipeline/cut/scale.h"

#include "src/image/resize.h"

namespace peel {

Result<ImageU8> ScaleTo(ImageView<const uint8_t> picture, Size size, ThreadPool* pool) {
  if (picture.channels == 4) {
    return ResizeRgba(picture, size.width, size.height, ResizeFilter::kLanczos, pool);
  }
  return ResizeFast(picture, size.width, size.height, pool);
}

Result<ImageU16> ScaleTo(ImageView<const uint16_t> picture, Size size, ThreadPool* pool) {
  return Resize(picture, size.width, size.height, ResizeFilter::kLanczos, pool);
}

}  // namespace peel
