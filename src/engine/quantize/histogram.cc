#include "src/engine/quantize/histogram.h"

#include <algorithm>
#include <cmath>

namespace peel::engine {

void Histogram::Grow(float magnitude) {
  // Doubling a power of two is exact, and bin i becomes a part of one bin: none is ever split.
  while (half_ <= magnitude) {
    half_ *= 2;
    const int middle = kZeroBin;
    std::vector<uint64_t> joined(kBins);
    for (int i = 0; i < kBins; ++i) {
      const int to = i < middle ? middle - 1 - (middle - 1 - i) / 2 : middle + (i - middle) / 2;
      joined[static_cast<size_t>(to)] += bins_[static_cast<size_t>(i)];
    }
    bins_.swap(joined);
  }
}

bool Histogram::Add(std::span<const float> values) {
  float low = 0, high = 0;
  bool finite = true;
  for (const float v : values) {
    // Comparisons with NaN are false; infinities show below.
    low = std::min(low, v);
    high = std::max(high, v);
    finite = finite && std::abs(v) < 1e30f;
  }
  if (finite) Grow(std::max(high, -low));
  const float scale = static_cast<float>(kZeroBin) / half_;
  for (const float v : values) {
    if (!finite && !(std::abs(v) < half_)) continue;
    if (v == 0) {
      ++zeros_;
    } else {
      const int at = static_cast<int>(std::floor(v * scale)) + kZeroBin;
      ++bins_[static_cast<size_t>(std::clamp(at, 0, kBins - 1))];
    }
    ++count_;
  }
  if (finite) {
    min_ = std::min(min_, low);
    max_ = std::max(max_, high);
  }
  return finite;
}

void Histogram::Add(const Histogram& other) {
  Histogram copy = other;
  // Both widths are powers of two times one another: the narrower one grows to the wider.
  if (half_ < copy.half_) Grow(copy.half_ * 0.75f);
  if (copy.half_ < half_) copy.Grow(half_ * 0.75f);
  for (size_t i = 0; i < bins_.size(); ++i) bins_[i] += copy.bins_[i];
  min_ = std::min(min_, copy.min_);
  max_ = std::max(max_, copy.max_);
  count_ += copy.count_;
  zeros_ += copy.zeros_;
}

double Histogram::Quantile(double share) const {
  const double target = share * static_cast<double>(count_);
  double below = 0;
  for (int i = 0; i < kBins; ++i) {
    if (i == kZeroBin) {
      below += static_cast<double>(zeros_);
      if (below >= target) return 0;
    }
    below += static_cast<double>(bin(i));
    if (below >= target) {
      // The end of the bin towards which the tail is cut.
      const double edge = (i - kZeroBin + (share > 0.5 ? 1 : 0)) * bin_width();
      return std::clamp<double>(edge, min_, max_);
    }
  }
  return max_;
}

}  // namespace peel::engine
