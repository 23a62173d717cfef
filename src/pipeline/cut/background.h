#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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
  // A picture's file that is in memory.
  static Result<Background> FromFile(std::span<const uint8_t> bytes, const Limits& limits = {});

  // How a picture fills the whole: kCover scales it until nothing is left free and takes its
  // middle; kContain shows all of it and leaves the rest transparent.
  enum class Fit { kCover, kContain };
  void set_fit(Fit fit) { fit_ = fit; }

  enum class Kind { kNone, kColour, kBlur, kPicture };
  Kind kind() const { return kind_; }
  bool is_none() const { return kind_ == Kind::kNone; }
  Rgba colour() const { return colour_; }  // of kColour
  // Of kBlur in a picture whose longer side has so many pixels: the standard deviation in pixels.
  float BlurSigma(int longer) const;

  // The same background in the numbers of an ICC profile for RGB (empty: sRGB): colours are sRGB,
  // pictures what their own profile says. The last conversion of a picture is kept, so that a
  // folder from one camera pays for it once. Errors: those of ConvertColours.
  Result<Background> InProfile(std::span<const uint8_t> icc, ThreadPool* pool) const;

  // The surroundings of the subject, blurred, for kBlur: `picture` is the input's pixels (3 or 4
  // channels), `alpha` (1 channel, same size) what of them is the subject, which is left out, as is
  // what an RGBA picture hides. RGB.
  Result<ImageU8> Blurred(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha,
                          ThreadPool* pool) const;

  // The cut-out (RGBA, straight) before the background. `blurred` is Blurred's for kBlur, of any
  // size, else ignored. RGB, or RGBA where the background does not cover all. Not to be called for
  // kNone.
  Result<ImageU8> Apply(ImageView<const uint8_t> cutout, ImageView<const uint8_t> blurred,
                        ThreadPool* pool) const;
  // Of 16 bits a channel; the background has 8.
  Result<ImageU16> Apply(ImageView<const uint16_t> cutout, ImageView<const uint8_t> blurred,
                         ThreadPool* pool) const;

 private:
  template <typename T>
  Result<Image<T>> ApplyTo(ImageView<const T> cutout, ImageView<const uint8_t> blurred,
                           ThreadPool* pool) const;

  Kind kind_ = Kind::kNone;
  Rgba colour_;
  Fit fit_ = Fit::kCover;
  float sigma_ = -1;                        // negative: by the picture's size
  std::shared_ptr<const ImageU8> picture_;  // RGB, or RGBA where it is transparent somewhere
  std::vector<uint8_t> icc_;                // picture_'s profile; empty: sRGB
  struct Converted;                         // the picture in the last profile asked for
  std::shared_ptr<Converted> converted_;
};

}  // namespace peel
