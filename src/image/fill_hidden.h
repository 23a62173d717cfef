#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// Whether any pixel of an RGBA picture (4 channels) is less than opaque; false for other channels.
bool HasTransparency(ImageView<const uint8_t> picture);
bool HasTransparency(ImageView<const uint16_t> picture);

// Gives the pixels of alpha 0 the colours of the visible ones around them, in place, so that what a
// file happens to hide there shows up in no filter. Straight RGBA. The colours come from ever
// coarser means in which each pixel weighs as much as it shows (push-pull: Gortler et al., "The
// Lumigraph", 1996). A picture without visible pixels becomes black. kOutOfMemory.
Status FillHidden(ImageView<uint8_t> rgba, ThreadPool* pool = nullptr);
Status FillHidden(ImageView<uint16_t> rgba, ThreadPool* pool = nullptr);

}  // namespace peel
