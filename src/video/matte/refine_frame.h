#pragma once

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/colour_code.h"
#include "src/video/media/frame.h"

namespace peel::video {

// Brings a matte (1 channel, 0..1) to a frame's size with the frame's colours as guide: what
// GuidedUpsample (src/matte/edges/guided.h) does with a photo, but only where the matte is soft;
// the rest is filled. guide: the frame's colours (RGB) at the matte's size. The model is linear in
// the colours, and these are in the samples, so it is found for RGB and read off Y'CbCr.
Result<ImageU8> RefineFrame(ImageView<const float> matte, ImageView<const uint8_t> guide,
                            const Frame& frame, const ColourCode& code, ThreadPool* pool = nullptr);

}  // namespace peel::video
