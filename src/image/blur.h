#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// The mean over (2 * radius + 1)^2 pixels, borders extended by their last pixel; time does not
// depend on the radius. 1 to 4 channels; radius from 0 to 4096.
Result<ImageU8> BoxBlur(ImageView<const uint8_t> in, int radius, ThreadPool* pool = nullptr);

// A Gaussian of standard deviation sigma (in pixels, 0 to 1000) by three box blurs whose sizes give
// its variance exactly, fractional parts included; borders extended by their last pixel. 1 to 4
// channels. Within 3 levels of the true Gaussian on photographs.
Result<ImageU8> GaussianBlur(ImageView<const uint8_t> in, float sigma, ThreadPool* pool = nullptr);

}  // namespace peel
