#pragma once

#include <functional>
#include <span>
#include <vector>

#include "src/engine/quantize/judge.h"

namespace peel::engine {

// Which of a model's parts may work on narrower numbers.
struct Selection {
  std::vector<char> chosen;  // by part
  std::vector<double> used;  // by part: share of the tolerance that it alone uses up; empty where
                             // all parts together were within it and none was tried alone
  MaskError error;           // of the chosen ones together, on all pictures
  int trials = 0;
};

// The error of the model with exactly these parts narrow; on the first `pictures` pictures, or all
// of them where 0.
using Trial = std::function<Result<MaskError>(std::span<const char> chosen, int pictures)>;

// Greedy choice by measured error. All parts at once first; where that is too much, each part alone
// on `probe_pictures`, then the longest list in the order of error (squared: errors of parts are
// nearly independent) per worth that keeps the tolerance, found by bisection, then what else fits.
// worth: what a part is worth narrow (multiply-adds); parts worth nothing stay wide. fixed: parts
// that stay wide whatever happens.
Result<Selection> SelectParts(std::span<const double> worth, std::span<const char> fixed,
                              const Tolerance& tolerance, int probe_pictures, const Trial& trial,
                              const QuantizeProgress& progress);

}  // namespace peel::engine
