#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "src/rectify/warp/warp.h"

// What Warp is to compute, in the plainest way: a pixel at a time, in double precision.
namespace peel::testing {

inline double Kernel(WarpFilter filter, double x) {
  x = std::abs(x);
  switch (filter) {
    case WarpFilter::kBilinear:
      return x < 1 ? 1 - x : 0;
    case WarpFilter::kBicubic:
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    case WarpFilter::kLanczos: {
      if (x < 1e-9) return 1;
      if (x >= 3) return 0;
      const double t = std::numbers::pi * x;
      return std::sin(t) * std::sin(t / 3) * 3 / (t * t);
    }
  }
  return 0;
}

inline double Support(WarpFilter filter) {
  return filter == WarpFilter::kBilinear ? 1 : filter == WarpFilter::kBicubic ? 2 : 3;
}

// The taps of one axis around position p (pixel i's centre at i), the filter grown by `growth`.
struct Taps {
  int first = 0;
  std::vector<double> weights;
};

inline Taps TapsAt(WarpFilter filter, double p, double growth) {
  const double reach = Support(filter) * growth;
  Taps taps;
  taps.first = static_cast<int>(std::ceil(p - reach));
  const int last = static_cast<int>(std::floor(p + reach));
  double sum = 0;
  for (int i = taps.first; i <= last; ++i) {
    taps.weights.push_back(Kernel(filter, (i - p) / growth));
    sum += taps.weights.back();
  }
  for (double& w : taps.weights) w /= sum;
  return taps;
}

// The growth of the filter where a pixel of the result is `scale` pixels wide in the picture.
inline double Growth(double scale) {
  constexpr double kFrom = 1.1, kTo = 1.4;
  if (scale <= kFrom) return 1;
  return scale >= kTo ? scale : 1 + (scale - kFrom) * (kTo - 1) / (kTo - kFrom);
}

// Four channels, not rounded; for pictures with alpha premultiplied (0 to 1).
template <typename T>
std::array<double, 4> SampleAt(ImageView<const T> in, const Homography& h, const WarpOptions& o,
                               double u, double v) {
  const bool alpha = in.channels == 2 || in.channels == 4;
  const auto& m = h.m;
  const double w = m[6] * u + m[7] * v + m[8];
  const Point p = h({u, v});
  const double xu = (m[0] - p.x * m[6]) / w, xv = (m[1] - p.x * m[7]) / w;
  const double yu = (m[3] - p.y * m[6]) / w, yv = (m[4] - p.y * m[7]) / w;
  const double gx = Growth(std::hypot(xu, xv)), gy = Growth(std::hypot(yu, yv));
  const auto near = [&](double at, int size, double growth) {
    const double far = Support(o.filter) * growth + 2;
    return std::clamp(at - 0.5, -far, size - 1 + far);
  };
  const Taps tx = TapsAt(o.filter, near(p.x, in.width, gx), gx);
  const Taps ty = TapsAt(o.filter, near(p.y, in.height, gy), gy);
  std::array<double, 4> sum{};
  for (size_t j = 0; j < ty.weights.size(); ++j) {
    const int y = ty.first + static_cast<int>(j);
    for (size_t i = 0; i < tx.weights.size(); ++i) {
      const int x = tx.first + static_cast<int>(i);
      if (o.empty_outside && (x < 0 || y < 0 || x >= in.width || y >= in.height)) continue;
      const T* px =
          in.row(std::clamp(y, 0, in.height - 1)) + std::clamp(x, 0, in.width - 1) * in.channels;
      const double weight = ty.weights[j] * tx.weights[i];
      const double a =
          alpha ? px[in.channels - 1] / static_cast<double>(std::numeric_limits<T>::max()) : 1;
      for (int c = 0; c < in.channels; ++c) {
        const bool is_alpha = alpha && c == in.channels - 1;
        sum[static_cast<size_t>(c)] += weight * (is_alpha ? a : px[c] * a);
      }
    }
  }
  return sum;
}

template <typename T>
Image<T> PlainWarp(ImageView<const T> in, const Homography& h, Size size, const WarpOptions& o) {
  constexpr double kMost = std::numeric_limits<T>::max();
  const bool alpha = in.channels == 2 || in.channels == 4;
  Image<T> out = std::move(*Image<T>::Allocate(size.width, size.height, in.channels));
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const auto s = SampleAt(in, h, o, x + 0.5, y + 0.5);
      T* px = out.row(y) + x * in.channels;
      const int colours = alpha ? in.channels - 1 : in.channels;
      const double a = alpha ? s[static_cast<size_t>(colours)] : 1;
      for (int c = 0; c < colours; ++c) {
        const double value = a > 0 ? s[static_cast<size_t>(c)] / a : 0;
        px[c] = static_cast<T>(std::clamp(value, 0.0, kMost) + 0.5);
      }
      if (alpha) px[colours] = static_cast<T>(std::clamp(a, 0.0, 1.0) * kMost + 0.5);
    }
  }
  return out;
}

}  // namespace peel::testing
