#pragma once

#include <algorithm>
#include <cstdint>

#include "src/engine/graph/graph.h"

namespace peel::engine {

// How a real number becomes one of eight bits: clamp(round_half_even(x) + zero, low, high). The
// clamp is an activation (ReLU, clip) where it is tighter than [0, 255]. 0 <= low, high <= 255; low
// wins where it is above high.
struct ByteRange {
  int zero = 0, low = 0, high = 255;
  // The same clamp before rounding and before the zero point is added.
  float least() const { return static_cast<float>(low - zero); }
  float most() const { return static_cast<float>(std::max(low, high) - zero); }
};

// From the attributes y_zero, low and high of an integer node.
inline ByteRange ByteRangeOf(const Node& node) {
  return {static_cast<int>(node.Int("y_zero", 0)), static_cast<int>(node.Int("low", 0)),
          static_cast<int>(node.Int("high", 255))};
}

// The plain form of what the kernels do 16 at a time. NaN gives low.
inline uint8_t RoundToByte(float x, const ByteRange& range) {
  const float clamped = std::min(range.most(), std::max(range.least(), x));
  // At 1.5 * 2^23 floats are whole numbers: adding that rounds half to even. Nothing that came
  // before can be fused with this addition, the clamp being between.
  constexpr float kWhole = 12582912.0f;
  return static_cast<uint8_t>(static_cast<int>((clamped + kWhole) - kWhole) + range.zero);
}

}  // namespace peel::engine
