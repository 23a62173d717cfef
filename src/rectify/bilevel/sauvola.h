#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

struct SauvolaOptions {
  int window = 63;  // odd, 3 to 255
  int k = 51;  // in 1/256: how far the threshold lies below the mean where there is no contrast
  int range = 128;  // the standard deviation from which the threshold is the mean itself
  // Whatever stands around it, a pixel below `black` is black (or large letters would be hollow),
  // one from `white` on is white. 0 and 256: no such limits.
  int black = 0;
  int white = 256;
};

// 255 where a pixel of a grey picture (1 channel) lies above mean * (1 + k * (deviation / range -
// 1)) of the window around it, else 0; windows are cut off at the borders (Sauvola & Pietikäinen,
// "Adaptive document image binarization", 2000). The sums of a window are differences of running
// sums, so that its size costs nothing (Shafait, Keysers & Breuel, "Efficient implementation of
// local adaptive thresholding techniques using integral images", 2008). The same on every
// processor. kInvalidArgument for other channels and options out of range; kOutOfMemory.
Result<ImageU8> Sauvola(ImageView<const uint8_t> grey, const SauvolaOptions& options,
                        ThreadPool* pool);

}  // namespace peel
