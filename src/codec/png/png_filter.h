#pragma once

#include <cstddef>
#include <cstdint>

namespace peel {

// Filters `rows` rows of row_bytes bytes each (samples already in PNG's byte order) for deflate.
// `first` is true where rows lie at the top of a picture; else the row before is read too.
// pixel_bytes is 1 to 8. Each row becomes a filter byte and row_bytes bytes at out.
// Of the five filters each row gets the one whose residuals, taken as signed bytes, have the least
// sum of magnitudes (the standard's own advice); of equals the first. A row of zeros is left alone.
void FilterPngRows(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows,
                   int pixel_bytes, bool first, uint8_t* out);

// The same, byte by byte.
void FilterPngRowsReference(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows,
                            int pixel_bytes, bool first, uint8_t* out);

}  // namespace peel
