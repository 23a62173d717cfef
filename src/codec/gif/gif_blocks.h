#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "src/base/status.h"

namespace peel {

// What a walk over a GIF's blocks finds, without unpacking anything.
struct GifBlocks {
  int width = 0, height = 0;  // of the canvas: the screen, or the first frame where that is larger
  int frames = 0;             // whose headers are there
  bool first_has_alpha = false;  // it has a transparent colour or leaves some of the canvas free
  size_t end = 0;                // bytes up to and with the trailer; 0 where there is none
};

// kCorrupt where there is not even one frame's header.
Result<GifBlocks> WalkGif(std::span<const uint8_t> bytes);

}  // namespace peel
