#pragma once

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/media/frame.h"

namespace peel::video {

// Gives a frame's soft pixels (alpha neither 0 nor 255) the subject's own colours, in place, as
// DecontaminateEdges (src/matte/colour/foreground.h) does with photos: every mixture of colours is
// the same one of samples. A chroma sample becomes the mean of its pixels, each weighing as much as
// it shows. alpha: 1 channel of the frame's size.
Status TakeSubjectColours(const ImageU8& alpha, Frame& frame, ThreadPool* pool = nullptr);

}  // namespace peel::video
