#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "src/rectify/warp/warp.h"

// The filters of a warp as tables of weights, for places at fractions of a pixel.
namespace peel::warp {

// A quarter of what one fixed-point step of 8-bit values is: values have 6 bits below the point.
inline constexpr int kValueBits = 6;

// One axis. The taps of a place p (pixel i's centre at i) begin at pixel floor(p) - before. A place
// is rounded to a whole number of phases.
struct Bank {
  int taps = 0;  // even
  int before = 0;
  int groups = 0;  // of four taps each, across; what is beyond `taps` weighs nothing
  int phase_bits = 0;

  // 8 bits: weights in units of 1 / 32768, of which a phase's sum up to 32768 (to 32767 where one
  // is all of them, which MulFixedPoint15 rounds to the same). `down`: each one in both halves of a
  // word, taps of them a phase. `across`: each one for four channels, 16 * groups a phase.
  std::vector<int32_t> down;
  std::vector<int16_t> across;
};

// The same in floats, for 16 bits and for alpha: taps and 16 * groups of them a phase.
struct BankF32 {
  int taps = 0;
  int before = 0;
  int groups = 0;
  int phase_bits = 0;
  std::vector<float> down;
  std::vector<float> across;
};

// A filter that has grown by 2 to the power of step / kStepsPerOctave, step in [0, kSteps).
inline constexpr int kStepsPerOctave = 32;
inline constexpr int kSteps = 4 * kStepsPerOctave + 1;  // up to 16 times
inline constexpr double kLargestGrowth = 16;

// The step where a pixel of the result is `scale` pixels of the source wide: none up to 1.1 (what
// that much aliases is less than what a wider filter blurs), all of it from 1.4 on.
int GrowthStep(double scale);

// At x, 0 from FilterSupport on.
double FilterAt(WarpFilter filter, double x);
double FilterSupport(WarpFilter filter);

// Tables are made when they are first asked for, by whichever thread.
class Filters {
 public:
  explicit Filters(WarpFilter filter) : filter_(filter) {}
  // Throw std::bad_alloc.
  const Bank& Fixed(int step);
  const BankF32& Float(int step);

 private:
  template <typename B>
  struct Slot {
    std::once_flag once;
    std::unique_ptr<B> bank;
  };
  const WarpFilter filter_;
  Slot<Bank> fixed_[kSteps];
  Slot<BankF32> float_[kSteps];
};

}  // namespace peel::warp
