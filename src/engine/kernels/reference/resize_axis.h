#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/engine/kernels/reference/reference.h"

namespace peel::engine::reference {

// How one axis is resampled: output i is the sum over k < taps of weight[i * taps + k] times input
// index[i * taps + k] (clamped to the axis), or the extrapolation value where outside[i].
struct ResizeAxis {
  int64_t in = 1, out = 1, taps = 1;
  bool identity = true;
  std::vector<int64_t> index;
  std::vector<double> weight;
  std::vector<uint8_t> outside;  // empty: nowhere
};

// ONNX's attributes of Resize, with its defaults.
struct ResizeOptions {
  std::string mode = "nearest";                // or linear, cubic
  std::string coordinates = "half_pixel";      // coordinate_transformation_mode
  std::string nearest = "round_prefer_floor";  // nearest_mode
  double cubic_a = -0.75;
  bool antialias = false, exclude_outside = false;
};

// scale: output over input; length: the output's extent before it was rounded to whole elements;
// roi: the part of the axis that tf_crop_and_resize reads, as fractions. Extents are positive.
// Separable interpolation as the standard's reference implementation defines it; coordinates are
// computed in float32, as ONNX Runtime does, so that ties fall on the same side.
Result<ResizeAxis> MakeResizeAxis(const ResizeOptions& options, int64_t in, int64_t out,
                                  float scale, float length, float roi_begin, float roi_end);

// Reads a Resize or Upsample node of any opset: one table an axis of the input.
Result<std::vector<ResizeAxis>> PlanResize(const OpArgs& args, ResizeOptions& options);

}  // namespace peel::engine::reference
