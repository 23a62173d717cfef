#include "src/matte/matting/closed_form.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "src/image/geometry.h"
#include "src/image/rows.h"
#include "src/matte/matting/matting_levels.h"

namespace peel {
namespace {

using matting::Band;
using matting::BandVector;
using matting::Cell;
using matting::Hierarchy;
using matting::kCell;
using matting::Operator;
using matting::PixelLevel;

bool Unknown(uint8_t t) { return t != 0 && t != 255; }

std::vector<uint8_t> CellsWithUnknowns(ImageView<const uint8_t> trimap, int64_t* unknowns) {
  const int columns = Band::ColumnsFor(trimap.width);
  std::vector<uint8_t> kept(static_cast<size_t>(columns) * static_cast<size_t>(trimap.height), 0);
  for (int y = 0; y < trimap.height; ++y) {
    const uint8_t* row = trimap.row(y);
    uint8_t* to = &kept[static_cast<size_t>(y) * static_cast<size_t>(columns)];
    for (int x = 0; x < trimap.width; ++x) {
      if (!Unknown(row[x])) continue;
      to[x / kCell] = 1;
      ++*unknowns;
    }
  }
  return kept;
}

// Vectors in pieces of fixed length, so that sums do not depend on the pool.
constexpr size_t kPiece = 8192;

// body(begin, end) gives a piece's share of the sum.
template <class Body>
double SumPieces(size_t size, ThreadPool* pool, std::vector<double>& partial, const Body& body) {
  const int pieces = static_cast<int>(DivideUp(static_cast<int64_t>(size), kPiece));
  partial.assign(static_cast<size_t>(pieces), 0.0);
  ForRowBands(
      pieces, pool,
      [&](int first, int, int) {
        const size_t begin = static_cast<size_t>(first) * kPiece;
        partial[static_cast<size_t>(first)] = body(begin, std::min(begin + kPiece, size));
      },
      1);
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

// Conjugate gradients, preconditioned by one V-cycle, from x = 0.
Status Solve(Hierarchy& h, const ClosedFormOptions& options, ThreadPool* pool, BandVector* solution,
             ClosedFormInfo* info) {
  const PixelLevel& level = h.pixels();
  const Band& band = level.band;
  const size_t size = band.size();
  BandVector x, p, q;
  PEEL_ASSIGN_OR_RETURN(x, BandVector::Make(band));
  PEEL_ASSIGN_OR_RETURN(p, BandVector::Make(band));
  PEEL_ASSIGN_OR_RETURN(q, BandVector::Make(band));
  float* r = h.pixels().right.data();  // the right-hand side at first
  std::vector<double> partial;
  const auto dot = [&](const float* a, const float* b) {
    return SumPieces(size, pool, partial,
                     [&](size_t begin, size_t end) { return matting::Dot(a, b, begin, end); });
  };
  const float* z = h.Precondition(r, pool);
  std::memcpy(p.data(), z, size * sizeof(float));
  double rz = dot(r, z);
  const double start = rz;
  int iteration = 0;
  for (; iteration < options.most_iterations && rz > 0; ++iteration) {
    const Operator a = h.pixels().view();
    const int bands = static_cast<int>(DivideUp(band.height(), 16));
    partial.assign(static_cast<size_t>(bands), 0.0);
    ForRowBands(
        band.height(), pool,
        [&](int first, int last, int) {
          partial[static_cast<size_t>(first / 16)] =
              matting::Apply(a, p.data(), first, last, q.data());
        },
        16);
    double pq = 0;
    for (const double v : partial) pq += v;
    if (!(pq > 0)) break;
    const auto alpha = static_cast<float>(rz / pq);
    SumPieces(size, pool, partial, [&](size_t begin, size_t end) {
      return matting::StepSolution(alpha, p.data(), q.data(), begin, end, x.data(), r);
    });
    z = h.Precondition(r, pool);
    const double next = dot(r, z);
    const double beta = next / rz;
    rz = next;
    if (!(rz > options.tolerance * options.tolerance * start)) {
      ++iteration;
      break;
    }
    SumPieces(size, pool, partial, [&](size_t begin, size_t end) {
      matting::StepDirection(z, static_cast<float>(beta), begin, end, p.data());
      return 0.0;
    });
  }
  if (info != nullptr) {
    info->iterations = iteration;
    info->reduction = start > 0 ? std::sqrt(std::max(rz, 0.0) / start) : 0;
  }
  *solution = std::move(x);
  return OkStatus();
}

Status CheckArguments(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                      const ClosedFormOptions& options) {
  if (photo.empty() || (photo.channels != 3 && photo.channels != 4)) {
    return InvalidArgument("matting needs a picture of three or four channels");
  }
  if (trimap.channels != 1 || trimap.width != photo.width || trimap.height != photo.height) {
    return InvalidArgument("the trimap must have one channel and the picture's size");
  }
  if (!(options.epsilon > 0) || !(options.tolerance > 0)) {
    return InvalidArgument("matting needs an epsilon and a tolerance above 0");
  }
  const ImageView<const uint8_t>& prior = options.prior;
  if (!prior.empty() && (prior.channels != 1 || prior.width != photo.width ||
                         prior.height != photo.height || !(options.prior_weight >= 0))) {
    return InvalidArgument(
        "a matting prior has one channel, the picture's size and a weight from 0");
  }
  const ImageView<const uint8_t>& known = options.known;
  if (!known.empty() &&
      (known.channels != 1 || known.width != photo.width || known.height != photo.height)) {
    return InvalidArgument("what is known of a matte has one channel and the picture's size");
  }
  return OkStatus();
}

// The prior's part of the energy of rows [first, last): weight (alpha_i - prior_i)^2.
void AddPrior(const ClosedFormOptions& options, ImageView<const uint8_t> trimap, int first,
              int last, PixelLevel* level) {
  const auto weight = static_cast<float>(options.prior_weight);
  for (int y = first; y < last; ++y) {
    const uint8_t* known = trimap.row(y);
    const uint8_t* prior = options.prior.row(y);
    for (const Cell* cell = level->band.row_begin(y); cell != level->band.row_end(y); ++cell) {
      const size_t at = size_t{cell->at[2]} * kCell;
      const int x0 = static_cast<int>(cell->column) * kCell;
      for (int i = 0; i < kCell && x0 + i < trimap.width; ++i) {
        if (!Unknown(known[x0 + i])) continue;
        level->rest.data()[at + static_cast<size_t>(i)] += weight;
        level->right.data()[at + static_cast<size_t>(i)] +=
            weight * static_cast<float>(prior[x0 + i]) * (1.0f / 255);
      }
    }
  }
}

// Solves and hands every unknown's alpha (0..1) to set(x, y, alpha), rows on the pool. Unknowns
// that nothing joins to others are left out.
template <class Set>
Status SolveUnknowns(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                     const ClosedFormOptions& options, ThreadPool* pool, ClosedFormInfo* info,
                     const Set& set) {
  int64_t unknowns = 0;
  const std::vector<uint8_t> kept = CellsWithUnknowns(trimap, &unknowns);
  if (info != nullptr) info->unknowns = unknowns;
  // Below three pixels there is no window; nothing joins the pixels.
  if (unknowns == 0 || photo.width < 3 || photo.height < 3) return OkStatus();

  PixelLevel level;
  PEEL_ASSIGN_OR_RETURN(level.band, Band::Make(photo.width, photo.height, kept));
  PEEL_RETURN_IF_ERROR(level.Allocate());
  float* weights[matting::kHalf];
  for (size_t k = 0; k < matting::kHalf; ++k) weights[k] = level.weights[k].data();
  const matting::Problem problem{photo, trimap, options.known, options.epsilon};
  ForRowBands(photo.height, pool, [&](int first, int last, int) {
    matting::AssembleLaplacian(problem, level.band, first, last, weights, level.rest.data(),
                               level.right.data());
    if (!options.prior.empty()) AddPrior(options, trimap, first, last, &level);
  });
  PEEL_ASSIGN_OR_RETURN(Hierarchy hierarchy, Hierarchy::Build(std::move(level), photo, pool));
  BandVector solution;
  PEEL_RETURN_IF_ERROR(Solve(hierarchy, options, pool, &solution, info));

  const Band& band = hierarchy.pixels().band;
  const float* inverse = hierarchy.pixels().inverse_scale.data();
  ForRowBands(photo.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      for (const Cell* cell = band.row_begin(y); cell != band.row_end(y); ++cell) {
        const size_t at = size_t{cell->at[2]} * kCell;
        const int x0 = static_cast<int>(cell->column) * kCell;
        for (int i = 0; i < kCell && x0 + i < photo.width; ++i) {
          if (inverse[at + static_cast<size_t>(i)] == 0) continue;
          set(x0 + i, y, std::clamp(solution.data()[at + static_cast<size_t>(i)], 0.0f, 1.0f));
        }
      }
    }
  });
  return OkStatus();
}

}  // namespace

Result<ImageU8> ClosedFormMatte(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                                const ClosedFormOptions& options, ThreadPool* pool,
                                ClosedFormInfo* info) {
  PEEL_RETURN_IF_ERROR(CheckArguments(photo, trimap, options));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, Clone(options.known.empty() ? trimap : options.known));
  PEEL_RETURN_IF_ERROR(
      SolveUnknowns(photo, trimap, options, pool, info, [&](int x, int y, float alpha) {
        out.row(y)[x] = static_cast<uint8_t>(alpha * 255.0f + 0.5f);
      }));
  return out;
}

Result<ImageF32> ClosedFormAlpha(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                                 const ClosedFormOptions& options, ThreadPool* pool,
                                 ClosedFormInfo* info) {
  PEEL_RETURN_IF_ERROR(CheckArguments(photo, trimap, options));
  PEEL_ASSIGN_OR_RETURN(ImageF32 out, ImageF32::Allocate(trimap.width, trimap.height, 1));
  const ImageView<const uint8_t> known = options.known.empty() ? trimap : options.known;
  for (int y = 0; y < known.height; ++y) {
    std::transform(known.row(y), known.row(y) + known.width, out.row(y),
                   [](uint8_t v) { return static_cast<float>(v) / 255.0f; });
  }
  PEEL_RETURN_IF_ERROR(SolveUnknowns(photo, trimap, options, pool, info,
                                     [&](int x, int y, float alpha) { out.row(y)[x] = alpha; }));
  return out;
}

}  // namespace peel
