#pragma once

#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel::warp {

// A picture and what is left of it after halving it again and again, for parts of a warp that
// shrink strongly. Level 0 is the picture itself, borrowed.
template <typename T>
struct Levels {
  ImageView<const T> picture;
  std::vector<Image<T>> smaller;

  int count() const { return static_cast<int>(smaller.size()) + 1; }
  ImageView<const T> at(int level) const {
    return level == 0 ? picture : smaller[static_cast<size_t>(level - 1)].view();
  }
};

// `count` levels, or as many as there are down to one pixel. Pixel x, y of a level is the mean of
// the four from 2x, 2y on of the one before, which is continued by its last pixels where a side is
// odd; alpha is straight and weighs the colours. Means alias and blur a little, which the filter
// that follows hides as long as it is several pixels wide. kOutOfMemory.
Result<Levels<uint8_t>> MakeLevels(ImageView<const uint8_t> picture, int count, ThreadPool* pool);
Result<Levels<uint16_t>> MakeLevels(ImageView<const uint16_t> picture, int count, ThreadPool* pool);

}  // namespace peel::warp
