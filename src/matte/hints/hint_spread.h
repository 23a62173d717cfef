#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// How far strokes (hints.h) reach, on a grid of cells, each of which stands for cell x cell pixels;
// those at the right and lower border may be cut off.
struct HintSpread {
  int cell = 1;
  int width = 0, height = 0;    // in cells
  std::vector<float> pull;      // 1: becomes subject, -1: background, 0: stays, between: in part
  std::vector<uint8_t> matte;   // the mean of a cell's matte before
  std::vector<uint8_t> target;  // and what its pull makes of that

  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
};

// Strokes spread to what is connected with them, has their colours and is not yet what they want:
// every cell's cost is that of the cheapest way to a stroke, on which steps over edges and over
// colours that no stroke of the kind has lying on it cost more (geodesic distances, as in Bai,
// Sapiro, "A geodesic framework for fast interactive image and video segmentation", 2007). Of two
// kinds the cheaper one wins; small leftovers that strokes cut off follow. No way is longer than
// kHintReach of the picture's longer side.
// picture: 3 or 4 channels; strokes and matte: 1 channel of its size.
Result<HintSpread> SpreadHints(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
                               ImageView<const uint8_t> matte, ThreadPool* pool = nullptr);
inline constexpr double kHintReach = 0.25;

}  // namespace peel
