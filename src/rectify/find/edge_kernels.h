#pragma once

#include <cstddef>
#include <cstdint>

// Row kernels of edge_map.cc, one implementation an instruction set. Whole numbers, and a square
// root that every processor rounds alike: the same on all of them.
namespace peel::edges {

// A row of `width` values that has two more at either end: (1 4 6 4 1) and (-1 -2 0 2 1) along it.
// `padded` begins with the first of the additional ones. Values up to 2047 fit.
void FilterRow(const int16_t* padded, size_t width, int16_t* smooth, int16_t* slope);

// Of one plane: rows that FilterRow made, 5 of them, one after the other, the third the row itself.
// Filtered across they are the gradient, which takes the place of the one there is (of planes
// before this) where it is longer: its x, its y and the square of its length.
void TakeSteeper(const int16_t* smooth, const int16_t* slope, size_t width, bool is_first,
                 int16_t* gx, int16_t* gy, int32_t* square);

// Square roots, rounded down.
void Lengths(const int32_t* square, size_t width, uint16_t* length);

// 1 for pixels [first, last) of a row whose gradient is longer than `noise`, longer than that of
// the neighbour before it along the gradient (to within 22.5 degrees) and no shorter than that of
// the one behind it; else 0. `stride`: from one row of `length` to the next, in values; the pixels
// around are read.
void MarkMaxima(const uint16_t* length, ptrdiff_t stride, const int16_t* gx, const int16_t* gy,
                int noise, size_t first, size_t last, uint8_t* is_edge);

}  // namespace peel::edges
