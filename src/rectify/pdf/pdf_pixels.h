#pragma once

#include <cstdint>
#include <span>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::pdf {

// A zlib stream, as FlateDecode reads it.
struct Flate {
  AlignedBuffer buffer;
  size_t size = 0;
  std::span<const uint8_t> bytes() const { return {buffer.data(), size}; }
};

Result<Flate> Deflate(std::span<const uint8_t> raw);

// `count` channels from channel `first` on, with PNG's filters (predictor 15): for each row that of
// none, left and above whose differences are smallest in sum. kOutOfMemory.
Result<Flate> PackPixels(ImageView<const uint8_t> pixels, int first, int count);

}  // namespace peel::pdf
