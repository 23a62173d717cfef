#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/animation_encode.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"

namespace peel {

// WebP through libwebp: lossy and lossless, with alpha. Of an animation the first frame, on a
// transparent canvas.
Result<Picture> DecodeWebp(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeWebp(std::span<const uint8_t> bytes);
// Every frame as it is shown, through libwebp's own animation decoder.
Result<std::unique_ptr<FrameReader>> OpenWebpFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options);

// 1, 3 or 4 channels, sides up to 16383. Colour under fully transparent pixels is not preserved: it
// is set to what packs best.
Result<std::vector<uint8_t>> EncodeWebp(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options);
// Every frame is packed by itself, with nothing of the frames before it: as EncodeWebp packs it.
Result<std::unique_ptr<AnimationEncoder>> StartWebpAnimation(const EncodeOptions& options,
                                                             uint32_t plays);

}  // namespace peel
