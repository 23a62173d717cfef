#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/matte/matte.h"
#include "src/video/matte/frame_matting.h"
#include "src/video/media/frame_reader.h"
#include "src/video/video_options.h"

namespace peel::video {

// How much of it happens at the same time.
struct MattingRun {
  const MattingModel* model = nullptr;
  ThreadPool* pool = nullptr;
  int workers = 1;      // frames that the network works on at the same time
  bool alone = false;   // each on the thread of one worker, whatever pool the model has
  uint64_t memory = 0;  // bytes that frames at hand may take together; 0: a gigabyte
};

// The frames of a film with their mattes, in order: one thread reads, `workers` run the network on
// a frame each, one refines and steadies in the film's order. Frames at hand are limited, so that
// memory does not grow with the film; who takes them slowly slows the reading.
class MattedFrames {
 public:
  // The model and the pool outlive it. Errors as FrameReader::Open and FrameMatting::Create.
  static Result<std::unique_ptr<MattedFrames>> Open(const MediaInfo& info, const ReadOptions& read,
                                                    const MattingChoices& choices,
                                                    const MattingRun& run);
  // The same from a reader and a matting that are there already; of `run` the model and the pool do
  // not count.
  static Result<std::unique_ptr<MattedFrames>> Start(std::unique_ptr<FrameReader> reader,
                                                     std::unique_ptr<FrameMatting> matting,
                                                     const MattingRun& run,
                                                     const CancelToken* cancel);
  virtual ~MattedFrames() = default;  // may wait for one frame of the reader's

  virtual const FrameFormat& format() const = 0;
  // nullopt after the last. kCancelled; errors of the reader and of the matting, after the frames
  // before them. By one thread at a time.
  virtual Result<std::optional<MattedFrame>> Next() = 0;
  // After the last one: what the reader complained about.
  virtual std::string warning() const = 0;
  // Seconds in "decode", "network" and "matte" so far.
  virtual StageSeconds stages() const = 0;
};

}  // namespace peel::video
