#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/picture.h"

namespace peel {

// JPEG through libjpeg-turbo, with its accurate DCT and smooth chroma upsampling: the pixels of
// every program that uses its defaults. CMYK and YCCK are taken as Adobe writes them (inverted) and
// become RGB as 255-based products of ink and black. Baseline, extended, progressive, arithmetic; 8
// bits.
Result<Picture> DecodeJpeg(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeJpeg(std::span<const uint8_t> bytes);

// 1 or 3 channels.
Result<std::vector<uint8_t>> EncodeJpeg(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options);

}  // namespace peel
