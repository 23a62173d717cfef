#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// A tensor with space before, between and after its images that must stay as it was.
class Images {
 public:
  Images(Layout layout, const Shape4& shape, int64_t gap = 0) : layout_(layout), shape_(shape) {
    stride_ = ImageFloats(layout, shape) + gap;
    count_ = kMargin + shape.batch * stride_ + kMargin;
    buffer_ = *AlignedBuffer::Allocate(static_cast<size_t>(count_) * sizeof(float));
    for (int64_t i = 0; i < count_; ++i) buffer_.as<float>()[i] = kPoison;
  }
  static constexpr int64_t kMargin = 64;
  static constexpr float kPoison = -12345.5f;

  float* data() { return buffer_.as<float>() + kMargin; }
  const float* data() const { return buffer_.as<float>() + kMargin; }
  int64_t stride() const { return stride_; }
  const Shape4& shape() const { return shape_; }
  ConstSlice in() const { return {data(), stride_}; }
  Slice out() { return {data(), stride_}; }
  int64_t Index(int64_t n, int64_t c, int64_t y, int64_t x) const {
    const int64_t pixel = y * shape_.width + x;
    return n * stride_ + (layout_ == Layout::kPlain
                              ? c * shape_.pixels() + pixel
                              : (c / kBlock * shape_.pixels() + pixel) * kBlock + c % kBlock);
  }
  float& At(int64_t n, int64_t c, int64_t y, int64_t x) { return data()[Index(n, c, y, x)]; }

  template <typename Fn>
  void ForEach(const Fn& fn) {
    for (int64_t n = 0; n < shape_.batch; ++n)
      for (int64_t c = 0; c < shape_.channels; ++c)
        for (int64_t y = 0; y < shape_.height; ++y)
          for (int64_t x = 0; x < shape_.width; ++x) fn(n, c, y, x);
  }
  void Fill(std::mt19937& random, float low = -1, float high = 1) {
    std::uniform_real_distribution<float> any(low, high);
    for (int64_t n = 0; n < shape_.batch; ++n) {
      std::memset(data() + n * stride_, 0,
                  static_cast<size_t>(ImageFloats(layout_, shape_)) * sizeof(float));
    }
    ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) { At(n, c, y, x) = any(random); });
  }
  // Gaps and margins untouched, channels past the last zero.
  ::testing::AssertionResult Clean() {
    std::vector<bool> real(static_cast<size_t>(count_), false);
    ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
      real[static_cast<size_t>(kMargin + Index(n, c, y, x))] = true;
    });
    for (int64_t i = 0; i < count_; ++i) {
      if (real[static_cast<size_t>(i)]) continue;
      const int64_t at = i - kMargin;
      const bool in_image =
          at >= 0 && at / stride_ < shape_.batch && at % stride_ < ImageFloats(layout_, shape_);
      const float want = in_image ? 0 : kPoison;
      if (buffer_.as<float>()[i] != want) {
        return ::testing::AssertionFailure()
               << "float " << at << " is " << buffer_.as<float>()[i] << " instead of " << want;
      }
    }
    return ::testing::AssertionSuccess();
  }

 private:
  Layout layout_;
  Shape4 shape_;
  int64_t stride_ = 0, count_ = 0;
  AlignedBuffer buffer_;
};

// Every element of got is within tolerance (absolute, plus relative to the expected value) of
// want(n, c, y, x), and nothing else was written.
template <typename Want>
void ExpectImages(Images& got, double tolerance, const Want& want) {
  EXPECT_TRUE(got.Clean());
  int bad = 0;
  got.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
    const double expected = want(n, c, y, x), value = got.At(n, c, y, x);
    if (expected == value || std::abs(expected - value) <= tolerance * (1 + std::abs(expected))) {
      return;
    }
    if (std::isnan(expected) && std::isnan(value)) return;
    if (++bad == 1) {
      ADD_FAILURE() << "n " << n << " c " << c << " y " << y << " x " << x << ": " << value
                    << " instead of " << expected;
    }
  });
  EXPECT_EQ(bad, 0);
}

}  // namespace peel::engine
