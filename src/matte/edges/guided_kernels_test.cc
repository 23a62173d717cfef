#include "src/matte/edges/guided_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "src/base/cpu.h"

namespace peel {
namespace {

std::vector<double> BoxMeanReference(const std::vector<float>& plane, int width, int height,
                                     int r) {
  std::vector<double> means;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      int n = 0;
      for (int v = std::max(y - r, 0); v <= std::min(y + r, height - 1); ++v) {
        for (int u = std::max(x - r, 0); u <= std::min(x + r, width - 1); ++u, ++n) {
          sum +=
              plane[static_cast<size_t>(v) * static_cast<size_t>(width) + static_cast<size_t>(u)];
        }
      }
      means.push_back(sum / n);
    }
  }
  return means;
}

TEST(BoxMean, MeansWhatLiesInside) {
  uint32_t seed = 7;
  for (const auto& [width, height] :
       {std::pair{1, 1}, {5, 3}, {3, 17}, {37, 29}, {64, 40}, {131, 2}}) {
    for (const int radius : {1, 4, 9}) {
      const size_t n = static_cast<size_t>(width) * static_cast<size_t>(height);
      std::vector<float> plane(n), scratch(BoxMeanScratch(width, height, radius), -1e9f);
      for (float& v : plane) {
        seed = seed * 1664525 + 1013904223;
        v = static_cast<float>(seed >> 8) * 0x1p-24f;
      }
      const std::vector<double> wanted = BoxMeanReference(plane, width, height, radius);
      BoxMean(plane.data(), scratch.data(), width, height, radius);
      for (size_t i = 0; i < n; ++i) {
        ASSERT_NEAR(plane[i], wanted[i], 1e-6)
            << width << "x" << height << " radius " << radius << " at " << i;
      }
    }
  }
}

}  // namespace
}  // namespace peel
