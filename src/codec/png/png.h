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

// PNG by its third edition: every colour type and depth, interlaced or not, with transparency by
// palette or key colour; of an APNG the default picture. Checksums of all chunks that carry the
// picture are verified; a damaged chunk that does not is left out. A file without its end chunk is
// accepted when its picture is complete.
Result<Picture> DecodePng(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbePng(std::span<const uint8_t> bytes);
// The frames of an APNG, as they are shown, in 8 bits; a default picture that is no part of the
// animation is left out. Of any other PNG, and where the animation's chunks do not fit together,
// the picture itself.
Result<std::unique_ptr<FrameReader>> OpenPngFrames(std::span<const uint8_t> bytes,
                                                   const DecodeOptions& options);

// 1, 3 or 4 channels; 16-bit samples in the machine's byte order.
Result<std::vector<uint8_t>> EncodePng(ImageView<const uint8_t> pixels,
                                       const EncodeOptions& options);
Result<std::vector<uint8_t>> EncodePng(ImageView<const uint16_t> pixels,
                                       const EncodeOptions& options);
// An APNG; every reader of PNG shows its first frame.
Result<std::unique_ptr<AnimationEncoder>> StartPngAnimation(const EncodeOptions& options,
                                                            uint32_t plays);

}  // namespace peel
