#pragma once

#include <nanobind/ndarray.h>
#include <peel/peel.h>

#include <cstdint>
#include <vector>

#include "python/src/run.h"

namespace peel::python {

// An array of H x W x C bytes, or H x W for a matte, wherever it lies; may be read-only.
using ArrayIn = nb::ndarray<const uint8_t, nb::device::cpu>;

// What the library is to read from an array: the array itself where its rows are contiguous, else a
// copy. The array must outlive it.
class PixelsIn {
 public:
  // Without the GIL being needed. bgr: swap the first and third channel. An array of more than
  // max_pixels (0: the library's limit) is not copied: the library refuses it unread. Throws
  // std::bad_alloc.
  PixelsIn(const ArrayIn& array, bool bgr, uint64_t max_pixels);
  const peel_pixels* get() const { return &pixels_; }

 private:
  peel_pixels pixels_ = {};
  std::vector<uint8_t> copy_;
};

// Swaps the first and third of 3 or 4 channels in place.
void SwapRedAndBlue(uint8_t* data, int width, int height, int channels, size_t stride);

}  // namespace peel::python
