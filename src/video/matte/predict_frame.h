#pragma once

#include <memory>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/matte/matte.h"
#include "src/video/matte/colour_code.h"
#include "src/video/matte/frame_prediction.h"
#include "src/video/media/frame.h"

namespace peel::video {

// Shows the network a frame, at the network's size, HDR toned down. Of a model of several classes
// (clothes) the matte is their union.
Result<std::unique_ptr<FramePrediction>> PredictFrame(const MattingModel& model, const Frame& frame,
                                                      const ColourCode& code, ThreadPool* pool);

}  // namespace peel::video
