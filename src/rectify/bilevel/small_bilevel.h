#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// A page (1, 3 or 4 channels) of at most `side` pixels on its longer side, black ink on white, for
// whoever looks for text. What is transparent is white. kInvalidArgument for other channels.
Result<ImageU8> SmallBilevel(ImageView<const uint8_t> page, int side, ThreadPool* pool);

// A picture of 1 channel turned by 90 degrees clockwise.
Result<ImageU8> TurnedClockwise(ImageView<const uint8_t> page);

}  // namespace peel
