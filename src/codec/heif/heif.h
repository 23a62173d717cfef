#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"

namespace peel {

// HEIC and other HEIF through libheif, tiled photos of telephones included. More than 8 bits become
// 16. The picture's own turns, mirrors and crops are applied whatever the options say, and an EXIF
// orientation beside them is not followed, as the format has it. Colours that are given as code
// points (nclx) become an ICC profile (codec/cicp.h). The frames are the pictures that the file
// shows, the primary one first; depth maps, gain maps and thumbnails are none.
Result<std::unique_ptr<FrameReader>> OpenHeifFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options);
Result<Picture> DecodeHeif(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeHeif(std::span<const uint8_t> bytes);

}  // namespace peel
