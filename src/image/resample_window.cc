#include "src/image/resample_window.h"

#include <algorithm>
#include <cmath>

#include "src/base/checked.h"

namespace peel {
namespace {

// Windows of more coefficients than this are refused rather than allocated: no picture within the
// decoders' limits comes near it.
constexpr size_t kMaxWeights = size_t{1} << 28;

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= M_PI;
  return std::sin(x) / x;
}

double Weight(ResizeFilter filter, double x) {
  switch (filter) {
    case ResizeFilter::kNearest:
    case ResizeFilter::kBox:
      return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    case ResizeFilter::kBilinear:
      x = std::fabs(x);
      return x < 1.0 ? 1.0 - x : 0.0;
    case ResizeFilter::kHamming:
      x = std::fabs(x);
      if (x == 0.0) return 1.0;
      if (x >= 1.0) return 0.0;
      x *= M_PI;
      // Pillow has the two constants in single precision.
      return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));
    case ResizeFilter::kBicubic: {
      constexpr double kA = -0.5;
      x = std::fabs(x);
      if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
      if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
      return 0.0;
    }
    case ResizeFilter::kLanczos:
      return -3.0 <= x && x < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0;
  }
  return 0.0;
}

double Support(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::kNearest:
    case ResizeFilter::kBox:
      return 0.5;
    case ResizeFilter::kBilinear:
    case ResizeFilter::kHamming:
      return 1.0;
    case ResizeFilter::kBicubic:
      return 2.0;
    case ResizeFilter::kLanczos:
      return 3.0;
  }
  return 0.0;
}

}  // namespace

Result<ResampleWindows> MakeResampleWindows(int in_size, double from, double to, int out_size,
                                            ResizeFilter filter) {
  if (in_size < 1 || out_size < 1 || !(from >= 0 && from < to && to <= in_size)) {
    return InvalidArgument("a picture cannot be resized from or to nothing");
  }
  const double scale = (to - from) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = Support(filter) * filter_scale;
  const auto stride = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  const auto total = CheckedMul(stride, static_cast<size_t>(out_size));
  if (!total || *total > kMaxWeights) {
    return LimitExceeded("a resize from " + std::to_string(in_size) + " to " +
                         std::to_string(out_size) + " pixels is out of proportion");
  }

  ResampleWindows w;
  w.in_size = in_size;
  w.out_size = out_size;
  w.stride = static_cast<int>(stride);
  w.start.resize(static_cast<size_t>(out_size));
  w.count.resize(static_cast<size_t>(out_size));
  w.weights.assign(*total, 0.0);
  const double inverse = 1.0 / filter_scale;
  for (int i = 0; i < out_size; ++i) {
    const double centre = from + (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int last = std::min(static_cast<int>(centre + support + 0.5), in_size);
    double* k = &w.weights[static_cast<size_t>(i) * stride];
    double sum = 0;
    for (int j = 0; j < last - first; ++j) {
      k[j] = Weight(filter, (j + first - centre + 0.5) * inverse);
      sum += k[j];
    }
    if (sum != 0.0) {
      for (int j = 0; j < last - first; ++j) k[j] /= sum;
    }
    w.start[static_cast<size_t>(i)] = first;
    w.count[static_cast<size_t>(i)] = last - first;
  }
  return w;
}

}  // namespace peel
