#include "src/matte/matting/matting_levels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/rows.h"

namespace peel::matting {
namespace {

// Smoothers damp what lies between this share of the largest eigenvalue and the largest; coarser
// levels see to what lies below.
constexpr double kPixelShare = 0.1;
constexpr double kNodeShare = 0.05;
// The pixels' smoother is one step before and one after the grids; theirs has more, being cheap.
constexpr int kNodeSteps = 3;
// Bounds on the eigenvalues of S^-1 A (InvertScale) and of D^-1 A on the grids: there a pixel's
// patch has four nodes; measured are 3 to 3.4.
constexpr double kPixelBound = 1;
constexpr double kNodeBound = 3.8;
constexpr size_t kDenseNodes = 64;  // no more are solved directly

// Coefficients of Chebyshev's recurrence on [share * bound, bound].
class Chebyshev {
 public:
  Chebyshev(double bound, double share)
      : theta_(bound * (1 + share) / 2), delta_(bound * (1 - share) / 2), rho_(delta_ / theta_) {}
  float FirstGamma() const { return static_cast<float>(1 / theta_); }
  // beta, gamma of the next step.
  std::pair<float, float> Next() {
    const double next = 1 / (2 * theta_ / delta_ - rho_);
    const double beta = next * rho_;
    rho_ = next;
    return {static_cast<float>(beta), static_cast<float>(2 * next / delta_)};
  }

 private:
  double theta_, delta_, rho_;
};

template <class Body>
void ForRows(const Band& band, ThreadPool* pool, const Body& body) {
  ForRowBands(band.height(), pool, [&](int first, int last, int) { body(first, last); });
}

template <class Body>
void ForRows(const NodeLevel& level, ThreadPool* pool, const Body& body) {
  ForRowBands(
      level.height, pool, [&](int first, int last, int) { body(first, last); }, 4);
}

void ReadColours(PixelLevel& level, ImageView<const uint8_t> photo, ThreadPool* pool) {
  ForRows(level.band, pool, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (const Cell* cell = level.band.row_begin(y); cell != level.band.row_end(y); ++cell) {
        const int x0 = static_cast<int>(cell->column) * kCell;
        const size_t at = size_t{cell->at[2]} * kCell;
        for (int i = 0; i < kCell && x0 + i < photo.width; ++i) {
          const uint8_t* p = photo.row(y) + ptrdiff_t{x0 + i} * photo.channels;
          for (size_t c = 0; c < 3; ++c) {
            level.colours[c].data()[at + static_cast<size_t>(i)] =
                static_cast<float>(p[c]) * (1.0f / 255) - 0.5f;
          }
        }
      }
    }
  });
}

}  // namespace

Operator PixelLevel::view() const {
  Operator a;
  a.band = &band;
  for (size_t k = 0; k < kHalf; ++k) a.weights[k] = weights[k].data();
  a.rest = rest.data();
  a.inverse_scale = inverse_scale.data();
  return a;
}

Colours PixelLevel::colour_view() const {
  return {{colours[0].data(), colours[1].data(), colours[2].data()}};
}

Status PixelLevel::Allocate() {
  std::vector<BandVector*> all = {&rest,     &diagonal, &inverse_scale, &right,
                                  &solution, &other,    &direction};
  for (BandVector& v : weights) all.push_back(&v);
  for (BandVector& v : colours) all.push_back(&v);
  for (BandVector* v : all) {
    PEEL_ASSIGN_OR_RETURN(*v, BandVector::Make(band));
  }
  return OkStatus();
}

void DenseSolver::Factor(const NodeLevel& level) {
  unknowns_ = (level.nodes() - 1) * kUnknowns;
  const size_t n = unknowns_;
  lower_.assign(n * n, 0.0);
  for (int y = 0; y < level.height; ++y) {
    for (uint32_t node = level.first[static_cast<size_t>(y)];
         node < level.first[static_cast<size_t>(y) + 1]; ++node) {
      const float* blocks = level.blocks.data() + size_t{node} * kNeighbours * kTile;
      for (int k = 0; k < kNeighbours; ++k) {
        const uint32_t other = level.Row(level.column[node], y + k / 5 - 2)[k % 5];
        if (other == 0 || other > node) continue;
        for (size_t i = 0; i < kTile; ++i) {
          const size_t row = (size_t{node} - 1) * kUnknowns + i / 4;
          const size_t column = (size_t{other} - 1) * kUnknowns + i % 4;
          lower_[row * n + column] = double{blocks[static_cast<size_t>(k) * kTile + i]};
        }
      }
      const float* own = blocks + ptrdiff_t{12} * kTile;
      const double trace = double{own[0]} + double{own[5]} + double{own[10]} + double{own[15]};
      for (size_t q = 0; q < kUnknowns; ++q) {
        lower_[((size_t{node} - 1) * kUnknowns + q) * (n + 1)] += 1e-6 * trace + 1e-12;
      }
    }
  }
  for (size_t i = 0; i < n; ++i) {
    double* li = &lower_[i * n];
    const double diagonal = li[i];
    for (size_t j = 0; j <= i; ++j) {
      const double* lj = &lower_[j * n];
      double sum = li[j];
      for (size_t k = 0; k < j; ++k) sum -= li[k] * lj[k];
      // A pivot that rounding has made tiny is taken for decoupled.
      li[j] = j < i ? sum / lj[j] : std::sqrt(std::max(sum, 1e-7 * diagonal));
    }
  }
}

void DenseSolver::Solve(NodeLevel* level) const {
  const size_t n = unknowns_;
  std::vector<double> x(n);
  const auto at = [](size_t i) { return (i / kUnknowns + 1) * kTile + i % kUnknowns; };
  for (size_t i = 0; i < n; ++i) {
    double sum = double{level->right.data()[at(i)]};
    for (size_t k = 0; k < i; ++k) sum -= lower_[i * n + k] * x[k];
    x[i] = sum / lower_[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    x[i] /= lower_[i * n + i];
    for (size_t k = 0; k < i; ++k) x[k] -= lower_[i * n + k] * x[i];
    for (size_t t = 0; t < 4; ++t) {
      level->solution.data()[at(i) + 4 * t] = static_cast<float>(x[i]);
    }
  }
}

Result<Hierarchy> Hierarchy::Build(PixelLevel pixels, ImageView<const uint8_t> photo,
                                   ThreadPool* pool) {
  Hierarchy h;
  h.pixels_ = std::move(pixels);
  PixelLevel& fine = h.pixels_;
  const Operator a = fine.view();
  ForRows(fine.band, pool, [&](int first, int last) {
    InvertScale(a, first, last, fine.diagonal.data(), fine.inverse_scale.data());
  });
  ReadColours(fine, photo, pool);

  PEEL_ASSIGN_OR_RETURN(NodeLevel grid, GridOver(fine.band));
  for (int parity = 0; parity < 2; ++parity) {
    ForRowBands((grid.height - parity) / 2, pool,
                [&](int i, int, int) {
                  CoarsenToNodes(a, fine.diagonal.data(), fine.colour_view(), 2 * i + parity,
                                 &grid);
                },
                1);
  }
  h.grids_.push_back(std::move(grid));
  for (;;) {
    NodeLevel& level = h.grids_.back();
    ForRows(level, pool, [&](int first, int last) { InvertBlocks(first, last, &level); });
    if (level.nodes() <= kDenseNodes || std::max(level.width, level.height) <= 3) break;
    PEEL_ASSIGN_OR_RETURN(NodeLevel coarse, CoarserGrid(level));
    ForRows(coarse, pool, [&](int first, int last) { CoarsenNodes(level, first, last, &coarse); });
    h.grids_.push_back(std::move(coarse));
  }
  h.coarsest_.Factor(h.grids_.back());
  return h;
}

void Hierarchy::Cycle(size_t index, ThreadPool* pool) {
  NodeLevel& level = grids_[index];
  if (index + 1 == grids_.size()) {
    coarsest_.Solve(&level);
    return;
  }
  const auto smooth = [&](const NodeVector* x, std::pair<float, float> step, NodeVector* next) {
    ForRows(level, pool, [&](int first, int last) {
      SmoothNodes(x, step.first, step.second, first, last, &level, next);
    });
  };
  Chebyshev before(kNodeBound, kNodeShare), after = before;
  smooth(nullptr, {0.0f, before.FirstGamma()}, &level.solution);
  for (int step = 1; step < kNodeSteps; ++step) {
    smooth(&level.solution, before.Next(), &level.other);
    std::swap(level.solution, level.other);
  }
  NodeLevel& coarse = grids_[index + 1];
  ForRows(level, pool, [&](int first, int last) {
    ResidualNodes(level, level.solution, first, last, &level.other);
  });
  ForRows(coarse, pool,
          [&](int first, int last) { RestrictNodes(level, level.other, first, last, &coarse); });
  Cycle(index + 1, pool);
  ForRows(level, pool,
          [&](int first, int last) { ProlongNodes(coarse, first, last, &level, &level.solution); });
  for (int step = 0; step < kNodeSteps; ++step) {
    smooth(&level.solution, step == 0 ? std::pair{0.0f, after.FirstGamma()} : after.Next(),
           &level.other);
    std::swap(level.solution, level.other);
  }
}

const float* Hierarchy::Precondition(const float* b, ThreadPool* pool) {
  PixelLevel& fine = pixels_;
  const Operator a = fine.view();
  const float gamma = Chebyshev(kPixelBound, kPixelShare).FirstGamma();
  float* x = fine.solution.data();
  float* other = fine.other.data();
  ForRows(fine.band, pool, [&](int first, int last) {
    SmoothFirst(a, b, gamma, first, last, fine.direction.data(), x);
  });
  ForRows(fine.band, pool, [&](int first, int last) { Residual(a, x, b, first, last, other); });
  NodeLevel& grid = grids_.front();
  ForRows(grid, pool, [&](int first, int last) {
    RestrictToNodes(fine.band, fine.colour_view(), other, first, last, &grid);
  });
  Cycle(0, pool);
  ForRows(fine.band, pool, [&](int first, int last) {
    ProlongFromNodes(a, fine.colour_view(), grid, first, last, x);
  });
  ForRows(fine.band, pool, [&](int first, int last) {
    Smooth(a, x, b, 0.0f, gamma, first, last, fine.direction.data(), other);
  });
  return other;
}

}  // namespace peel::matting
