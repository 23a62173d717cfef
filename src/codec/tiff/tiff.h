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

// TIFF and BigTIFF through libtiff, every compression it knows: grey, RGB, palette and CMYK of 1 to
// 16 bits a sample, strips or tiles, samples together or in planes; Lab of 8 or 16 bits
// (codec/lab.h) becomes sRGB, and YCbCr what libtiff makes of it. More than 8 bits become 16.
// Associated alpha is divided out. CMYK becomes RGB as 1-based products of ink and black. Floating
// point and 32-bit samples are refused. What libtiff complains of and goes on after becomes the
// picture's warning. The frames are the pages.
Result<std::unique_ptr<FrameReader>> OpenTiffFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options);
Result<Picture> DecodeTiff(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeTiff(std::span<const uint8_t> bytes);

// 1, 3 or 4 channels (straight alpha) in deflated strips with horizontal differencing. Written by
// Peel itself: strips are packed by all threads at once, and an EXIF block keeps its place at the
// beginning of the file, so that what maker notes point to is still where they point.
Result<std::vector<uint8_t>> EncodeTiff(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options);
Result<std::vector<uint8_t>> EncodeTiff(ImageView<const uint16_t> pixels,
                                        const EncodeOptions& options);

}  // namespace peel
