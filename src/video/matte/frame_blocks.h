#pragma once

#include <array>
#include <cstdint>

#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/colour_code.h"
#include "src/video/media/frame.h"

namespace peel::video {

// Work on the colours of a frame that goes by blocks of 16 x 16 pixels, most of which are wholly
// opaque or wholly transparent. alpha: 1 channel of the frame's size. A chroma sample has the mean
// alpha of its pixels.

// What nobody sees: blocks without a visible pixel become black, and hidden pixels of others get
// the mean of the visible ones, so that codecs find nothing to spend bits on and no filter draws
// dark seams around the subject.
void ClearHidden(const ImageU8& alpha, const ColourCode& code, Frame& frame, ThreadPool* pool);

// The frame over another one of the same layout (alpha aside) and size, in place.
void BlendOver(const ImageU8& alpha, const Frame& back, Frame& frame, ThreadPool* pool);

}  // namespace peel::video
