#pragma once

#include <cstddef>
#include <cstdint>

// Weighted sums of rows of samples, the first step of scaling a frame down (reduce_frame.h); one
// implementation an instruction set, with the same results.
namespace peel::video {

// to[i] = sum over k < taps of weights[k] * (sample i of the row that begins `stride` bytes after
// the one before), for i < count.
void WeighRowsU8(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                 float* to);
void WeighRowsU16(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                  float* to);

}  // namespace peel::video
