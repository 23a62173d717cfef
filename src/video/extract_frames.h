#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/sniff.h"
#include "src/video/frame_choice.h"
#include "src/video/video_options.h"

namespace peel::video {

struct ExtractOptions {
  FrameChoice which{};
  FrameChoices frames{};         // `fps` before `which` chooses
  Format format = Format::kPng;  // or kJpeg
  int quality = 0;               // of JPEG; 0: 90
  ThreadPool* pool = nullptr;
  const CancelToken* cancel = nullptr;
  std::function<bool(const VideoProgress&)> progress{};  // as in VideoOptions
};

struct ExtractResult {
  int64_t frames = 0;  // that were written
  int64_t read = 0;
  int width = 0, height = 0;
  uint64_t output_bytes = 0;
  std::string list;  // the file that names them
  std::string warning;
  double total_seconds = 0;
};

// Takes frames out of a film, as pictures STEM-000001.png and so on in the folder (which must be
// there), counted as they are taken. PNG keeps 10 bits in 16. Beside them STEM.frames.jsonl, a
// line for each: {"file", "input", "frame" (from 0, among those read), "pts" (from where
// the reading began, in the stream's time base), "time" (seconds of the film),
// "width", "height"}; it is written last, so that it shows that all are there. Frames that were
// written stay where the run ends early. Errors as VideoCutter::Cut.
Result<ExtractResult> ExtractFrames(const std::string& input, const std::string& folder,
                                    const std::string& stem, const ExtractOptions& options);

}  // namespace peel::video
