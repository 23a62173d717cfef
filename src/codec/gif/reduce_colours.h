#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// A picture of few colours.
struct IndexedPicture {
  std::vector<std::array<uint8_t, 3>> palette;
  ImageU8 indices;       // 1 channel
  int transparent = -1;  // the index of what is not seen: palette.size(), or -1
};

// Alpha from here on is opaque where there is no alpha but "seen" and "not seen".
inline constexpr uint8_t kOpaqueFrom = 128;

// The picture (1, 3 or 4 channels) with at most `most` (1 to 256) colours: exactly its own where
// they are no more, else those of median cut (Heckbert 1982) in a cube of 32 steps a side, split at
// the median of the box with the most pixels times length, each pixel getting the closest; not
// dithered. With 4 channels what has less alpha than kOpaqueFrom is transparent, one colour less
// then.
Result<IndexedPicture> ReduceColours(ImageView<const uint8_t> picture, int most);

}  // namespace peel
