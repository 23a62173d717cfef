#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// How far a refined matte follows the photo.
struct GuidedOptions {
  int radius = 4;         // of the window, in pixels of the low-resolution matte
  float epsilon = 3e-5f;  // guide variance (0..1 squared) treated as flat; at least 1e-5
};

// What the guided filter found around every sample of a grid: alpha = a . colour + b, colours 0..1.
class GuidedModel {
 public:
  // a for the guide's three channels, b, and the matte itself.
  enum Plane : size_t { kFirst, kSecond, kThird, kConstant, kMatte, kPlanes };

  static Result<GuidedModel> Allocate(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  // width() * height() floats without gaps.
  float* plane(size_t k) { return planes_.as<float>() + k * size_; }
  const float* plane(size_t k) const { return planes_.as<float>() + k * size_; }

 private:
  int width_ = 0, height_ = 0;
  size_t size_ = 0;
  AlignedBuffer planes_;
};

// How soft the matte must be for the guide to have the full say: the model's weight rises from 0
// where the matte is certain to 1 where it is this far from it. Keeps texture just inside an
// outline from making holes and haze from settling just outside.
inline constexpr float kGuidedSoftEnough = 1.0f / 16;

// The model of a matte (1 channel, 0..1) and a guide (3 channels) of one size. Of a part of both
// that reaches 2 radius samples further than what is wanted, it is the same there as of the whole.
Result<GuidedModel> FitGuided(ImageView<const float> matte, ImageView<const uint8_t> guide,
                              const GuidedOptions& options = {}, ThreadPool* pool = nullptr);

// Where the samples of a line of n lie between those of a line of m: the left one, at most m - 2
// where there are two, and the share of the one to its right.
struct Between {
  std::vector<int32_t> left;
  std::vector<float> share;
};
Between Interpolation(int m, int n);

// Brings a low-resolution matte to the size of a photo by the fast guided filter (He, Sun, Tang,
// "Guided image filtering", 2013; He, Sun, "Fast guided filter", 2015) with the photo's colours as
// guide: alpha is modelled as linear in the colour in every window; the coefficients are found at
// the matte's size, where the photo is as blurred as the matte and the relation truly is linear,
// and interpolated. The model counts where the interpolated matte is soft and gives way to it
// towards 0 and 1, so that texture inside a subject does not show through and no haze settles
// around it. matte: 1 channel, 0..1; photo: 3 or 4 channels (alpha ignored). Result: 1 channel of
// the photo's size, 0..255.
Result<ImageU8> GuidedUpsample(ImageView<const float> matte, ImageView<const uint8_t> photo,
                               const GuidedOptions& options = {}, ThreadPool* pool = nullptr);

}  // namespace peel
