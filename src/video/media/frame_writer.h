#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

enum class Container { kWebm, kMov, kMp4, kMkv, kGif, kWebp, kPngFolder };
enum class VideoCodec { kVp9, kProres, kH264, kHevc, kAv1, kGif, kWebp, kPng, kQtrle, kFfv1 };

struct WriteOptions {
  Container container = Container::kWebm;
  VideoCodec codec = VideoCodec::kVp9;
  std::optional<int> quality = {};  // the codec's own constant-quality scale (CRF …)
  // Sound is copied from this film as it is, from `sound_from` seconds on; where the container
  // cannot take its codec it is encoded (Opus in WebM, AAC in MP4 and MOV). Empty: none.
  std::string sound_of = {};
  double sound_from = 0;
  std::optional<double> sound_to = {};
  int threads = 0;
  const CancelToken* cancel = nullptr;
};

// The container that a file's name asks for ("out.webm", a folder for PNG frames) and the codec it
// takes by default (kWebm: VP9, kMov: ProRes 4444, kMp4: H.264); kInvalidArgument names the
// choices.
Result<Container> ContainerFor(const std::string& output);
VideoCodec DefaultCodec(Container container);
Result<VideoCodec> ParseVideoCodec(const std::string& name);
// kInvalidArgument: this container does not take the codec, or the codec no alpha; says which do.
Status CheckWritable(Container container, VideoCodec codec, bool alpha);

// Turns frames into a film. ffmpeg encodes in a process of its own. The film gets its name when it
// is whole and has been read back: the right number of frames, duration, size and alpha. Until then
// it is a file beside it that is removed when the writer goes without Finish. kNotFound: ffmpeg or
// its encoder is missing (how to install it).
class FrameWriter {
 public:
  static Result<std::unique_ptr<FrameWriter>> Create(const std::string& output,
                                                     const FrameFormat& format,
                                                     const WriteOptions& options);
  virtual ~FrameWriter() = default;

  // Frames of the format, pts rising from 0 or more. kIo: the encoder ended or the disk is full,
  // with its last words.
  virtual Status Write(const Frame& frame) = 0;
  // kIo, kCorrupt (what was read back is not what was written), kInvalidArgument without a frame.
  virtual Status Finish() = 0;
  virtual int64_t frames() const = 0;
  // Sound that had to be left out, and why; "": none.
  virtual std::string warning() const { return ""; }
};

}  // namespace peel::video
