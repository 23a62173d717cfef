#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"

namespace peel {

// GIF through giflib. Each frame is the whole canvas as it is shown then; what no frame has drawn
// is transparent. The canvas is the file's screen, or the first frame where that is larger.
Result<std::unique_ptr<FrameReader>> OpenGifFrames(std::span<const uint8_t> bytes,
                                                   const DecodeOptions& options);
Result<Picture> DecodeGif(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeGif(std::span<const uint8_t> bytes);

}  // namespace peel
