#include "src/rectify/pdf/pdf_pixels.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/checked.h"

namespace peel::pdf {
namespace {

enum Filter : uint8_t { kNone = 0, kLeft = 1, kAbove = 2 };

// How large a row's bytes are in sum, taken as differences, which wrap round.
uint64_t Weight(const uint8_t* row, size_t length) {
  uint64_t sum = 0;
  for (size_t i = 0; i < length; ++i) sum += std::min<uint32_t>(row[i], 256u - row[i]);
  return sum;
}

// out: 1 byte for the filter, then `length` of the row.
void FilterRow(const uint8_t* row, const uint8_t* above, size_t length, size_t channels,
               uint8_t* scratch, uint8_t* out) {
  uint8_t* best = out + 1;
  std::copy_n(row, length, best);
  out[0] = kNone;
  uint64_t least = Weight(best, length);
  for (const Filter filter : {kLeft, kAbove}) {
    if (filter == kLeft) {
      std::copy_n(row, std::min(channels, length), scratch);
      for (size_t i = channels; i < length; ++i) {
        scratch[i] = static_cast<uint8_t>(row[i] - row[i - channels]);
      }
    } else {
      for (size_t i = 0; i < length; ++i) scratch[i] = static_cast<uint8_t>(row[i] - above[i]);
    }
    const uint64_t weight = Weight(scratch, length);
    if (weight >= least) continue;
    least = weight;
    out[0] = filter;
    std::copy_n(scratch, length, best);
  }
}

}  // namespace

Result<Flate> Deflate(std::span<const uint8_t> raw) {
  constexpr int kEffort = 6;
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(kEffort), libdeflate_free_compressor);
  if (compressor == nullptr) return OutOfMemory("no memory to pack a page of the PDF");
  Flate flate;
  const size_t bound = libdeflate_zlib_compress_bound(compressor.get(), raw.size());
  PEEL_ASSIGN_OR_RETURN(flate.buffer, AlignedBuffer::Allocate(bound));
  flate.size = libdeflate_zlib_compress(compressor.get(), raw.data(), raw.size(),
                                        flate.buffer.data(), bound);
  if (flate.size == 0) return Internal("a page of the PDF did not fit its bound");
  return flate;
}

Result<Flate> PackPixels(ImageView<const uint8_t> pixels, int first, int count) {
  const size_t length = static_cast<size_t>(pixels.width) * static_cast<size_t>(count);
  const auto size = CheckedProduct<size_t>(length + 1, pixels.height);
  if (!size) return OutOfMemory("a page of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer raw, AlignedBuffer::Allocate(*size));
  std::vector<uint8_t> row(length), above(length, 0), scratch(length);
  for (int y = 0; y < pixels.height; ++y) {
    const uint8_t* from = pixels.row(y) + first;
    if (count == pixels.channels) {
      std::copy_n(from, length, row.begin());
    } else {
      for (size_t i = 0; i < length; i += static_cast<size_t>(count), from += pixels.channels) {
        for (size_t c = 0; c < static_cast<size_t>(count); ++c) row[i + c] = from[c];
      }
    }
    FilterRow(row.data(), above.data(), length, static_cast<size_t>(count), scratch.data(),
              raw.data() + static_cast<size_t>(y) * (length + 1));
    std::swap(row, above);
  }
  return Deflate({raw.data(), *size});
}

}  // namespace peel::pdf
