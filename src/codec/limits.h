#pragma once

#include <cstdint>

#include "src/base/status.h"

namespace peel {

// What a decoder may be made to spend by bytes it does not trust. All are checked against the
// header, before any pixel is allocated.
struct Limits {
  uint64_t max_bytes = uint64_t{1} << 30;  // of the file
  uint64_t max_pixels = 250'000'000;       // width times height, of the full-size picture
  int max_width = 1 << 20;
  int max_height = 1 << 20;
  int max_frames = 10'000;  // of an animation, of which only the first frame is decoded
};

// kLimit with the figures and the option that would raise the limit.
Status CheckBytes(const Limits& limits, uint64_t bytes);

// kCorrupt for a side of zero, kLimit with the figures for too large a picture.
Status CheckSize(const Limits& limits, uint64_t width, uint64_t height, uint64_t frames = 1);

}  // namespace peel
