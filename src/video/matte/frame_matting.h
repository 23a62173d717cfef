#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

enum class Steady { kOff, kAuto, kStrong };

struct MattingChoices {
  Steady steady = Steady::kAuto;
  Edges edges = Edges::kAuto;
  bool decontaminate = true;  // soft pixels get the subject's own colour
};

// A frame and its matte (1 channel of the frame's size, 255: the subject).
struct MattedFrame {
  Frame frame;
  ImageU8 alpha;
  bool has_subject = false;
  float subject_score = 0, coverage = 0;
};

// Mattes of the frames of one film, in order. The network runs on every frame at its own size; what
// follows works on the matte's soft band alone. Steadying looks one or two frames ahead, so frames
// come out that much later than they go in.
class FrameMatting {
 public:
  static Result<std::unique_ptr<FrameMatting>> Create(const MattingModel& model,
                                                      const FrameFormat& format,
                                                      const MattingChoices& choices,
                                                      ThreadPool* pool);
  virtual ~FrameMatting() = default;

  // The network's part of a frame: may run for several frames at once in threads of the caller's.
  struct Predicted;
  virtual Result<std::unique_ptr<Predicted>> Predict(const Frame& frame) const = 0;
  // In order; the frames that are ready come out.
  virtual Result<std::vector<MattedFrame>> Add(Frame frame,
                                               std::unique_ptr<Predicted> predicted) = 0;
  virtual Result<std::vector<MattedFrame>> Finish() = 0;
};

}  // namespace peel::video
