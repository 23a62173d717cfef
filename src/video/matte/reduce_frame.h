#pragma once

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/colour_code.h"
#include "src/video/media/frame.h"

namespace peel::video {

// One plane's samples at another size.
Result<ImageF32> ReducePlane(const Frame& frame, int plane, int width, int height,
                             ThreadPool* pool = nullptr);

// A frame's colours (R'G'B' of 8 bits) at a smaller size, or at any other. Each plane is brought to
// that size by itself, so that no picture of full size is ever made; how their samples are weighed
// is between an area's mean and the Lanczos filter that photos are shown to networks with
// (ResizeFilter::kHamming). Samples out of range are clamped after the conversion.
Result<ImageU8> ReduceToRgb(const Frame& frame, const ColourCode& code, int width, int height,
                            ThreadPool* pool = nullptr);

}  // namespace peel::video
