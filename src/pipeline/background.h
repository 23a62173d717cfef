#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/limits.h"
#include "src/image/composite.h"
#include "src/image/image.h"

namespace peel {

// What stands behind the subject.
class Background {
 public:
  // None: the cut-out stays transparent.
  Background() = default;

  // The text of --background: a CSS colour, "blur", "blur:RADIUS" (the standard deviation in pixels
  // of the result, 0 to 1000; without it a fiftieth of the longer side), else a picture's file,
  // which is read and decoded here. "" is none.
  static Result<Background> Parse(const std::string& text, const Limits& limits = {});
  static Background Colour(Rgba colour);

  enum class Kind { kNone, kColour, kBlur, kPicture };
  Kind kind() const { return kind_; }
  bool is_none() const { return kind_ == Kind::kNone; }
  Rgba colour() const { return colour_; }  // of kColour

  // The cut-out (RGBA, straight) before the background. `picture` is the input's pixels at the same
  // place and size (3 or 4 channels), which kBlur blurs, the subject left out of it. Another
  // picture is scaled to cover the whole and its middle taken. RGB, or RGBA where the colour is not
  // opaque. Not to be called for kNone.
  Result<ImageU8> Apply(ImageView<const uint8_t> cutout, ImageView<const uint8_t> picture,
                        ThreadPool* pool) const;

 private:
  Result<ImageU8> Blurred(ImageView<const uint8_t> cutout, ImageView<const uint8_t> picture,
                          ThreadPool* pool) const;
  Result<ImageU8> Covering(int width, int height, ThreadPool* pool) const;

  Kind kind_ = Kind::kNone;
  Rgba colour_;
  float sigma_ = -1;  // negative: by the picture's size
  std::shared_ptr<const ImageU8> picture_;
};

}  // namespace peel
