#pragma once

#include <cstdint>
#include <string_view>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/composite.h"
#include "src/image/image.h"

namespace peel {

// A CSS colour: a name ("white", "rebeccapurple", "transparent"), #rgb, #rgba, #rrggbb, #rrggbbaa,
// rgb(r, g, b) or rgba(r, g, b, a) with commas or spaces, numbers or percentages, alpha after a
// comma or slash. Case and surrounding blanks do not matter. kInvalidArgument quotes the text and
// says what is understood.
Result<Rgba> ParseColour(std::string_view text);

// 8 bits to 0..1 and back; back is clamped to 0..1 and rounded to the nearest (NaN becomes 0).
Result<ImageF32> ToFloat(ImageView<const uint8_t> in, ThreadPool* pool = nullptr);
Result<ImageU8> ToU8(ImageView<const float> in, ThreadPool* pool = nullptr);

// 16 bits to 8: the high byte, as decoders reduce them (and Pillow does).
Result<ImageU8> ToU8(ImageView<const uint16_t> in, ThreadPool* pool = nullptr);

// The first three of 4 channels, or grey spread over three (2 channels: grey and alpha): what a
// network is shown. Alpha is dropped, not composited. 1 to 4 channels in, 3 out.
Result<ImageU8> ToRgb(ImageView<const uint8_t> in, ThreadPool* pool = nullptr);

// Luma of 1 (copied), 3 or 4 channels, Pillow's mode L: (19595 r + 38470 g + 7471 b + 32768) >> 16.
Result<ImageU8> Luma(ImageView<const uint8_t> in, ThreadPool* pool = nullptr);

}  // namespace peel
