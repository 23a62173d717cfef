#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

// Pictures that come with an alpha channel of their own.
namespace peel {

// Whether an RGBA picture (8 bits, straight) is cut out already: transparent around most of its
// border, and what shows does not fill a rectangle, as a photograph inside a clear margin does. A
// network has nothing to add to such a picture and would take parts of it away.
bool IsCutOut(ImageView<const uint8_t> rgba);

// RGB over that of white, middle grey and black which the fewest visible pixels resemble: what a
// network and the edge filters are shown of a picture with transparent parts. Hidden colours have
// no say in it.
Result<ImageU8> OverContrast(ImageView<const uint8_t> rgba, ThreadPool* pool = nullptr);

// alpha (1 channel) times the alpha of an RGBA picture of the same size, in place.
void MultiplyByOwnAlpha(ImageView<const uint8_t> rgba, ImageView<uint8_t> alpha,
                        ThreadPool* pool = nullptr);

}  // namespace peel
