#pragma once

#include <cstddef>
#include <cstdint>

// Row kernels of composite.cc, one implementation an instruction set. Internal to src/image.
// All lengths are in pixels; products are MulDiv255.
namespace peel::composite {

// What becomes of the alpha: taken from the matte, or multiplied with the picture's.
enum class AlphaOp { kReplace, kMultiply };

// RGBA from 3- or 4-channel pixels and a matte.
void PutAlphaRow(const uint8_t* picture, int channels, const uint8_t* alpha, AlphaOp op,
                 size_t length, uint8_t* out);

// RGBA with every channel (a missing alpha is 255) multiplied by the matte.
void NaiveRow(const uint8_t* picture, int channels, const uint8_t* alpha, size_t length,
              uint8_t* out);

// RGBA times its own alpha, in place.
void PremultiplyRow(uint8_t* rgba, size_t length);

// RGB from RGBA over RGB; back_step is 3, or 0 for one colour (three bytes) throughout.
void FlattenRow(const uint8_t* rgba, const uint8_t* back, size_t back_step, size_t length,
                uint8_t* out);

// front where mask is 255, back where it is 0; 1, 3 or 4 channels.
void BlendRow(const uint8_t* front, const uint8_t* back, const uint8_t* mask, int channels,
              size_t length, uint8_t* out);

}  // namespace peel::composite
