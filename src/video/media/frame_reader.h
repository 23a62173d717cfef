#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/video/media/frame.h"
#include "src/video/media/media_info.h"

namespace peel::video {

// What every frame of a reader has in common.
struct FrameFormat {
  FrameLayout layout;
  int width = 0, height = 0;
  Rational time_base;
  Rational rate;  // mean; a hint for encoders
  ColourTags colour;
};

struct ReadOptions {
  std::optional<double> from{}, to{};  // seconds from the film's beginning; `to` is not included
  std::optional<Rational> fps{};       // a constant rate instead of the film's own time stamps
  int max_size = 0;                    // the longer side shown is at most this; 0: as it is
  bool keep_odd = true;                // false: sizes are made even, as 4:2:0 encoders want them
  // HDR (PQ, HLG) becomes BT.709 by a tone curve; false: samples stay as they are.
  bool tone_map = false;
  // Frames become of this format instead (layout, size, colours; not the times), scaled until they
  // cover it, the middle taken. For what stands behind another film.
  std::optional<FrameFormat> cover{};
  bool key_frames = false;  // those alone that are coded by themselves
  int threads = 0;          // of ffmpeg's decoder; 0: its own choice
  const CancelToken* cancel = nullptr;
};

// The frames of a film, upright, in the order they are shown, with their time stamps, which count
// from the film's beginning or ReadOptions::from. ffmpeg decodes in a process of its own, and hands
// them over through a pipe (as NUT, its container for that). 8-bit films come in 8 bits, deeper
// ones in 10; chroma as subsampled as the film has it, RGB in 4:4:4; alpha where the film has it
// (VP8 and VP9 with alpha too).
class FrameReader {
 public:
  // kUnsupported where there is no picture in it (sound alone), with the reason; what Probe says.
  static Result<std::unique_ptr<FrameReader>> Open(const MediaInfo& info,
                                                   const ReadOptions& options);
  virtual ~FrameReader() = default;

  virtual const FrameFormat& format() const = 0;
  // nullopt after the last one; kInvalidArgument where no frame begins in the part asked for.
  // kCorrupt with ffmpeg's last words where the stream cannot be decoded any further or ffmpeg
  // dies; kCancelled. Sizes that change on the way are scaled to the first.
  virtual Result<std::optional<Frame>> Next() = 0;
  // What ffmpeg complained about although it went on ("3 frames could not be decoded"); "":
  // nothing.
  virtual std::string warning() const = 0;
};

}  // namespace peel::video
