#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"

namespace peel {

// AVIF through libavif, stills and sequences. 10 and 12 bits become 16. The picture's own turn,
// mirror and crop are what count; an EXIF orientation beside them is not followed, as the format
// has it. Where colours are given as code points (nclx), they become an ICC profile (codec/cicp.h).
Result<std::unique_ptr<FrameReader>> OpenAvifFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options);
Result<Picture> DecodeAvif(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeAvif(std::span<const uint8_t> bytes);

// 1, 3 or 4 channels (straight alpha, packed without loss). Quality 0 is 80; from 90 on colour has
// its full resolution. 16-bit samples are packed as 10 bits. Lossless: 8 bits only.
Result<std::vector<uint8_t>> EncodeAvif(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options);
Result<std::vector<uint8_t>> EncodeAvif(ImageView<const uint16_t> pixels,
                                        const EncodeOptions& options);

}  // namespace peel
