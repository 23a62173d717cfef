#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"

namespace peel::quads {

// Levels of 0 to 255 in the planes of a working copy have this many steps.
inline constexpr int kLevelSteps = 8;

// A picture as the search sees it: averaged over whole blocks of factor x factor pixels (the last
// column and row of blocks may be cut off), as lightness (R + 2 G + B) / 4 and the two colour
// differences (R - G) / 2 and (2 B - R - G) / 4, in steps of 1 / kLevelSteps levels.
struct WorkingCopy {
  int factor = 1;  // a place (x, y) here is (factor x, factor y) in the picture
  Image<int16_t> planes[3];

  int width() const { return planes[0].width(); }
  int height() const { return planes[0].height(); }
};

// With the smallest factor that leaves at most max_pixels. 3 or 4 channels; of 4 the last weighs
// the colour against mid-grey.
Result<WorkingCopy> MakeWorkingCopy(ImageView<const uint8_t> picture, int64_t max_pixels,
                                    ThreadPool* pool);

// Half the size again, at least a pixel.
Result<WorkingCopy> Halve(const WorkingCopy& copy, ThreadPool* pool);

// A 1-channel matte of the picture, of its size or another, as the working copy would see it:
// averaged over the same blocks, or, where it is smaller, resampled to the size of the copy.
Result<ImageU8> MatteLike(const WorkingCopy& copy, ImageView<const uint8_t> matte, Size picture,
                          ThreadPool* pool);

}  // namespace peel::quads
