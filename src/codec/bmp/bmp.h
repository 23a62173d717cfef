#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// Windows and OS/2 bitmaps, by a reader of Peel's own: headers of 12 to 124 bytes, 1, 2, 4, 8, 16,
// 24 and 32 bits a pixel, colour masks, RLE4, RLE8 and RLE24, rows from below or from above.
// - Samples of fewer than 8 bits are scaled by v * 255 / most and rounded down, as Pillow does it.
// - The fourth byte of 32 bits is alpha only where a mask says so, as Pillow and browsers have it;
//   an alpha that is 0 everywhere counts as none.
// - What run-length coding leaves out has the first colour of the palette.
// Errors as Decode's. kUnsupported for a JPEG or PNG in a BMP's clothes, OS/2's fax coding, CMYK.
Result<Picture> DecodeBmp(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeBmp(std::span<const uint8_t> bytes);

}  // namespace peel
