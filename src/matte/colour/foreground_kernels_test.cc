#include "src/matte/colour/foreground_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::ForEveryTarget;
using testing::Noise;

// A cell's values in the order of the planes.
using Cell = std::array<double, ForegroundGrid::kPlanes>;

std::vector<Cell> MakeCells(int width, int height) {
  const ImageU8 noise = Noise(5, width, height * ForegroundGrid::kPlanes, 1);
  std::vector<Cell> cells(static_cast<size_t>(width * height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int p = 0; p < ForegroundGrid::kPlanes; ++p) {
        double v = noise.row(y * ForegroundGrid::kPlanes + p)[x] / 255.0;
        if (p == 0) v = std::clamp(2 * v - 0.5, 0.0, 1.0);  // half of alpha is certain
        cells[static_cast<size_t>(y * width + x)][static_cast<size_t>(p)] = v;
      }
    }
  }
  return cells;
}

// The equations as the header has them, one cell after the other.
void Reference(int w, int h, double regularization, double slope, std::vector<Cell>& cells) {
  const auto at = [&](int x, int y) -> Cell& {
    return cells[static_cast<size_t>(std::clamp(y, 0, h - 1) * w + std::clamp(x, 0, w - 1))];
  };
  for (int y = 0; y < h; ++y) {
    for (int parity = 0; parity < 2; ++parity) {
      for (int x = parity; x < w; x += 2) {
        Cell& cell = at(x, y);
        const double a0 = cell[0], a1 = 1 - a0;
        const Cell* neighbours[4] = {&at(x - 1, y), &at(x + 1, y), &at(x, y - 1), &at(x, y + 1)};
        std::array<double, 3> f, b;
        for (size_t c = 0; c < 3; ++c) {
          double weights = 0, b0 = a0 * cell[1 + c], b1 = a1 * cell[1 + c];
          for (const Cell* n : neighbours) {
            const double da = regularization + slope * std::fabs(a0 - (*n)[0]);
            weights += da;
            b0 += da * (*n)[4 + c];
            b1 += da * (*n)[7 + c];
          }
          const double a00 = a0 * a0 + weights, a11 = a1 * a1 + weights, a01 = a0 * a1;
          const double determinant = a00 * a11 - a01 * a01;
          f[c] = std::clamp((a11 * b0 - a01 * b1) / determinant, 0.0, 1.0);
          b[c] = std::clamp((a00 * b1 - a01 * b0) / determinant, 0.0, 1.0);
        }
        for (size_t c = 0; c < 3; ++c) {
          cell[4 + c] = f[c];
          cell[7 + c] = b[c];
        }
      }
    }
  }
}

TEST(SweepForeground, SolvesEveryCellUnderEveryTarget) {
  for (const auto& sides :
       {std::pair{1, 1}, {1, 7}, {2, 3}, {3, 2}, {31, 5}, {32, 4}, {33, 3}, {65, 9}, {80, 80}}) {
    const int w = sides.first, h = sides.second;
    std::vector<Cell> expected = MakeCells(w, h);
    const std::vector<Cell> start = expected;
    for (int i = 0; i < 2; ++i) Reference(w, h, 1e-3, 1, expected);
    ForEveryTarget([&](const std::string& target) {
      SCOPED_TRACE(target);
      ForegroundGrid grid;
      grid.Resize(90, 81);  // what is left of a larger tile does no harm
      grid.Resize(w, h);
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          for (int p = 0; p < ForegroundGrid::kPlanes; ++p) {
            grid.row(p, y)[grid.Column(x)] =
                static_cast<float>(start[static_cast<size_t>(y * w + x)][static_cast<size_t>(p)]);
          }
        }
      }
      for (int i = 0; i < 2; ++i) SweepForeground(1e-3f, 1, &grid);
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          for (int p = 0; p < ForegroundGrid::kPlanes; ++p) {
            ASSERT_NEAR(grid.row(p, y)[grid.Column(x)],
                        expected[static_cast<size_t>(y * w + x)][static_cast<size_t>(p)], 1e-4)
                << w << "x" << h << " plane " << p << " at " << x << ", " << y;
          }
        }
      }
    });
  }
}

}  // namespace
}  // namespace peel
