#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/find/working_copy.h"

namespace peel::quads {

// A gradient of one level a pixel has this length in an edge map.
inline constexpr int kGradientScale = 64;

// The colour gradient of a working copy, at each pixel that of the plane where it is steepest
// (white on white differs in lightness, red on green in colour): smoothed by the binomial
// (1 4 6 4 1) along the edge and differentiated by (-1 -2 0 2 1) across. Planes behind the
// first that are empty count as even.
struct EdgeMap {
  Image<int16_t> x, y;
  Image<uint16_t> length;  // 0 along the picture's borders, where half the filter sees nothing
  Image<uint8_t> is_edge;  // 1 where the length has a maximum across the edge and is no noise
  // Edge pixels, those of the longest gradients first.
  struct Pixel {
    uint16_t x, y;
  };
  std::vector<Pixel> edges;
  int noise = 0;  // edges are longer than this

  int width() const { return x.width(); }
  int height() const { return x.height(); }
};

Result<EdgeMap> MakeEdgeMap(const WorkingCopy& copy, ThreadPool* pool);

}  // namespace peel::quads
