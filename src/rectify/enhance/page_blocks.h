#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// A square of a page in a few numbers, from a grid of some 64 of its pixels. Levels are 0 to 255.
struct PageBlock {
  float bright[3] = {0, 0, 0};  // mean colour of the pixels about the upper quartile of brightness
  float level = 0;              // their luma
  float spread = 0;             // its standard deviation among them
  float flat = 0;               // their share of the pixels
  float dark = 0;               // the share of those below 0.7 * level: ink, on paper
  float ink = 1;                // the least that any channel of a pixel has of its `bright`
  bool seen = false;            // false: (nearly) all of it is transparent
};

struct PageBlocks {
  int shift = 3;  // a block is 1 << shift pixels wide and high; the last ones may be cut off
  int across = 0, down = 0;
  std::vector<PageBlock> blocks;  // row by row

  const PageBlock& at(int x, int y) const {
    return blocks[static_cast<size_t>(y) * static_cast<size_t>(across) + static_cast<size_t>(x)];
  }
};

// Some hundred blocks across the page's shorter side, of 8 to 64 pixels each. 3 or 4 channels.
PageBlocks MeasureBlocks(ImageView<const uint8_t> page, ThreadPool* pool);
PageBlocks MeasureBlocks(ImageView<const uint16_t> page, ThreadPool* pool);

}  // namespace peel
