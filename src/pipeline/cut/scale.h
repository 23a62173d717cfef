#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"

namespace peel {

// A picture (3 or 4 channels) scaled to this size before anything is made of it.
Result<ImageU8> ScaleTo(ImageView<const uint8_t> picture, Size size, ThreadPool* pool);
Result<ImageU16> ScaleTo(ImageView<const uint16_t> picture, Size size, ThreadPool* pool);

}  // namespace peel
