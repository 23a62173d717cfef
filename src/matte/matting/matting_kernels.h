#pragma once

#include <cstddef>
#include <cstdint>

#include "src/image/image.h"
#include "src/matte/matting/band.h"

// What the matting solver does most of its time, one implementation an instruction set. All work on
// rows [first, last) of one band; several calls for different rows may run at once.
namespace peel::matting {

// A symmetric operator that joins every pixel with those at most two pixels away:
//   (A x)_i = rest_i x_i + sum_j w_ij (x_i - x_j)
// Half of the weights are kept, those towards pixels to the right or below; kOffsets lists them.
// Written with differences, constants come out exact whatever the rounding of the weights.
inline constexpr int kHalf = 12;
struct Offset {
  int dx, dy;
};
inline constexpr Offset kOffsets[kHalf] = {{1, 0}, {2, 0},  {-2, 1}, {-1, 1}, {0, 1}, {1, 1},
                                           {2, 1}, {-2, 2}, {-1, 2}, {0, 2},  {1, 2}, {2, 2}};

struct Operator {
  const Band* band = nullptr;
  const float* weights[kHalf] = {};
  const float* rest = nullptr;
  const float* inverse_scale = nullptr;  // 0 where a pixel is not an unknown
};

// y = A x. Returns the sum of x_i y_i over the rows.
double Apply(const Operator& a, const float* x, int first, int last, float* y);
// r = b - A x.
void Residual(const Operator& a, const float* x, const float* b, int first, int last, float* r);
// One step of a three-term recurrence, S the scale: d = beta d + gamma S^-1 (b - A x); next = x +
// d.
void Smooth(const Operator& a, const float* x, const float* b, float beta, float gamma, int first,
            int last, float* d, float* next);

// The first step from x = 0, which needs no neighbours: x = d = gamma S^-1 b.
void SmoothFirst(const Operator& a, const float* b, float gamma, int first, int last, float* d,
                 float* x);

// From weights and `rest` the diagonal, and the inverse of the scale: the sum of a row's absolute
// entries, which bounds the eigenvalues of scale^-1 A by 1 (the "l1" scaling of Baker, Falgout,
// Kolev, Yang, 2011). Both are 0 where a pixel is not an unknown.
void InvertScale(const Operator& a, int first, int last, float* diagonal, float* inverse);

// The matting Laplacian of Levin, Lischinski, Weiss, "A closed-form solution to natural image
// matting", 2008, windows of 3x3 pixels, known pixels eliminated: what joins an unknown with a
// known one goes into `rest` and, times the known alpha, into the right-hand side. Adds to vectors
// that are zero.
struct Problem {
  ImageView<const uint8_t> photo;   // 3 or 4 channels
  ImageView<const uint8_t> trimap;  // 1 channel: 0, 255, anything else is unknown
  ImageView<const uint8_t> known;   // the alpha of known pixels; empty: the trimap's
  double epsilon;                   // added to the covariance of colours 0..1, times 9
};
void AssembleLaplacian(const Problem& problem, const Band& band, int first, int last,
                       float* const weights[kHalf], float* rest, float* right);

// Over floats [begin, end) of the vectors.
// x += alpha p; r -= alpha q; returns the new sum of r_i^2.
double StepSolution(float alpha, const float* p, const float* q, size_t begin, size_t end, float* x,
                    float* r);
double Dot(const float* a, const float* b, size_t begin, size_t end);
// p = z + beta p.
void StepDirection(const float* z, float beta, size_t begin, size_t end, float* p);

}  // namespace peel::matting
