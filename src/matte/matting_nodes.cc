#include "src/matte/matting_nodes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/base/checked.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/matting_nodes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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

void Tile(const float* values, float* to) {
  for (int k = 0; k < 4; ++k) {
    for (int q = 0; q < kUnknowns; ++q) to[4 * k + q] = values[q];
  }
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

void RestrictNodes(const NodeLevel& fine, const NodeVector& r, int first, int last,
                   NodeLevel* coarse) {
  for (int y = first; y < last; ++y) {
    for (uint32_t n = coarse->first[static_cast<size_t>(y)];
         n < coarse->first[static_cast<size_t>(y) + 1]; ++n) {
      float sum[kTile] = {};
      for (int dy = -1; dy <= 1; ++dy) {
        if (2 * y + dy < 0 || 2 * y + dy >= fine.height) continue;
        for (int dx = -1; dx <= 1; ++dx) {
          const int x = 2 * coarse->column[n] + dx;
          if (x < 0 || x >= fine.width) continue;
          const float share = (dy == 0 ? 1.0f : 0.5f) * (dx == 0 ? 1.0f : 0.5f);
          const float* from = r.at(fine.Place(x, 2 * y + dy));
          for (int i = 0; i < kTile; ++i) sum[i] += share * from[i];
        }
      }
      std::memcpy(coarse->right.at(n), sum, sizeof sum);
    }
  }
}

void ProlongNodes(const NodeLevel& coarse, int first, int last, NodeLevel* fine, NodeVector* x) {
  for (int y = first; y < last; ++y) {
    for (uint32_t n = fine->first[static_cast<size_t>(y)];
         n < fine->first[static_cast<size_t>(y) + 1]; ++n) {
      const int column = fine->column[n];
      const int right = (column + 1) / 2, below = (y + 1) / 2;
      const float* a = coarse.solution.at(coarse.Place(column / 2, y / 2));
      const float* b = coarse.solution.at(coarse.Place(right, y / 2));
      const float* c = coarse.solution.at(coarse.Place(column / 2, below));
      const float* d = coarse.solution.at(coarse.Place(right, below));
      float* to = x->at(n);
      for (int i = 0; i < kTile; ++i) to[i] += 0.25f * ((a[i] + b[i]) + (c[i] + d[i]));
    }
  }
}

void CoarsenNodes(const NodeLevel& fine, int first, int last, NodeLevel* coarse) {
  // A fine node `m` nodes from twice a coarse one's place has these coarse nodes beside it.
  const auto parent = [](int m, int which) {
    return which == 0 ? (m - (m & 1)) / 2 : (m + (m & 1)) / 2;
  };
  for (int y = first; y < last; ++y) {
    for (uint32_t n = coarse->first[static_cast<size_t>(y)];
         n < coarse->first[static_cast<size_t>(y) + 1]; ++n) {
      float* sums = coarse->blocks.data() + size_t{n} * kNeighbours * kTile;
      for (int s = -1; s <= 1; ++s) {
        for (int r = -1; r <= 1; ++r) {
          const int fx = 2 * coarse->column[n] + r, fy = 2 * y + s;
          if (fx < 0 || fy < 0 || fx >= fine.width || fy >= fine.height) continue;
          const uint32_t node = fine.Place(fx, fy);
          if (node == 0) continue;
          const float share = (s == 0 ? 1.0f : 0.5f) * (r == 0 ? 1.0f : 0.5f);
          const float* blocks = fine.blocks.data() + size_t{node} * kNeighbours * kTile;
          for (int k = 0; k < kNeighbours; ++k) {
            const int mx = r + k % 5 - 2, my = s + k / 5 - 2;
            // Both parents are the same one where the node lies on it: twice a half.
            for (int which = 0; which < 4; ++which) {
              const int px = parent(mx, which % 2), py = parent(my, which / 2);
              float* to = sums + ptrdiff_t{(py + 2) * 5 + px + 2} * kTile;
              for (int i = 0; i < kTile; ++i) to[i] += 0.25f * share * blocks[k * kTile + i];
            }
          }
        }
      }
    }
  }
}

void InvertBlocks(int first, int last, NodeLevel* level) {
  for (uint32_t n = level->first[static_cast<size_t>(first)];
       n < level->first[static_cast<size_t>(last)]; ++n) {
    const float* block = level->blocks.data() + (size_t{n} * kNeighbours + 12) * kTile;
    float* to = level->inverse.at(n);
    const double trace =
        double{block[0]} + double{block[5]} + double{block[10]} + double{block[15]};
    if (!(trace > 1e-9)) {
      std::fill_n(to, kTile, 0.0f);
      continue;
    }
    double m[4][8] = {};
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j)
        m[i][j] = 0.5 * (double{block[4 * i + j]} + double{block[4 * j + i]});
      m[i][i] += 1e-6 * trace;
      m[i][4 + i] = 1;
    }
    for (int p = 0; p < 4; ++p) {
      // What rounding has made too small stays at the least it was made to be.
      const double pivot = std::max(m[p][p], 5e-7 * trace);
      for (double& v : m[p]) v /= pivot;
      for (int q = 0; q < 4; ++q) {
        if (q == p) continue;
        const double factor = m[q][p];
        for (int j = 0; j < 8; ++j) m[q][j] -= factor * m[p][j];
      }
    }
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) {
        to[4 * i + j] = static_cast<float>(0.5 * (m[i][4 + j] + m[j][4 + i]));
      }
    }
  }
}

// right - A x of one node.
HWY_INLINE void NodeResidual(const NodeLevel& level, const NodeVector& x, uint32_t n, int y,
                             float* residual) {
  const DT d;
  float sum[kTile];
  for (size_t i = 0; i < kTile; i += hn::Lanes(d)) {
    const float* block = level.blocks.data() + size_t{n} * kNeighbours * kTile + i;
    auto even = hn::Zero(d), odd = hn::Zero(d);
    for (int dy = -2; dy <= 2; ++dy) {
      const uint32_t* row = level.Row(level.column[n], y + dy);
      for (int dx = 0; dx < 5; ++dx, block += kTile) {
        auto& total = (dx + dy) % 2 != 0 ? odd : even;
        total = hn::MulAdd(hn::LoadU(d, block), hn::LoadU(d, x.at(row[dx]) + i), total);
      }
    }
    hn::StoreU(hn::Add(even, odd), d, sum + i);
  }
  const float* b = level.right.at(n);
  for (int q = 0; q < kUnknowns; ++q) {
    residual[q] = b[q] - ((sum[4 * q] + sum[4 * q + 1]) + (sum[4 * q + 2] + sum[4 * q + 3]));
  }
}

void SmoothNodes(const NodeVector* x, float beta, float gamma, int first, int last,
                 NodeLevel* level, NodeVector* next) {
  for (int y = first; y < last; ++y) {
    for (uint32_t n = level->first[static_cast<size_t>(y)];
         n < level->first[static_cast<size_t>(y) + 1]; ++n) {
      float residual[kUnknowns], step[kUnknowns];
      if (x != nullptr) {
        NodeResidual(*level, *x, n, y, residual);
      } else {
        std::memcpy(residual, level->right.at(n), sizeof residual);
      }
      const float* inverse = level->inverse.at(n);
      float* direction = level->direction.at(n);
      for (int q = 0; q < kUnknowns; ++q) {
        float z = 0;
        for (int p = 0; p < kUnknowns; ++p) z += inverse[4 * q + p] * residual[p];
        step[q] = (x != nullptr && beta != 0 ? beta * direction[q] : 0.0f) + gamma * z;
      }
      Tile(step, direction);
      if (x != nullptr) {
        const float* from = x->at(n);
        for (int q = 0; q < kUnknowns; ++q) step[q] += from[q];
      }
      Tile(step, next->at(n));
    }
  }
}

void ResidualNodes(const NodeLevel& level, const NodeVector& x, int first, int last,
                   NodeVector* r) {
  for (int y = first; y < last; ++y) {
    for (uint32_t n = level.first[static_cast<size_t>(y)];
         n < level.first[static_cast<size_t>(y) + 1]; ++n) {
      float residual[kUnknowns];
      NodeResidual(level, x, n, y, residual);
      Tile(residual, r->at(n));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace peel::matting
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::matting {

HWY_EXPORT(RestrictToNodes);
HWY_EXPORT(ProlongFromNodes);
HWY_EXPORT(CoarsenToNodes);
HWY_EXPORT(RestrictNodes);
HWY_EXPORT(ProlongNodes);
HWY_EXPORT(CoarsenNodes);
HWY_EXPORT(InvertBlocks);
HWY_EXPORT(SmoothNodes);
HWY_EXPORT(ResidualNodes);

void RestrictToNodes(const Band& band, const Colours& colours, const float* r, int first, int last,
                     NodeLevel* grid) {
  HWY_DYNAMIC_DISPATCH(RestrictToNodes)(band, colours, r, first, last, grid);
}
void ProlongFromNodes(const Operator& a, const Colours& colours, const NodeLevel& grid, int first,
                      int last, float* x) {
  HWY_DYNAMIC_DISPATCH(ProlongFromNodes)(a, colours, grid, first, last, x);
}
void CoarsenToNodes(const Operator& a, const float* diagonal, const Colours& colours, int strip,
                    NodeLevel* grid) {
  HWY_DYNAMIC_DISPATCH(CoarsenToNodes)(a, diagonal, colours, strip, grid);
}
void RestrictNodes(const NodeLevel& fine, const NodeVector& r, int first, int last,
                   NodeLevel* coarse) {
  HWY_DYNAMIC_DISPATCH(RestrictNodes)(fine, r, first, last, coarse);
}
void ProlongNodes(const NodeLevel& coarse, int first, int last, NodeLevel* fine, NodeVector* x) {
  HWY_DYNAMIC_DISPATCH(ProlongNodes)(coarse, first, last, fine, x);
}
void CoarsenNodes(const NodeLevel& fine, int first, int last, NodeLevel* coarse) {
  HWY_DYNAMIC_DISPATCH(CoarsenNodes)(fine, first, last, coarse);
}
void InvertBlocks(int first, int last, NodeLevel* level) {
  HWY_DYNAMIC_DISPATCH(InvertBlocks)(first, last, level);
}
void SmoothNodes(const NodeVector* x, float beta, float gamma, int first, int last,
                 NodeLevel* level, NodeVector* next) {
  HWY_DYNAMIC_DISPATCH(SmoothNodes)(x, beta, gamma, first, last, level, next);
}
void ResidualNodes(const NodeLevel& level, const NodeVector& x, int first, int last,
                   NodeVector* r) {
  HWY_DYNAMIC_DISPATCH(ResidualNodes)(level, x, first, last, r);
}

Result<NodeVector> NodeVector::Make(size_t nodes, size_t floats_a_node) {
  NodeVector v;
  const auto bytes = CheckedProduct<size_t>(nodes, floats_a_node, sizeof(float));
  if (!bytes) return OutOfMemory("a matting problem of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(v.buffer_, AlignedBuffer::Allocate(*bytes));
  std::memset(v.buffer_.data(), 0, *bytes);
  return v;
}

Result<NodeLevel> NodeLevel::Make(int width, int height, const std::vector<uint8_t>& used) {
  NodeLevel level;
  level.width = width;
  level.height = height;
  level.place.assign(static_cast<size_t>(width + 4) * static_cast<size_t>(height + 4), 0);
  level.column.push_back(0);
  for (int y = 0; y < height; ++y) {
    level.first.push_back(static_cast<uint32_t>(level.column.size()));
    for (int x = 0; x < width; ++x) {
      if (used[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] == 0) {
        continue;
      }
      level.place[static_cast<size_t>(y + 2) * static_cast<size_t>(width + 4) +
                  static_cast<size_t>(x + 2)] = static_cast<uint32_t>(level.column.size());
      level.column.push_back(x);
    }
  }
  level.first.push_back(static_cast<uint32_t>(level.column.size()));
  const size_t nodes = level.nodes();
  PEEL_ASSIGN_OR_RETURN(level.blocks, NodeVector::Make(nodes, kNeighbours * kTile));
  for (NodeVector* v :
       {&level.inverse, &level.right, &level.solution, &level.other, &level.direction}) {
    PEEL_ASSIGN_OR_RETURN(*v, NodeVector::Make(nodes));
  }
  return level;
}

Result<NodeLevel> GridOver(const Band& band) {
  const int width = 2 * band.columns() + 1, height = (band.height() - 1) / kSpacing + 2;
  std::vector<uint8_t> used(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int y = 0; y < band.height(); ++y) {
    for (const Cell* cell = band.row_begin(y); cell != band.row_end(y); ++cell) {
      for (int row = y / kSpacing; row <= y / kSpacing + (y % kSpacing != 0 ? 1 : 0); ++row) {
        uint8_t* flags = &used[static_cast<size_t>(row) * static_cast<size_t>(width)];
        for (size_t k = 0; k < 3; ++k) flags[2 * size_t{cell->column} + k] = 1;
      }
    }
  }
  return NodeLevel::Make(width, height, used);
}

Result<NodeLevel> CoarserGrid(const NodeLevel& fine) {
  const int width = fine.width / 2 + 1, height = fine.height / 2 + 1;
  std::vector<uint8_t> used(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int y = 0; y < fine.height; ++y) {
    for (uint32_t n = fine.first[static_cast<size_t>(y)];
         n < fine.first[static_cast<size_t>(y) + 1]; ++n) {
      for (int row = y / 2; row <= (y + 1) / 2; ++row) {
        for (int x = fine.column[n] / 2; x <= (fine.column[n] + 1) / 2; ++x) {
          used[static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(x)] = 1;
        }
      }
    }
  }
  return NodeLevel::Make(width, height, used);
}

}  // namespace peel::matting
#endif  // HWY_ONCE
