#pragma once

#include <cstddef>
#include <cstdint>

#include "src/rectify/bilevel/sauvola.h"

// Row kernels of sauvola.cc, one implementation an instruction set. Squares are those of a pixel
// less 128: the variance is the same, and the sum of a window of 255 x 255 fits into 31 bits.
namespace peel::sauvola {

// Sums of columns of pixels, and of squares, after the row `in` enters the window and `out` leaves
// it; either may be null.
void MoveColumns(const uint8_t* in, const uint8_t* out, size_t length, int32_t* sums,
                 int32_t* squares);

// For a row of windows: running sums of the columns, wrapping round at 2^32, so that the window of
// pixel x holds sums[x + width] - sums[x]; the columns in it, and its rows.
struct Windows {
  const uint32_t* sums;
  const uint32_t* squares;
  const int32_t* columns;
  int width;
  int rows;
};
void ThresholdRow(const uint8_t* in, const Windows& windows, const SauvolaOptions& options,
                  size_t length, uint8_t* out);

}  // namespace peel::sauvola
