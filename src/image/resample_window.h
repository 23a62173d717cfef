#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"

namespace peel {

// The reconstruction filters Pillow knows, by Pillow's names. kNearest takes one source pixel;
// the others average over support * max(in / out, 1) pixels to either side: box 0.5, bilinear and
// hamming 1, bicubic (a = -0.5) 2, lanczos 3.
enum class ResizeFilter { kNearest, kBox, kBilinear, kHamming, kBicubic, kLanczos };

// One axis of a resize: output sample i is the sum over j < count[i] of
// weights[i * stride + j] * input[start[i] + j]. Weights sum to 1 and are 0 beyond count[i].
struct ResampleWindows {
  int in_size = 0;
  int out_size = 0;
  int stride = 0;  // the longest window
  std::vector<int32_t> start;
  std::vector<int32_t> count;
  std::vector<double> weights;
};

// The windows of Pillow's ImagingResample, operation for operation in double, so that coefficients
// rounded from them are Pillow's. The source interval [from, to) is mapped onto out_size samples;
// 0 <= from < to <= in_size, all sizes at least 1. Not for kNearest.
Result<ResampleWindows> MakeResampleWindows(int in_size, double from, double to, int out_size,
                                            ResizeFilter filter);

}  // namespace peel
