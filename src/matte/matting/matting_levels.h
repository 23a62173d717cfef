#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matting/band.h"
#include "src/matte/matting/matting_kernels.h"
#include "src/matte/matting/matting_nodes.h"

namespace peel::matting {

// The level of the pixels: the operator, the right-hand side and scratch memory.
struct PixelLevel {
  Band band;
  std::array<BandVector, kHalf> weights;
  BandVector rest, diagonal, inverse_scale;
  std::array<BandVector, 3> colours;      // 0..1, less 1/2
  BandVector right;                       // of the problem
  BandVector solution, other, direction;  // of a V-cycle

  Operator view() const;
  Colours colour_view() const;
  // All vectors, zero.
  Status Allocate();
};

// The Cholesky factor of a small grid's operator.
class DenseSolver {
 public:
  void Factor(const NodeLevel& level);
  // Of level.right into level.solution.
  void Solve(NodeLevel* level) const;

 private:
  size_t unknowns_ = 0;
  std::vector<double> lower_;  // row by row
};

// A multigrid hierarchy: the pixels, grids of colour coefficients over them (matting_nodes.h), the
// coarsest one solved directly; smoothed by Chebyshev polynomials. One V-cycle is symmetric and
// positive, so that it preconditions conjugate gradients.
class Hierarchy {
 public:
  // The level comes with its weights, rest and right-hand side assembled from the photo.
  static Result<Hierarchy> Build(PixelLevel pixels, ImageView<const uint8_t> photo,
                                 ThreadPool* pool);

  PixelLevel& pixels() { return pixels_; }
  const PixelLevel& pixels() const { return pixels_; }
  // Approximately A^-1 b: one V-cycle. Valid until the next call.
  const float* Precondition(const float* b, ThreadPool* pool);

 private:
  void Cycle(size_t index, ThreadPool* pool);
  PixelLevel pixels_;
  std::vector<NodeLevel> grids_;
  DenseSolver coarsest_;
};

}  // namespace peel::matting
