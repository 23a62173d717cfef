#pragma once

#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/video/matte/frame_prediction.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

enum class Steady {
  kOff,     // every frame by itself
  kAuto,    // its neighbours have a say where they agree with it on what is seen
  kStrong,  // and more of a say
};

struct MattingChoices {
  Steady steady = Steady::kAuto;
  Edges edges = Edges::kAuto;  // not kMatting
};

// A frame and its matte (1 channel of the frame's size, 255: the subject).
struct MattedFrame {
  Frame frame;
  ImageU8 alpha;
  bool has_subject = false;
  float subject_score = 0, coverage = 0;
};

// Mattes of the frames of one film, in order. The network runs on every frame at its own size; what
// follows works on the matte's soft band alone. Steadying looks four frames ahead (kStrong:
// eight), so frames come out that much later than they go in. Results do not depend on the pool.
class FrameMatting {
 public:
  // `model` and `pool` must outlive it. kInvalidArgument for Edges::kMatting, which takes seconds a
  // frame.
  static Result<std::unique_ptr<FrameMatting>> Create(const MattingModel& model,
                                                      const FrameFormat& format,
                                                      const MattingChoices& choices,
                                                      ThreadPool* pool);
  virtual ~FrameMatting() = default;

  // How many frames wait inside for those after them.
  virtual int look_ahead() const = 0;

  // The network's part of a frame: may run for several frames at once in threads of the caller's.
  using Predicted = FramePrediction;
  virtual Result<std::unique_ptr<Predicted>> Predict(const Frame& frame) const = 0;
  // In order; the frames that are ready come out. kInvalidArgument for a frame of another format.
  virtual Result<std::vector<MattedFrame>> Add(Frame frame,
                                               std::unique_ptr<Predicted> predicted) = 0;
  // After the last one: those that still waited.
  virtual Result<std::vector<MattedFrame>> Finish() = 0;
};

}  // namespace peel::video
