#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace peel::engine {

// Counts of values over a range that grows as needed: bins of equal width around 0, joined in pairs
// whenever a value lies outside, so nothing has to be known beforehand and one pass is enough.
// Exact zeros, of which a ReLU makes half of all values, are counted by themselves.
class Histogram {
 public:
  static constexpr int kBins = 8192;
  static constexpr int kZeroBin = kBins / 2;  // those before it are below 0

  // False where one of them is not finite; the others are counted all the same.
  bool Add(std::span<const float> values);
  // All that another one has counted.
  void Add(const Histogram& other);

  float min() const { return min_; }  // 0 where there are no values
  float max() const { return max_; }
  uint64_t count() const { return count_; }
  uint64_t zeros() const { return zeros_; }
  double bin_width() const { return 2.0 * half_ / kBins; }
  uint64_t bin(int i) const { return bins_[static_cast<size_t>(i)]; }
  // The middle of a bin.
  double Centre(int i) const { return (i + 0.5 - 0.5 * kBins) * bin_width(); }
  // The value below which this share of all values lies, 0..1; to the precision of a bin.
  double Quantile(double share) const;

 private:
  void Grow(float magnitude);  // until half_ is above it

  std::vector<uint64_t> bins_ = std::vector<uint64_t>(kBins);
  float half_ = 1.0f / 1024;  // the bins cover [-half_, half_); a power of two
  float min_ = 0, max_ = 0;
  uint64_t count_ = 0, zeros_ = 0;
};

}  // namespace peel::engine
