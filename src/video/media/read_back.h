#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/frame_writer.h"

namespace peel::video {

// How much of a frame is covered, of 1: the mean of its alpha. With `halved` only whether each
// pixel is half covered or more counts, which is all that GIF keeps.
double MeanAlpha(const Frame& frame, bool halved);

// What a film that was written must have in it.
struct Written {
  static constexpr size_t kFirst = 3;

  Container container = Container::kWebm;
  VideoCodec codec = VideoCodec::kVp9;
  int width = 0, height = 0;
  bool alpha = false;
  int64_t frames = 0;
  double start = 0;          // when the first frame is shown
  double seconds = 0;        // from then to the last one's beginning
  double frame_seconds = 0;  // how long one is shown in the mean; 0: unknown
  size_t sound_streams = 0;
  std::array<double, kFirst> covered{};  // MeanAlpha of its first frames
};

// Reads the file (or folder) and compares; decodes its first frames. kCorrupt says what differs.
Status ReadBack(const std::string& path, const Written& written, const FfmpegTools& tools,
                const CancelToken* cancel);

}  // namespace peel::video
