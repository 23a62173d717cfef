#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/codec/tiff/tiff_reader.h"

namespace peel {

// Turns rows of samples as they lie in a TIFF into RGB or RGBA (where the layout has alpha). T is
// uint16_t (for layouts of more than 8 bits) or uint8_t, to which 16-bit samples give their high
// byte.
template <typename T>
class TiffRowExpander {
 public:
  explicit TiffRowExpander(const TiffLayout& layout);

  // planes: where the row begins in each plane; one where samples lie together.
  void Expand(std::span<const uint8_t* const> planes, T* out);

 private:
  void Unpack(const uint8_t* row, int samples, int stride, uint16_t* to) const;

  const TiffLayout& layout_;
  int used_;  // samples that count, of the layout's
  std::vector<uint16_t> line_;
};

}  // namespace peel
