#pragma once

#include <cstddef>
#include <string>

#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// What the three sizes of winograd.cc share outside their inner loops; tile_size
// is 6, 4 or 2.
std::string RejectWinograd(const ConvProblem& problem);
size_t WinogradPackedBytes(const ConvProblem& problem, int tile_size);
void PackWinograd(const ConvProblem& problem, int tile_size, const float* weights,
                  const float* bias, void* packed);
size_t WinogradScratchBytes(const ConvProblem& problem, int tile_size, int threads);
double WinogradCost(const ConvProblem& problem, int tile_size, int threads);

}  // namespace peel::engine
