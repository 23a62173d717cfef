#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"

namespace peel::video {

// An animated WebP's headers (RIFF container, Google's "WebP Container Specification"). FFmpeg 5
// writes such files but cannot read them.
struct WebpFrames {
  int width = 0, height = 0;
  bool alpha = false;
  int64_t frames = 0;        // 1 for a still one
  int64_t milliseconds = 0;  // all of them together
};

// kCorrupt where the chunks do not fit into the file.
Result<WebpFrames> ReadWebpFrames(std::span<const uint8_t> bytes);

}  // namespace peel::video
