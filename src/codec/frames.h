#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// The frames of an animation, the pages of a TIFF, the pictures of a HEIC, one after the other,
// each as it is shown: whole and upright. The file's bytes must outlive it.
class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // As the file says, at least 1.
  virtual int count() const = 0;
  // The next one; at most count() calls. After an error further calls may or may not succeed.
  virtual Result<Picture> Next() = 0;
};

// The first frame is what Decode gives, save where an APNG has a default picture of its own. Errors
// as Decode's.
Result<std::unique_ptr<FrameReader>> OpenFrames(std::span<const uint8_t> bytes,
                                                const DecodeOptions& options = {});

// Frames that follow each other in time: of GIF, WebP, APNG and AVIF. The readers of these tell
// delay_us and plays of every frame. (The pages of a TIFF and the pictures of a HEIC are none.)
bool IsAnimation(const PictureInfo& info);

// A reader of one picture that has been decoded already.
std::unique_ptr<FrameReader> OneFrame(Picture picture);

}  // namespace peel
