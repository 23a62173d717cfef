#pragma once

#include <array>
#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/colour_code.h"
#include "src/video/media/frame.h"

namespace peel::video {

// What can lie behind a subject, as frames without alpha of the film's layout and colour code.

Result<Frame> ColourFrame(const FrameFormat& format, const std::array<uint8_t, 3>& rgb);

// rgb: 3 channels of the format's size. Chroma samples are the means of their pixels.
Result<Frame> PictureFrame(const FrameFormat& format, ImageView<const uint8_t> rgb,
                           ThreadPool* pool = nullptr);

// The frame under a Gaussian of standard deviation sigma (pixels, above 0), within about a
// level: reduced as far as the blur allows, and box means.
Result<Frame> BlurredFrame(const Frame& frame, double sigma, ThreadPool* pool = nullptr);

}  // namespace peel::video
