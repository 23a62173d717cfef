#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/motion_kernels.h"

namespace peel::video {

// A grey picture and its halves, ready for block matching.
class MotionPyramid {
 public:
  MotionPyramid() = default;
  // luma: 1 channel.
  static MotionPyramid Of(const ImageU8& luma);

  size_t levels() const { return levels_.size(); }
  PaddedPlane level(size_t l) const;

 private:
  struct Level {
    int width = 0, height = 0;
    std::vector<uint8_t> pixels;  // with padding
  };
  std::vector<Level> levels_;
};

// Where the blocks (8 x 8 pixels) of one picture are in another.
struct MotionField {
  struct Motion {
    float x = 0, y = 0;  // to add to a pixel's place
    bool known = false;  // looked for at all
  };
  int columns = 0, rows = 0;
  std::vector<Motion> blocks;

  const Motion& at(int column, int row) const {
    return blocks[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                  static_cast<size_t>(column)];
  }
};

// Finds the blocks for which `wanted` (one a block, row by row) is not 0: coarse to fine, the
// coarsest level searched wholly within 6 of its pixels, then vectors of the level above and of
// neighbours refined. Both pyramids are of one size. Does not depend on the pool.
MotionField EstimateMotion(const MotionPyramid& from, const MotionPyramid& to,
                           const std::vector<uint8_t>& wanted, ThreadPool* pool = nullptr);

}  // namespace peel::video
