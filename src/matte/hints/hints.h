#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"

// Strokes that someone draws over a picture to correct its matte.
namespace peel {

// Values of a plane of strokes.
inline constexpr uint8_t kNoHint = 128, kKeep = 255, kRemove = 0;

// What was drawn (3 or 4 channels) as a plane of strokes of this size, to which it is brought
// pixel by pixel. A pixel is a stroke that keeps where its green exceeds both its red and its blue
// by at least 96 levels, one that removes where its red exceeds both others by as much; everything
// else, and whatever is less than half opaque, means nothing. So the soft rims of a stroke belong
// to it where it covers more than about half of them.
Result<ImageU8> ReadHints(ImageView<const uint8_t> drawn, Size size, ThreadPool* pool = nullptr);

// Corrects a matte (1 channel, in place) of the picture (3 or 4 channels, alpha ignored) by strokes
// of the same size. What was drawn becomes exactly 255 or 0; what is connected with it and has its
// colours follows (hint_spread.h); the new outlines are solved for by closed-form matting, a few
// cells to either side, between what is certain and the matte as it was. All else stays as it is to
// the bit, in any case what is farther than 0.3 of the longer side from every stroke. The result
// does not depend on the pool.
Status ApplyHints(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
                  ImageView<uint8_t> matte, ThreadPool* pool = nullptr);

}  // namespace peel
