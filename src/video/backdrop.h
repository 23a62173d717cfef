#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/video/matte/compose_frame.h"
#include "src/video/media/frame_reader.h"
#include "src/video/video_options.h"

namespace peel::video {

// The text of --background: a CSS colour, blur, blur:RADIUS, a picture's file or a film's. Errors
// as Background::Parse; a colour or picture with transparency is refused, as a film has none behind
// it. Animated GIF and WebP are pictures here: their first frame counts.
Result<Behind> ParseBehind(const std::string& text);

// What a composer for frames of `format` is given: a picture is scaled until it covers the frame,
// its middle taken. For a film kFrames.
Result<Backdrop> BackdropFor(const Behind& behind, const FrameFormat& format, ThreadPool* pool);

// A film behind another: frames of the other's format, scaled until they cover it, by their own
// time stamps, from the beginning and again from there. Holds one or two frames.
class BackdropFilm {
 public:
  static Result<std::unique_ptr<BackdropFilm>> Open(const std::string& path,
                                                    const FrameFormat& format, bool tone_map,
                                                    const CancelToken* cancel);

  // What is shown `seconds` after the beginning; never less than the time before. Valid until the
  // next call.
  Result<const Frame*> At(double seconds);

 private:
  BackdropFilm(MediaInfo info, ReadOptions read) : info_(std::move(info)), read_(std::move(read)) {}
  Status Rewind();
  double TimeOf(const Frame& frame) const;

  const MediaInfo info_;
  const ReadOptions read_;
  std::unique_ptr<FrameReader> reader_;
  Frame now_;
  std::optional<Frame> next_;
  double begin_ = 0;    // of this time through, in the other film's seconds
  double first_ = 0;    // the first frame's own time
  double spacing_ = 0;  // how long the last frame is shown
};

}  // namespace peel::video
