#pragma once

namespace peel::engine {

// Estimated milliseconds for work that streams and computes at once: multiply-adds at a share of
// this CPU's peak, bytes moved at a share of its bandwidth. Threads share both.
double EstimateMs(double multiply_adds, double efficiency, double bytes, int threads);

}  // namespace peel::engine
