#include "src/engine/kernels/cost.h"

#include <algorithm>

namespace peel::engine {

double EstimateMs(double multiply_adds, double efficiency, double bytes, int threads) {
  // A core of the class this was calibrated on: 118 GFLOP/s of fp32, 20 GB/s from memory.
  const double compute = multiply_adds * 2 / (118e6 * efficiency);
  const double memory = bytes / 20e6;
  return (std::max(compute, memory) + 0.3 * std::min(compute, memory)) / threads;
}

}  // namespace peel::engine
