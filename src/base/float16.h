#pragma once

#include <cstdint>

namespace peel {

// IEEE 754 binary16 and bfloat16 and back, one number at a time: to the nearest, ties to even; what
// is too large becomes infinite, and every NaN a quiet one.
float HalfToFloat(uint16_t half);
uint16_t FloatToHalf(float value);
float Bfloat16ToFloat(uint16_t value);
uint16_t FloatToBfloat16(float value);

}  // namespace peel
