#pragma once

#include <cstdint>

#include "src/codec/png/png_chunks.h"

namespace peel {

// `count` pixels of an unfiltered row as RGB, or RGBA where png.has_alpha(). T is uint16_t (only
// for 16-bit files) or uint8_t (16-bit samples keep their high byte; smaller ones spread over 0 to
// 255).
template <typename T>
void ExpandPngRow(const PngFile& png, const uint8_t* row, int count, T* out);

}  // namespace peel
