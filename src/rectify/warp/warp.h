#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/rectify/homography.h"

namespace peel {

enum class WarpFilter { kBilinear, kBicubic, kLanczos };  // Catmull-Rom (a = -0.5); Lanczos3

struct WarpOptions {
  WarpFilter filter = WarpFilter::kBicubic;
  // What lies outside of the picture: its nearest pixel (false), or nothing: transparent in
  // pictures with alpha, black in others.
  bool empty_outside = false;
};

// The picture seen through `to_source`, which maps places of the result to places of the picture:
// one resampling, area-aware where it shrinks (the filter grows with the local scale), alpha
// premultiplied while it is filtered (4 channels, straight in and out; 2 likewise). 1 to 4
// channels. The same at any number of threads and on every processor. kInvalidArgument for an empty
// picture or size, kOutOfMemory.
Result<ImageU8> Warp(ImageView<const uint8_t> picture, const Homography& to_source, Size size,
                     const WarpOptions& options, ThreadPool* pool);
Result<ImageU16> Warp(ImageView<const uint16_t> picture, const Homography& to_source, Size size,
                      const WarpOptions& options, ThreadPool* pool);

}  // namespace peel
