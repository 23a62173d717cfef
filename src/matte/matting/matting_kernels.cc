#include "src/matte/matting/matting_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/matting/matting_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::matting {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kCell>;
using VF = hn::Vec<DF>;

inline const float* At(const float* v, uint32_t cell) { return v + size_t{cell} * kCell; }
inline float* At(float* v, uint32_t cell) { return v + size_t{cell} * kCell; }

// (A x) of the lanes from `lane` on.
HWY_INLINE VF Product(const Operator& a, const Cell& cell, const float* x, size_t lane, VF xi) {
  const DF d;
  VF sum = hn::Mul(hn::LoadU(d, At(a.rest, cell.at[2]) + lane), xi);
  for (int k = 0; k < kHalf; ++k) {
    const int dx = kOffsets[k].dx, dy = kOffsets[k].dy;
    const float* w = a.weights[k];
    const VF ahead = hn::LoadU(d, At(x, cell.at[2 + dy]) + lane + dx);
    sum = hn::MulAdd(hn::LoadU(d, At(w, cell.at[2]) + lane), hn::Sub(xi, ahead), sum);
    // The weight of a pixel behind stands with that pixel.
    const ptrdiff_t behind = static_cast<ptrdiff_t>(lane) - dx;
    const VF other = hn::LoadU(d, At(x, cell.at[2 - dy]) + behind);
    sum = hn::MulAdd(hn::LoadU(d, At(w, cell.at[2 - dy]) + behind), hn::Sub(xi, other), sum);
  }
  return sum;
}

// use(cell, lane, x_i, (A x)_i) for all lanes of the rows.
template <class Use>
HWY_INLINE void ForLanes(const Operator& a, const float* x, int first, int last, const Use& use) {
  const DF d;
  for (int y = first; y < last; ++y) {
    const Cell* const end = a.band->row_end(y);
    for (const Cell* cell = a.band->row_begin(y); cell != end; ++cell) {
      for (size_t lane = 0; lane < kCell; lane += hn::Lanes(d)) {
        const VF xi = hn::LoadU(d, At(x, cell->at[2]) + lane);
        use(size_t{cell->at[2]} * kCell + lane, xi, Product(a, *cell, x, lane, xi));
      }
    }
  }
}

double Apply(const Operator& a, const float* x, int first, int last, float* y) {
  const DF d;
  double sum = 0;
  for (int row = first; row < last; ++row) {
    VF dot = hn::Zero(d);
    ForLanes(a, x, row, row + 1, [&](size_t i, VF xi, VF product) HWY_ATTR {
      hn::StoreU(product, d, y + i);
      dot = hn::MulAdd(xi, product, dot);
    });
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, dot)));
  }
  return sum;
}

void Residual(const Operator& a, const float* x, const float* b, int first, int last, float* r) {
  const DF d;
  ForLanes(a, x, first, last, [&](size_t i, VF, VF product) HWY_ATTR {
    hn::StoreU(hn::Sub(hn::LoadU(d, b + i), product), d, r + i);
  });
}

void Smooth(const Operator& a, const float* x, const float* b, float beta, float gamma, int first,
            int last, float* direction, float* next) {
  const DF d;
  const VF vbeta = hn::Set(d, beta), vgamma = hn::Set(d, gamma);
  ForLanes(a, x, first, last, [&](size_t i, VF xi, VF product) HWY_ATTR {
    const VF residual = hn::Sub(hn::LoadU(d, b + i), product);
    const VF scaled = hn::Mul(hn::LoadU(d, a.inverse_scale + i), residual);
    const VF step = hn::MulAdd(vgamma, scaled, hn::Mul(vbeta, hn::LoadU(d, direction + i)));
    hn::StoreU(step, d, direction + i);
    hn::StoreU(hn::Add(xi, step), d, next + i);
  });
}

void SmoothFirst(const Operator& a, const float* b, float gamma, int first, int last,
                 float* direction, float* x) {
  const DF d;
  const VF vgamma = hn::Set(d, gamma);
  for (int y = first; y < last; ++y) {
    for (const Cell* cell = a.band->row_begin(y); cell != a.band->row_end(y); ++cell) {
      const size_t at = size_t{cell->at[2]} * kCell;
      for (size_t i = at; i < at + kCell; i += hn::Lanes(d)) {
        const VF step =
            hn::Mul(vgamma, hn::Mul(hn::LoadU(d, a.inverse_scale + i), hn::LoadU(d, b + i)));
        hn::StoreU(step, d, direction + i);
        hn::StoreU(step, d, x + i);
      }
    }
  }
}

void InvertScale(const Operator& a, int first, int last, float* diagonal, float* inverse) {
  for (int y = first; y < last; ++y) {
    for (const Cell* cell = a.band->row_begin(y); cell != a.band->row_end(y); ++cell) {
      float sum[kCell], absolute[kCell];
      const float* rest = At(a.rest, cell->at[2]);
      for (int i = 0; i < kCell; ++i) {
        sum[i] = rest[i];
        absolute[i] = 0;
      }
      for (int k = 0; k < kHalf; ++k) {
        const float* ahead = At(a.weights[k], cell->at[2]);
        const float* behind = At(a.weights[k], cell->at[2 - kOffsets[k].dy]) - kOffsets[k].dx;
        for (int i = 0; i < kCell; ++i) {
          sum[i] += ahead[i] + behind[i];
          absolute[i] += std::fabs(ahead[i]) + std::fabs(behind[i]);
        }
      }
      for (int i = 0; i < kCell; ++i) {
        // Smaller ones are rounding: a pixel without neighbours, or none of the unknowns.
        const bool unknown = sum[i] > 1e-6f;
        At(diagonal, cell->at[2])[i] = unknown ? sum[i] : 0.0f;
        At(inverse, cell->at[2])[i] = unknown ? 1.0f / (sum[i] + absolute[i]) : 0.0f;
      }
    }
  }
}

// ---- Assembly ----

// The window colours' products nearly cancel in single precision: all of it is done in double.
using DD = hn::CappedTag<double, kCell>;
using VD = hn::Vec<DD>;

// Pixels [16c - 1, 16c + 17) of three rows, borders repeated.
struct Patch {
  static constexpr int kWidth = kCell + 2;
  double colour[3][3][kWidth];  // row, channel, pixel
  double unknown[3][kWidth], alpha[3][kWidth];
  double valid[kCell];  // window centres whose window lies within the picture
  bool any = false, all = true;
};

void ReadPatch(const Problem& p, int64_t column, int y, Patch& patch) {
  patch.any = false;
  patch.all = true;
  for (int r = 0; r < 3; ++r) {
    const int py = std::clamp(y + r - 1, 0, p.photo.height - 1);
    const uint8_t* photo = p.photo.row(py);
    const uint8_t* trimap = p.trimap.row(py);
    const uint8_t* alpha = p.known.empty() ? trimap : p.known.row(py);
    for (int i = 0; i < Patch::kWidth; ++i) {
      const auto px =
          static_cast<int>(std::clamp<int64_t>(column * kCell + i - 1, 0, p.photo.width - 1));
      const uint8_t* c = photo + ptrdiff_t{px} * p.photo.channels;
      for (int k = 0; k < 3; ++k) patch.colour[r][k][i] = c[k] * (1.0 / 255);
      const bool known = trimap[px] == 0 || trimap[px] == 255;
      patch.unknown[r][i] = known ? 0 : 1;
      patch.alpha[r][i] = known ? alpha[px] * (1.0 / 255) : 0;
      patch.any |= !known;
      patch.all &= !known;
    }
  }
  for (int i = 0; i < kCell; ++i) {
    const int64_t x = column * kCell + i;
    patch.valid[i] = y > 0 && y + 1 < p.photo.height && x > 0 && x + 1 < p.photo.width ? 1 : 0;
    if (patch.valid[i] == 0) patch.all = false;
  }
}

HWY_INLINE void AddTo(float* to, VD value) {
  const DD d;
  const hn::Rebind<float, DD> df;
  hn::StoreU(hn::Add(hn::LoadU(df, to), hn::DemoteTo(df, value)), df, to);
  (void)d;
}

// Of N windows side by side the factors u_k with u_i . u_j = c_i^T S^-1 c_j, where c are the
// window's colours less their mean and S the sum of c c^T plus epsilon: u = L^-1 c, S = L L^T.
HWY_INLINE void Factors(const Patch& patch, double epsilon, size_t lane, VD (&u)[9][3]) {
  const DD d;
  VD mean[3] = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  for (size_t k = 0; k < 9; ++k) {
    for (size_t c = 0; c < 3; ++c) {
      u[k][c] = hn::LoadU(d, &patch.colour[k / 3][c][lane + k % 3]);
      mean[c] = hn::Add(mean[c], u[k][c]);
    }
  }
  for (VD& m : mean) m = hn::Mul(m, hn::Set(d, 1.0 / 9));
  const VD e = hn::Set(d, epsilon);
  VD s00 = e, s11 = e, s22 = e, s01 = hn::Zero(d), s02 = hn::Zero(d), s12 = hn::Zero(d);
  for (auto& v : u) {
    for (size_t c = 0; c < 3; ++c) v[c] = hn::Sub(v[c], mean[c]);
    s00 = hn::MulAdd(v[0], v[0], s00);
    s01 = hn::MulAdd(v[0], v[1], s01);
    s02 = hn::MulAdd(v[0], v[2], s02);
    s11 = hn::MulAdd(v[1], v[1], s11);
    s12 = hn::MulAdd(v[1], v[2], s12);
    s22 = hn::MulAdd(v[2], v[2], s22);
  }
  const VD one = hn::Set(d, 1.0);
  const VD i0 = hn::Div(one, hn::Sqrt(s00));
  const VD l10 = hn::Mul(s01, i0), l20 = hn::Mul(s02, i0);
  const VD i1 = hn::Div(one, hn::Sqrt(hn::Max(hn::NegMulAdd(l10, l10, s11), e)));
  const VD l21 = hn::Mul(hn::NegMulAdd(l10, l20, s12), i1);
  const VD rest = hn::NegMulAdd(l21, l21, hn::NegMulAdd(l20, l20, s22));
  const VD i2 = hn::Div(one, hn::Sqrt(hn::Max(rest, e)));
  for (auto& v : u) {
    v[0] = hn::Mul(v[0], i0);
    v[1] = hn::Mul(hn::NegMulAdd(l10, v[0], v[1]), i1);
    v[2] = hn::Mul(hn::NegMulAdd(l21, v[1], hn::NegMulAdd(l20, v[0], v[2])), i2);
  }
}

// The offset of a pair of window pixels i < j in reading order is one of kOffsets.
constexpr int HalfIndex(int i, int j) {
  const int dx = j % 3 - i % 3, dy = j / 3 - i / 3;
  for (int k = 0; k < kHalf; ++k) {
    if (kOffsets[k].dx == dx && kOffsets[k].dy == dy) return k;
  }
  return -1;
}

void AddWindows(const Patch& patch, double epsilon, float* const weights[kHalf], float* rest,
                float* right, const ptrdiff_t (&rows)[3]) {
  const DD d;
  const size_t n = hn::Lanes(d);
  const VD ninth = hn::Set(d, 1.0 / 9);
  for (size_t lane = 0; lane < kCell; lane += n) {
    VD u[9][3];
    Factors(patch, epsilon, lane, u);
    VD rests[9], rights[9], unknown[9], alpha[9];
    if (!patch.all) {
      for (size_t k = 0; k < 9; ++k) {
        rests[k] = rights[k] = hn::Zero(d);
        unknown[k] = hn::LoadU(d, &patch.unknown[k / 3][lane + k % 3]);
        alpha[k] = hn::LoadU(d, &patch.alpha[k / 3][lane + k % 3]);
      }
    }
    const VD valid = hn::LoadU(d, patch.valid + lane);
    for (int i = 0; i < 9; ++i) {
      const ptrdiff_t row = rows[i / 3];
      for (int j = i + 1; j < 9; ++j) {
        VD v = hn::MulAdd(u[i][2], u[j][2], ninth);
        v = hn::MulAdd(u[i][1], u[j][1], v);
        v = hn::MulAdd(u[i][0], u[j][0], v);
        if (!patch.all) {
          v = hn::Mul(v, valid);
          rests[i] = hn::Add(rests[i], hn::NegMulAdd(v, unknown[j], v));
          rests[j] = hn::Add(rests[j], hn::NegMulAdd(v, unknown[i], v));
          rights[i] = hn::MulAdd(v, alpha[j], rights[i]);
          rights[j] = hn::MulAdd(v, alpha[i], rights[j]);
          v = hn::Mul(v, hn::Mul(unknown[i], unknown[j]));
        }
        if (row >= 0) {
          AddTo(weights[HalfIndex(i, j)] + row + static_cast<ptrdiff_t>(lane) + i % 3 - 1, v);
        }
      }
    }
    if (patch.all) continue;
    for (int k = 0; k < 9; ++k) {
      const ptrdiff_t row = rows[k / 3];
      if (row < 0) continue;
      const ptrdiff_t at = row + static_cast<ptrdiff_t>(lane) + k % 3 - 1;
      AddTo(rest + at, hn::Mul(rests[k], unknown[k]));
      AddTo(right + at, hn::Mul(rights[k], unknown[k]));
    }
  }
}

void AssembleLaplacian(const Problem& problem, const Band& band, int first, int last,
                       float* const weights[kHalf], float* rest, float* right) {
  Patch patch;
  for (int y = std::max(first - 1, 1); y < std::min(last + 1, band.height() - 1); ++y) {
    for (int column = 0; column < band.columns(); ++column) {
      // Floats of this column's cell in the rows y - 1 … y + 1; only this call's own are written.
      ptrdiff_t rows[3];
      bool wanted = false;
      for (int r = 0; r < 3; ++r) {
        const int row = y + r - 1;
        const uint32_t cell = band.Place(column, row);
        const bool own = row >= first && row < last && cell != kNowhere;
        rows[r] = own ? static_cast<ptrdiff_t>(size_t{cell} * kCell) : -1;
        wanted |= own;
      }
      if (!wanted) continue;
      ReadPatch(problem, column, y, patch);
      if (patch.any) AddWindows(patch, problem.epsilon, weights, rest, right, rows);
    }
  }
}

// ---- Vectors ----

double StepSolution(float alpha, const float* p, const float* q, size_t begin, size_t end, float* x,
                    float* r) {
  const DF d;
  const VF va = hn::Set(d, alpha);
  VF sum = hn::Zero(d);
  for (size_t i = begin; i < end; i += hn::Lanes(d)) {
    hn::StoreU(hn::MulAdd(va, hn::LoadU(d, p + i), hn::LoadU(d, x + i)), d, x + i);
    const VF ri = hn::NegMulAdd(va, hn::LoadU(d, q + i), hn::LoadU(d, r + i));
    hn::StoreU(ri, d, r + i);
    sum = hn::MulAdd(ri, ri, sum);
  }
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
}

double Dot(const float* a, const float* b, size_t begin, size_t end) {
  const DF d;
  VF sum = hn::Zero(d);
  for (size_t i = begin; i < end; i += hn::Lanes(d)) {
    sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum);
  }
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
}

void StepDirection(const float* z, float beta, size_t begin, size_t end, float* p) {
  const DF d;
  const VF vb = hn::Set(d, beta);
  for (size_t i = begin; i < end; i += hn::Lanes(d)) {
    hn::StoreU(hn::MulAdd(vb, hn::LoadU(d, p + i), hn::LoadU(d, z + i)), d, p + i);
  }
}

PEEL_ENTRY(Apply);
PEEL_ENTRY(Residual);
PEEL_ENTRY(Smooth);
PEEL_ENTRY(SmoothFirst);
PEEL_ENTRY(InvertScale);
PEEL_ENTRY(AssembleLaplacian);
PEEL_ENTRY(StepSolution);
PEEL_ENTRY(Dot);
PEEL_ENTRY(StepDirection);

}  // namespace HWY_NAMESPACE
}  // namespace peel::matting
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::matting {

PEEL_EXPORT(Apply);
PEEL_EXPORT(Residual);
PEEL_EXPORT(Smooth);
PEEL_EXPORT(SmoothFirst);
PEEL_EXPORT(InvertScale);
PEEL_EXPORT(AssembleLaplacian);
PEEL_EXPORT(StepSolution);
PEEL_EXPORT(Dot);
PEEL_EXPORT(StepDirection);

double Apply(const Operator& a, const float* x, int first, int last, float* y) {
  return PEEL_DISPATCH(Apply)(a, x, first, last, y);
}
void Residual(const Operator& a, const float* x, const float* b, int first, int last, float* r) {
  PEEL_DISPATCH(Residual)(a, x, b, first, last, r);
}
void Smooth(const Operator& a, const float* x, const float* b, float beta, float gamma, int first,
            int last, float* d, float* next) {
  PEEL_DISPATCH(Smooth)(a, x, b, beta, gamma, first, last, d, next);
}
void SmoothFirst(const Operator& a, const float* b, float gamma, int first, int last, float* d,
                 float* x) {
  PEEL_DISPATCH(SmoothFirst)(a, b, gamma, first, last, d, x);
}
void InvertScale(const Operator& a, int first, int last, float* diagonal, float* inverse) {
  PEEL_DISPATCH(InvertScale)(a, first, last, diagonal, inverse);
}
void AssembleLaplacian(const Problem& problem, const Band& band, int first, int last,
                       float* const weights[kHalf], float* rest, float* right) {
  PEEL_DISPATCH(AssembleLaplacian)(problem, band, first, last, weights, rest, right);
}
double StepSolution(float alpha, const float* p, const float* q, size_t begin, size_t end, float* x,
                    float* r) {
  return PEEL_DISPATCH(StepSolution)(alpha, p, q, begin, end, x, r);
}
double Dot(const float* a, const float* b, size_t begin, size_t end) {
  return PEEL_DISPATCH(Dot)(a, b, begin, end);
}
void StepDirection(const float* z, float beta, size_t begin, size_t end, float* p) {
  PEEL_DISPATCH(StepDirection)(z, beta, begin, end, p);
}

}  // namespace peel::matting
#endif  // HWY_ONCE
