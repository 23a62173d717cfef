#pragma once

#include <cstdint>
#include <string_view>

#include "src/base/status.h"
#include "src/engine/quantize/histogram.h"

namespace peel::engine {

// How the range of values that 256 levels cover is chosen from what calibration has seen.
enum class RangeMethod {
  kMinMax,      // all of it
  kPercentile,  // without the outermost hundred-thousandth on either side
  kMse,         // what makes the mean square of clipping and rounding error smallest
  kEntropy,  // what keeps most information: Kullback-Leibler divergence (Migacz, "8-bit inference
             // with TensorRT", 2017)
};

// "minmax", "percentile", "mse", "entropy"; kInvalidArgument names the choices.
Result<RangeMethod> ParseRangeMethod(std::string_view text);
std::string_view RangeMethodName(RangeMethod method);

// real = scale * (level - zero_point), levels 0..255.
struct ActivationCode {
  float scale = 1;
  int zero_point = 0;
  bool operator==(const ActivationCode&) const = default;
};

// The code of a tensor. The range always holds 0, which a level stands for exactly (padding is made
// of zeros); values that are never negative get zero_point 0.
ActivationCode ChooseCode(const Histogram& seen, RangeMethod method);

// The code whose levels spread over [low, high], low <= 0 <= high.
ActivationCode CodeForRange(double low, double high);

// Mean square of the difference that the code makes to the values seen.
double MeanSquareError(const Histogram& seen, const ActivationCode& code);

}  // namespace peel::engine
