#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/media/frame.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

// A frame as a picture: RGB, or RGBA where the frame has an alpha plane, by the format's colour
// code (matte/colour_code.h). Chroma is interpolated between its samples, which lie as MPEG-2 has
// them: between two rows, on every other column. The transfer function stays the film's.
Result<ImageU8> PictureOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool);
// Without its alpha.
Result<ImageU8> RgbOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool);
// 16 bits a channel; of frames of 10 bits nothing is lost.
Result<ImageU16> DeepPictureOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool);

}  // namespace peel::video
