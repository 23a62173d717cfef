#pragma once

#include <span>

#include "src/base/status.h"
#include "src/engine/quantize/layers.h"
#include "src/engine/quantize/ranges.h"

namespace peel::engine {

// A layer's constants as integers.
struct QuantWeights {
  Tensor weights;      // int8, shape of the layer's; real = scale[out channel] * level
  Tensor scales;       // float32 [out]
  Tensor bias;         // int32 [out], or not defined; real = bias_scales[out] * level
  Tensor bias_scales;  // float32 [out]: input scale times weight scale
};

// Per output channel, symmetric, levels -127..127. The scale of a channel is that of its largest
// weight, or where clip is set the one of smallest mean square error. Where input_means (of each
// input channel) are given, the mean of what rounding the weights does to an output goes into the
// bias (Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight
// equalization and bias correction", 2019, section 4.2, with measured means).
Result<QuantWeights> QuantizeWeights(const QuantLayer& layer, const ActivationCode& input,
                                     bool clip, std::span<const double> input_means);

}  // namespace peel::engine
