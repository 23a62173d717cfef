#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// A trimap: one channel, 0 for background, 255 for the subject, 128 for what is to be found out.
inline constexpr uint8_t kTrimapUnknown = 128;

// How a matte becomes one; the values are rembg's.
struct TrimapOptions {
  int foreground = 240;  // above: subject
  int background = 10;   // below: background
  // Both are then eroded by a square of this side (even ones reach one pixel further to the left
  // and up); 0 or less: by a 3x3 cross. At most 1000.
  int erode = 10;
};

// As rembg makes it with SciPy's binary_erosion: beyond the border there is background.
// matte: 1 channel. Errors: kInvalidArgument for options out of range.
Result<ImageU8> MakeTrimap(ImageView<const uint8_t> matte, const TrimapOptions& options = {},
                           ThreadPool* pool = nullptr);

// A picture someone drew (1 to 4 channels, alpha ignored) as a trimap: up to a tenth of white is
// background, from nine tenths on subject, as PyMatting has it.
Result<ImageU8> ReadTrimap(ImageView<const uint8_t> picture, ThreadPool* pool = nullptr);

// Whether a trimap has pixels of the subject and of the background; without both nothing can be
// found out about the rest.
bool HasBothSides(ImageView<const uint8_t> trimap);
// Whether there is anything to be found out.
bool HasUnknown(ImageView<const uint8_t> trimap);

}  // namespace peel
