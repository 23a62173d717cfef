#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/matte/matte.h"
#include "src/pipeline/model/model_options.h"
#include "src/video/matted_frames.h"
#include "src/video/media/media_info.h"
#include "src/video/video_options.h"

namespace peel::video {

// As an output: frames are composed and thrown away, to see how long that takes.
inline constexpr char kNullDevice[] = "/dev/null";

// A model, and everything around it that turns films into films. May be used by several threads at
// once; each film takes all of the threads it was made with.
class VideoCutter {
 public:
  // options.threads are divided among the frames that the network works on at the same time
  // (options.jobs, 0: as many as keep the threads busy) and what helps with one of them. Errors as
  // LoadModel.
  static Result<std::unique_ptr<VideoCutter>> Create(const ModelOptions& options);
  // The same with a model that is loaded already and outlives it, and what is told of that; of the
  // options the threads, jobs and the executor count. The threads that the model was loaded with
  // have no part in films.
  static std::unique_ptr<VideoCutter> Around(const MattingModel& model, const ModelInfo& info,
                                             const ModelOptions& options);
  virtual ~VideoCutter() = default;

  virtual const ModelInfo& info() const = 0;
  virtual int jobs() const = 0;

  // A film from a file to a file. The output appears when it is whole and has been read back;
  // otherwise nothing is left of it. kInvalidArgument as FormatFor; kNotFound (input, folder,
  // ffmpeg), kCorrupt, kUnsupported, kIo, kCancelled. The messages begin with the input's name, or
  // with the output's where it is at fault.
  virtual Result<VideoResult> Cut(const std::string& input, const std::string& output,
                                  const VideoOptions& options) const = 0;
  // Its frames with their mattes; of the options `frames`, `matting`, `memory` and `cancel` count.
  virtual Result<std::unique_ptr<MattedFrames>> Open(const std::string& input,
                                                     const VideoOptions& options) const = 0;
};

// As Probe, kUnsupported where there is no film in it, with what there is instead.
Result<MediaInfo> ProbeFilm(const std::string& path);

// How many frames there are between `from` and `to` at this rate, as far as the film tells.
std::optional<int64_t> FramesExpected(const MediaInfo& info, const FrameChoices& choices);

}  // namespace peel::video
