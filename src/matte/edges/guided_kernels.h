#pragma once

#include <cstddef>

// The box means of the guided filter (guided.h), one implementation an instruction set.
namespace peel {

// Floats that BoxMean needs beside a plane for its work.
constexpr size_t BoxMeanScratch(int width, int height, int radius) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) + static_cast<size_t>(width) +
         2 * static_cast<size_t>(radius) + 64;
}

// In place: the mean over (2 radius + 1)^2 samples, fewer at the borders, of a plane of
// width x height floats without gaps. Sums are taken anew at every sample, not carried along a
// line, so that single precision does: their relative error stays below 2^-20.
void BoxMean(float* plane, float* scratch, int width, int height, int radius);

}  // namespace peel
