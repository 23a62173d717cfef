#pragma once

#include "src/image/image.h"
#include "src/matte/matte.h"

namespace peel::video {

// What the network said about one frame, and what steadying and refining need of the frame at that
// size. The size is that of the network's mask, or the frame's where that is smaller.
struct FramePrediction {
  ImageF32 matte;   // probabilities, 0..1
  ImageU8 colours;  // the frame, RGB
  ImageU8 luma;
  SubjectScore subject;
};

}  // namespace peel::video
