#include "src/matte/matting/matting_nodes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/matting/matting_transfer.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

// Between pixels and the nodes of the grid over them.
// Where loops of fixed length over a tile are plain, the compiler makes vectors of each target.
HWY_BEFORE_NAMESPACE();
namespace peel::matting {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DT = hn::CappedTag<float, kTile>;

inline const float* At(const float* v, uint32_t cell) { return v + size_t{cell} * kCell; }
inline float* At(float* v, uint32_t cell) { return v + size_t{cell} * kCell; }

// A cell spans two node distances: its pixels' shares in the nodes at its left end, middle and
// right end.
struct Hats {
  float share[3][kCell];
};
Hats MakeHats() {
  Hats hats{};
  for (int i = 0; i < kCell; ++i) {
    const float f = static_cast<float>(i % kSpacing) / kSpacing;
    hats.share[i / kSpacing][i] = 1 - f;
    hats.share[i / kSpacing + 1][i] = f;
  }
  return hats;
}

void RestrictToNodes(const Band& band, const Colours& colours, const float* r, int first, int last,
                     NodeLevel* grid) {
  const Hats hats = MakeHats();
  std::vector<float> sums;
  for (int row = first; row < last; ++row) {
    sums.assign(static_cast<size_t>(grid->width) * kUnknowns, 0.0f);
    for (int c = 0; c < band.columns(); ++c) {
      float s[kUnknowns][kCell] = {};
      bool any = false;
      for (int dy = 1 - kSpacing; dy < kSpacing; ++dy) {
        const int y = row * kSpacing + dy;
        if (y < 0 || y >= band.height()) continue;
        const uint32_t cell = band.Place(c, y);
        if (cell == kNowhere) continue;
        any = true;
        const float weight = 1 - static_cast<float>(std::abs(dy)) / kSpacing;
        const float* from = At(r, cell);
        const float* c0 = At(colours.plane[0], cell);
        const float* c1 = At(colours.plane[1], cell);
        const float* c2 = At(colours.plane[2], cell);
        for (int i = 0; i < kCell; ++i) {
          const float v = weight * from[i];
          s[0][i] += v;
          s[1][i] += v * c0[i];
          s[2][i] += v * c1[i];
          s[3][i] += v * c2[i];
        }
      }
      if (!any) continue;
      for (int k = 0; k < 3; ++k) {
        float* to = &sums[(2 * static_cast<size_t>(c) + static_cast<size_t>(k)) * kUnknowns];
        for (int q = 0; q < kUnknowns; ++q) {
          float sum = 0;
          for (int i = 0; i < kCell; ++i) sum += hats.share[k][i] * s[q][i];
          to[q] += sum;
        }
      }
    }
    for (uint32_t n = grid->first[static_cast<size_t>(row)];
         n < grid->first[static_cast<size_t>(row) + 1]; ++n) {
      Tile(&sums[static_cast<size_t>(grid->column[n]) * kUnknowns], grid->right.at(n));
    }
  }
}

void ProlongFromNodes(const Operator& a, const Colours& colours, const NodeLevel& grid, int first,
                      int last, float* x) {
  const Hats hats = MakeHats();
  for (int y = first; y < last; ++y) {
    const int up = y / kSpacing;
    const float share = static_cast<float>(y % kSpacing) / kSpacing;
    for (const Cell* cell = a.band->row_begin(y); cell != a.band->row_end(y); ++cell) {
      const int left = 2 * static_cast<int>(cell->column);
      float v[3][kUnknowns];
      for (int k = 0; k < 3; ++k) {
        const float* upper = grid.solution.at(grid.Place(left + k, up));
        const float* lower = grid.solution.at(grid.Place(left + k, up + 1));
        for (int q = 0; q < kUnknowns; ++q) v[k][q] = upper[q] + share * (lower[q] - upper[q]);
      }
      float line[kUnknowns][kCell];
      for (int q = 0; q < kUnknowns; ++q) {
        for (int i = 0; i < kCell; ++i) {
          line[q][i] =
              hats.share[0][i] * v[0][q] + hats.share[1][i] * v[1][q] + hats.share[2][i] * v[2][q];
        }
      }
      const uint32_t at = cell->at[2];
      const float* c0 = At(colours.plane[0], at);
      const float* c1 = At(colours.plane[1], at);
      const float* c2 = At(colours.plane[2], at);
      const float* scale = At(a.inverse_scale, at);
      float* to = At(x, at);
      for (int i = 0; i < kCell; ++i) {
        const float e = line[0][i] + line[1][i] * c0[i] + line[2][i] * c1[i] + line[3][i] * c2[i];
        to[i] += scale[i] != 0 ? e : 0.0f;
      }
    }
  }
}

// One pixel's row of A times P: for the 4x4 nodes around its patch (from the one up and left of the
// patch's corner on) the sums over its 25 neighbours.
struct Row {
  float sum[4][4][kUnknowns];
  bool used_x[4], used_y[4];
};

void MultiplyRow(const Operator& a, const float* diagonal, const Colours& colours, const Cell& cell,
                 int lane, int y, Row* row) {
  std::memset(row, 0, sizeof *row);
  const int x = lane % kSpacing, in_y = y % kSpacing;
  float line[5][4][kUnknowns] = {};
  const auto add = [&](int dx, int dy, float value) {
    if (value == 0) return;
    const uint32_t at = cell.at[2 + dy];
    // Patches left and right of the pixel's own are two nodes each of the four.
    const int to = x + dx, patch = to < 0 ? 0 : to < kSpacing ? 1 : 2;
    const float f = static_cast<float>((to + kSpacing) % kSpacing) / kSpacing;
    const float c[kUnknowns] = {1, At(colours.plane[0], at)[lane + dx],
                                At(colours.plane[1], at)[lane + dx],
                                At(colours.plane[2], at)[lane + dx]};
    float* left = line[dy + 2][patch];
    float* right = line[dy + 2][patch + 1];
    for (int q = 0; q < kUnknowns; ++q) {
      left[q] += value * (1 - f) * c[q];
      right[q] += value * f * c[q];
    }
    row->used_x[patch] = true;
    row->used_x[patch + 1] |= f != 0;
  };
  add(0, 0, At(diagonal, cell.at[2])[lane]);
  for (int k = 0; k < kHalf; ++k) {
    const int dx = kOffsets[k].dx, dy = kOffsets[k].dy;
    add(dx, dy, -At(a.weights[k], cell.at[2])[lane]);
    add(-dx, -dy, -At(a.weights[k], cell.at[2 - dy])[lane - dx]);
  }
  for (int dy = -2; dy <= 2; ++dy) {
    const int to = in_y + dy, patch = to < 0 ? 0 : to < kSpacing ? 1 : 2;
    const float f = static_cast<float>((to + kSpacing) % kSpacing) / kSpacing;
    for (int n = 0; n < 4; ++n) {
      for (int q = 0; q < kUnknowns; ++q) {
        row->sum[patch][n][q] += (1 - f) * line[dy + 2][n][q];
        row->sum[patch + 1][n][q] += f * line[dy + 2][n][q];
      }
    }
    row->used_y[patch] = true;
    row->used_y[patch + 1] |= f != 0;
  }
}

void CoarsenToNodes(const Operator& a, const float* diagonal, const Colours& colours, int strip,
                    NodeLevel* grid) {
  const int end = std::min((strip + 1) * kSpacing, a.band->height());
  const DT d;
  Row row;
  float tiles[4][4][kTile];
  for (int y = strip * kSpacing; y < end; ++y) {
    for (const Cell* cell = a.band->row_begin(y); cell != a.band->row_end(y); ++cell) {
      for (int lane = 0; lane < kCell; ++lane) {
        if (At(a.inverse_scale, cell->at[2])[lane] == 0) continue;
        MultiplyRow(a, diagonal, colours, *cell, lane, y, &row);
        for (int ny = 0; ny < 4; ++ny) {
          for (int nx = 0; nx < 4; ++nx) Tile(row.sum[ny][nx], tiles[ny][nx]);
        }
        const float fx = static_cast<float>(lane % kSpacing) / kSpacing;
        const float fy = static_cast<float>(y % kSpacing) / kSpacing;
        const int patch = 2 * static_cast<int>(cell->column) + lane / kSpacing;
        const float c[kUnknowns] = {1, At(colours.plane[0], cell->at[2])[lane],
                                    At(colours.plane[1], cell->at[2])[lane],
                                    At(colours.plane[2], cell->at[2])[lane]};
        for (int corner = 0; corner < 4; ++corner) {
          const int right = corner % 2, below = corner / 2;
          const float share = (right != 0 ? fx : 1 - fx) * (below != 0 ? fy : 1 - fy);
          if (share == 0) continue;
          const uint32_t node = grid->Place(patch + right, strip + below);
          float left[kTile];
          for (int i = 0; i < kTile; ++i) left[i] = share * c[i / 4];
          float* blocks = grid->blocks.data() + size_t{node} * kNeighbours * kTile;
          for (int ny = 0; ny < 4; ++ny) {
            if (!row.used_y[ny]) continue;
            for (int nx = 0; nx < 4; ++nx) {
              if (!row.used_x[nx]) continue;
              const int k = (ny - 1 - below + 2) * 5 + nx - 1 - right + 2;
              float* to = blocks + ptrdiff_t{k} * kTile;
              const float* from = tiles[ny][nx];
              for (size_t i = 0; i < kTile; i += hn::Lanes(d)) {
                hn::StoreU(hn::MulAdd(hn::LoadU(d, left + i), hn::LoadU(d, from + i),
                                      hn::LoadU(d, to + i)),
                           d, to + i);
              }
            }
          }
        }
      }
    }
  }
}

PEEL_ENTRY(RestrictToNodes);
PEEL_ENTRY(ProlongFromNodes);
PEEL_ENTRY(CoarsenToNodes);

}  // namespace HWY_NAMESPACE
}  // namespace peel::matting
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::matting {

PEEL_EXPORT(RestrictToNodes);
PEEL_EXPORT(ProlongFromNodes);
PEEL_EXPORT(CoarsenToNodes);

void RestrictToNodes(const Band& band, const Colours& colours, const float* r, int first, int last,
                     NodeLevel* grid) {
  PEEL_DISPATCH(RestrictToNodes)(band, colours, r, first, last, grid);
}
void ProlongFromNodes(const Operator& a, const Colours& colours, const NodeLevel& grid, int first,
                      int last, float* x) {
  PEEL_DISPATCH(ProlongFromNodes)(a, colours, grid, first, last, x);
}
void CoarsenToNodes(const Operator& a, const float* diagonal, const Colours& colours, int strip,
                    NodeLevel* grid) {
  PEEL_DISPATCH(CoarsenToNodes)(a, diagonal, colours, strip, grid);
}

}  // namespace peel::matting
#endif  // HWY_ONCE
