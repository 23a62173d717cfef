#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// How far a refined matte follows the photo.
struct GuidedOptions {
  int radius = 4;         // of the window, in pixels of the low-resolution matte
  float epsilon = 3e-5f;  // guide variance (0..1 squared) treated as flat; at least 1e-5
};

// Brings a low-resolution matte to the size of a photo by the fast guided filter (He, Sun, Tang,
// "Guided image filtering", 2013; He, Sun, "Fast guided filter", 2015) with the photo's colours as
// guide: alpha is modelled as linear in the colour in every window; the coefficients are found at
// the matte's size, where the photo is as blurred as the matte and the relation truly is linear,
// and interpolated. The model counts where the interpolated matte is soft and gives way to it
// towards 0 and 1, so that texture inside a subject does not show through and no haze settles
// around it. matte: 1 channel, 0..1; photo: 3 or 4 channels (alpha ignored). Result: 1 channel of
// the photo's size, 0..255.
Result<ImageU8> GuidedUpsample(ImageView<const float> matte, ImageView<const uint8_t> photo,
                               const GuidedOptions& options = {}, ThreadPool* pool = nullptr);

}  // namespace peel
