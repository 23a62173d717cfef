#pragma once

#include <nanobind/ndarray.h>
#include <peel/peel.h>

#include <cstdint>
#include <vector>

#include "python/src/run.h"

namespace peel::python {

// An array of H x W x C samples of 8 or 16 bits, or H x W for grey or a matte, wherever it lies;
// may be read-only.
using ArrayIn = nb::ndarray<nb::device::cpu, nb::ro>;

// What the library is to read from an array: the array itself where its rows are contiguous, else a
// copy. The array must outlive it.
class PixelsIn {
 public:
  // Without the GIL being needed. bgr: the array's order. An array of more than max_pixels (0: the
  // library's limit) is not copied: the library refuses it unread. Throws std::bad_alloc.
  PixelsIn(const ArrayIn& array, bool bgr, uint64_t max_pixels);
  const peel_pixels* get() const { return &pixels_; }

 private:
  peel_pixels pixels_ = {};
  std::vector<uint8_t> copy_;
};

}  // namespace peel::python
