#include "src/matte/matting/matting_nodes.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/matting/matting_node_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

// Between grids of nodes, and on one.
// Where loops of fixed length over a tile are plain, the compiler makes vectors of each target.
HWY_BEFORE_NAMESPACE();
namespace peel::matting {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DT = hn::CappedTag<float, kTile>;

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
  for (ptrdiff_t q = 0; q < kUnknowns; ++q) {
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

PEEL_ENTRY(RestrictNodes);
PEEL_ENTRY(ProlongNodes);
PEEL_ENTRY(CoarsenNodes);
PEEL_ENTRY(InvertBlocks);
PEEL_ENTRY(SmoothNodes);
PEEL_ENTRY(ResidualNodes);

}  // namespace HWY_NAMESPACE
}  // namespace peel::matting
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::matting {

PEEL_EXPORT(RestrictNodes);
PEEL_EXPORT(ProlongNodes);
PEEL_EXPORT(CoarsenNodes);
PEEL_EXPORT(InvertBlocks);
PEEL_EXPORT(SmoothNodes);
PEEL_EXPORT(ResidualNodes);

void RestrictNodes(const NodeLevel& fine, const NodeVector& r, int first, int last,
                   NodeLevel* coarse) {
  PEEL_DISPATCH(RestrictNodes)(fine, r, first, last, coarse);
}
void ProlongNodes(const NodeLevel& coarse, int first, int last, NodeLevel* fine, NodeVector* x) {
  PEEL_DISPATCH(ProlongNodes)(coarse, first, last, fine, x);
}
void CoarsenNodes(const NodeLevel& fine, int first, int last, NodeLevel* coarse) {
  PEEL_DISPATCH(CoarsenNodes)(fine, first, last, coarse);
}
void InvertBlocks(int first, int last, NodeLevel* level) {
  PEEL_DISPATCH(InvertBlocks)(first, last, level);
}
void SmoothNodes(const NodeVector* x, float beta, float gamma, int first, int last,
                 NodeLevel* level, NodeVector* next) {
  PEEL_DISPATCH(SmoothNodes)(x, beta, gamma, first, last, level, next);
}
void ResidualNodes(const NodeLevel& level, const NodeVector& x, int first, int last,
                   NodeVector* r) {
  PEEL_DISPATCH(ResidualNodes)(level, x, first, last, r);
}

}  // namespace peel::matting
#endif  // HWY_ONCE
