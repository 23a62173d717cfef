#pragma once

#include <map>
#include <string>

#include "src/engine/quantize/calibrate.h"
#include "src/engine/quantize/layers.h"
#include "src/engine/quantize/ranges.h"

namespace peel::engine {

// A code for every value of the target, chosen from what calibration has seen. Values that a
// Concat, MaxPool or Resize ties together get one code, by all that was seen of them, so that their
// bytes need no change on the way.
std::map<std::string, ActivationCode> ChooseCodes(const QuantTarget& target,
                                                  const std::map<std::string, ActivationSeen>& seen,
                                                  RangeMethod method,
                                                  const QuantizeProgress& progress);

}  // namespace peel::engine
