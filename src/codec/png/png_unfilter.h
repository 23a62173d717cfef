#pragma once

#include <cstddef>
#include <cstdint>

namespace peel {

// Undoes PNG's row filters. `filtered` holds `rows` rows of a filter byte and row_bytes bytes; the
// result goes to out, rows out_stride bytes apart, which may be filtered + 1 with a stride of
// row_bytes + 1. `above` is the row before the first: row_bytes zeros at the top of a picture.
// pixel_bytes is 1, 2, 3, 4, 6 or 8. Behind every row of all three, kPngSlack more bytes must be
// readable (the next row will do); they are not written.
// Returns the number of rows done: less than `rows` where a filter byte is above 4.
inline constexpr size_t kPngSlack = 8;
int UndoPngFilters(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes,
                   const uint8_t* above, uint8_t* out, ptrdiff_t out_stride);

// The same, byte by byte as the standard words it.
int UndoPngFiltersReference(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes,
                            const uint8_t* above, uint8_t* out, ptrdiff_t out_stride);

}  // namespace peel
