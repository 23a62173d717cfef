#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/engine/graph/rewriter.h"

// What the rewrites of QDQ form (QuantizeLinear and DequantizeLinear nodes around float operators)
// ask of it.
namespace peel::engine::passes {

// real = scale * (byte - zero); scale is finite and above 0, zero in [0, 255].
struct ByteScale {
  float scale = 1;
  int zero = 0;
  bool operator==(const ByteScale&) const = default;
};

// A value that is a dequantised tensor of bytes.
struct Dequantised {
  ValueId bytes = kNone;
  ByteScale scale;
};
// Where v is DequantizeLinear of a uint8 tensor with one constant scale and zero point.
std::optional<Dequantised> DequantisedBytes(const Rewriter& rewriter, ValueId v);

// Where the node is QuantizeLinear to uint8 with one constant scale and zero point.
std::optional<ByteScale> QuantisesToBytes(const Rewriter& rewriter, const Node& node);

// Dequantised weights of a convolution: signed bytes with zero point 0 (unsigned ones around 128
// are made signed) and a scale for each filter.
struct QuantisedWeights {
  Tensor bytes;               // int8, [filters][…]
  std::vector<float> scales;  // one a filter
};
std::optional<QuantisedWeights> WeightsOf(const Rewriter& rewriter, ValueId v);

// A bias as int32 in units of unit[filter]: a dequantised constant of int32 of those very units, or
// any constant rounded to them. Nothing where it is not constant or does not fit 2^30.
std::optional<std::vector<int32_t>> BiasOf(const Rewriter& rewriter, ValueId v,
                                           const std::vector<float>& unit);

// The byte of a real number: rounded half to even, saturated.
uint8_t ToByte(float value, const ByteScale& scale);

}  // namespace peel::engine::passes
