#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/codec/encode.h"
#include "src/codec/sniff.h"
#include "src/image/geometry.h"
#include "src/image/image.h"

namespace peel {

// Puts frames together to an animation, one by one: what is kept of a frame is what it takes in the
// file. Every frame is written as it is to be seen, from its visible part alone: a canvas with
// alpha is cleared between two frames.
class AnimationEncoder {
 public:
  virtual ~AnimationEncoder() = default;

  // 1, 3 or 4 channels; all frames have the first one's size, and 3 channels or 4 as it. Errors as
  // Encode's.
  Status Add(ImageView<const uint8_t> frame, uint32_t delay_us);
  // Once, after at least one frame.
  virtual Result<std::vector<uint8_t>> Finish() = 0;

 protected:
  // What is visible of `frame` lies in `box`.
  virtual Status AddPart(ImageView<const uint8_t> frame, Box box, uint32_t delay_us) = 0;
  // The least alpha that is seen.
  virtual uint8_t LeastAlpha() const { return 1; }
  // Boxes begin at multiples of this.
  virtual int Step() const { return 1; }

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  int frames() const { return frames_; }

 private:
  int width_ = 0, height_ = 0, channels_ = 0, frames_ = 0;
};

// PNG (APNG), WebP and GIF.
bool CanAnimate(Format format);

// For options.format, which CanAnimate; options.metadata and options.pool must outlive it. plays:
// how often all frames are shown, 0 for ever. kUnsupported for other formats.
Result<std::unique_ptr<AnimationEncoder>> StartAnimation(const EncodeOptions& options,
                                                         uint32_t plays);

}  // namespace peel
