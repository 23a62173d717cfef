#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// The colours of RGB or RGBA pixels (8 bits, 3 or 4 channels; alpha is kept) described by one ICC
// profile in the numbers of another, by Little CMS: relative colorimetric with black point
// compensation. An empty profile is sRGB. kUnsupported where the library is missing or a profile
// does not describe RGB, kCorrupt where one cannot be used.
Result<ImageU8> ConvertColours(ImageView<const uint8_t> pixels, std::span<const uint8_t> from,
                               std::span<const uint8_t> to, ThreadPool* pool = nullptr);

}  // namespace peel
