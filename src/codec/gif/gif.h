#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/animation_encode.h"
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

// A GIF of one frame or, through StartGif, of many (codec/animation_encode.h). Each frame has a
// palette of its own (codec/reduce_colours.h): exactly its colours where they are few enough, else
// the best 255. Alpha of 128 and more is opaque, less is transparent. No metadata.
Result<std::vector<uint8_t>> EncodeGif(ImageView<const uint8_t> pixels);
Result<std::unique_ptr<AnimationEncoder>> StartGif(uint32_t plays);

}  // namespace peel
