#pragma once

#include <cstddef>
#include <cstdint>

// Row kernels of resize.cc, one implementation an instruction set. Internal to src/image.
namespace peel::resize {

// Weights are fixed point with kPrecision fractional bits, as in Pillow. For 16-bit multipliers
// they are split in two: weight = high * 2^kLowBits + low with 0 <= low < 2^kLowBits.
constexpr int kPrecision = 22;
constexpr int kLowBits = 12;

// Windows are padded with zero weights to a multiple of this many taps, and rows of samples are
// followed by as many zeros, so that kernels read whole vectors.
constexpr int kTapStep = 16;

// One axis in the form the horizontal kernel wants.
struct SplitWindows {
  int out_size = 0;
  int stride = 0;  // taps from one output's weights to the next, a multiple of kTapStep
  const int32_t* start = nullptr;
  const int32_t* count = nullptr;
  const int16_t* high = nullptr;
  const int16_t* low = nullptr;
};

// The same for samples of float.
struct FloatWindows {
  int out_size = 0;
  int stride = 0;  // as above
  const int32_t* start = nullptr;
  const int32_t* count = nullptr;
  const float* weights = nullptr;
};

// Scratch for one row and one worker.
struct RowScratch {
  void* planes = nullptr;   // channels * plane_stride samples, int16_t or float
  size_t plane_stride = 0;  // samples, at least the input width + kTapStep
  void* partial = nullptr;  // PartialElements(...) of int32_t or float
};

// Partial sums the horizontal kernels leave for each output value, before they are added up.
size_t PartialElements(int out_size, int channels);

// out[x * channels + c] for one row of channels interleaved samples.
void HorizontalU8(const uint8_t* in, int width, int channels, const SplitWindows& windows,
                  const RowScratch& scratch, uint8_t* out);
void HorizontalF32(const float* in, int width, int channels, const FloatWindows& windows,
                   const RowScratch& scratch, float* out);

// out[i] for i < length: the weighted sum of `taps` rows that lie `stride` elements apart.
void VerticalU8(const uint8_t* in, ptrdiff_t stride, const int32_t* weights, int taps,
                size_t length, uint8_t* out);
void VerticalF32(const float* in, ptrdiff_t stride, const float* weights, int taps, size_t length,
                 float* out);

// sums[i] += the sum of `rows` rows at i, for i < length; at most 257 rows in all.
void AddRowsU8(const uint8_t* in, ptrdiff_t stride, int rows, size_t length, uint16_t* sums);

}  // namespace peel::resize
