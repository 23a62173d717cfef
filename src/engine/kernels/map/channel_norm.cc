#include "src/engine/kernels/map/channel_norm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/channel_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/layout.h"

// A plane is what lies together: a block of 16 channels, or one plain channel. It is worked on in
// pieces, each of which has kWidth numbers of every kind: one a channel of the plane.
#ifndef PEEL_CHANNEL_NORM_PLAN
#define PEEL_CHANNEL_NORM_PLAN
namespace peel::engine {
namespace {

// Floats of a piece: a share of the second-level cache, which the second look at it then meets.
constexpr int64_t kPiece = 32768;

struct NormPlan {
  explicit NormPlan(const ChannelNormProblem& p)
      : width(p.layout == Layout::kBlocked ? kBlock : 1),
        planes(DivideUp(p.shape.channels, width)),
        plane_floats(p.shape.pixels() * width),
        pieces(DivideUp(plane_floats, kPiece)),
        first_own(p.own_end > p.own_begin ? p.own_begin / width : 0),
        own_planes(p.own_end > p.own_begin ? DivideUp(p.own_end, width) - first_own : 0) {}
  int64_t width, planes, plane_floats, pieces;
  int64_t first_own, own_planes;  // planes with statistics of their own

  // Scratch: means and sums of squares of the pieces, then the numbers of each plane.
  int64_t StatFloats(int64_t batch) const {
    return RoundUp(batch * own_planes * pieces * 2 * width, int64_t{kBlock});
  }
  enum Number { kMean, kFactor, kShift, kLo, kHi, kNumbers };
  int64_t NumberFloats(int64_t batch) const { return batch * planes * kNumbers * width; }
};

}  // namespace
}  // namespace peel::engine
#endif

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Sums of f over the piece by lane: four chains, so that additions need not wait for each other.
// Its size is a multiple of `step`, the distance from a lane's number to its next.
template <class F>
HWY_INLINE V SumLane(const float* in, int64_t count, int64_t step, const F& f) {
  const D d;
  V sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  int64_t i = 0;
  for (; i + 4 * step <= count; i += 4 * step) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) sums[k] = f(sums[k], hn::LoadU(d, in + i + k * step));
  }
  for (; i + step <= count; i += step) sums[0] = f(sums[0], hn::LoadU(d, in + i));
  return hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
}

// Mean and sum of squared distances from it, of each channel of a piece of a blocked plane. Sums
// are of distances from the first number, so that a mean far from zero costs no digits.
void BlockedMoments(const float* in, int64_t count, float* mean, float* squares) {
  const D d;
  const V share = hn::Set(d, static_cast<float>(kBlock) / static_cast<float>(count));
  const auto sum_around = [&](const float* from, V pivot) HWY_ATTR {
    return SumLane(from, count, kBlock,
                   [pivot](V sum, V x) HWY_ATTR { return hn::Add(sum, hn::Sub(x, pivot)); });
  };
  for (int64_t i = 0; i < kBlock; i += kLanes) {
    const V first = hn::LoadU(d, in + i);
    const V middle = hn::MulAdd(share, sum_around(in + i, first), first);
    const V around = SumLane(in + i, count, kBlock, [middle](V sum, V x) HWY_ATTR {
      const V off = hn::Sub(x, middle);
      return hn::MulAdd(off, off, sum);
    });
    hn::StoreU(middle, d, mean + i);
    hn::StoreU(around, d, squares + i);
  }
}

// The same of a piece of a plain channel.
void PlainMoments(const float* in, int64_t count, float* mean, float* squares) {
  const D d;
  const int64_t whole = count / kLanes * kLanes;
  const V first = hn::Set(d, in[0]);
  const V sums = SumLane(in, whole, kLanes,
                         [first](V s, V x) HWY_ATTR { return hn::Add(s, hn::Sub(x, first)); });
  double sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (int64_t i = whole; i < count; ++i) sum += double{in[i]} - in[0];
  const auto middle = static_cast<float>(in[0] + sum / static_cast<double>(count));
  const V m = hn::Set(d, middle);
  const V distances = SumLane(in, whole, kLanes, [m](V s, V x) HWY_ATTR {
    const V off = hn::Sub(x, m);
    return hn::MulAdd(off, off, s);
  });
  double around = hn::GetLane(hn::SumOfLanes(d, distances));
  for (int64_t i = whole; i < count; ++i) around += (in[i] - middle) * (in[i] - middle);
  *mean = middle;
  *squares = static_cast<float>(around);
}

// numbers: kNumbers lists of `width` floats.
void Apply(const float* in, float* out, int64_t count, int64_t width, const float* numbers) {
  const D d;
  const auto map = [&](V x, V mean, V factor, V shift, V lo, V hi) HWY_ATTR {
    const V y = hn::MulAdd(hn::Sub(x, mean), factor, shift);
    return hn::Min(hi, hn::Max(lo, y));  // the result second: it is kept where it is NaN
  };
  if (width == kBlock) {
    for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
      V n[NormPlan::kNumbers];
      // NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): five vectors
#pragma GCC unroll 5
      for (int k = 0; k < NormPlan::kNumbers; ++k) n[k] = hn::LoadU(d, numbers + k * kBlock + lane);
      // NOLINTEND(bugprone-implicit-widening-of-multiplication-result)
      for (int64_t i = lane; i < count; i += kBlock) {
        hn::StoreU(map(hn::LoadU(d, in + i), n[0], n[1], n[2], n[3], n[4]), d, out + i);
      }
    }
    return;
  }
  const V mean = hn::Set(d, numbers[0]), factor = hn::Set(d, numbers[1]);
  const V shift = hn::Set(d, numbers[2]), lo = hn::Set(d, numbers[3]), hi = hn::Set(d, numbers[4]);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(map(hn::LoadU(d, in + i), mean, factor, shift, lo, hi), d, out + i);
  }
  if (i < count) {
    HWY_ALIGN float rest[kLanes] = {};
    std::copy(in + i, in + count, rest);
    hn::Store(map(hn::Load(d, rest), mean, factor, shift, lo, hi), d, rest);
    std::copy(rest, rest + (count - i), out + i);
  }
}

void Pieces(const ChannelNormProblem& p, const NormPlan& plan, ConstSlice input, float* stats,
            ThreadPool& pool) {
  pool.ParallelFor(p.shape.batch * plan.own_planes * plan.pieces, [&](int64_t item, int) {
    const int64_t piece = item % plan.pieces, plane = item / plan.pieces;
    const float* in = input.data + plane / plan.own_planes * input.batch_stride +
                      (plan.first_own + plane % plan.own_planes) * plan.plane_floats +
                      piece * kPiece;
    const int64_t count = std::min(kPiece, plan.plane_floats - piece * kPiece);
    float* mean = stats + item * 2 * plan.width;
    const auto moments = plan.width == 1 ? PlainMoments : BlockedMoments;
    moments(in, count, mean, mean + plan.width);
  });
}

void Normalise(const ChannelNormProblem& p, const NormPlan& plan, const float* numbers,
               ConstSlice input, Slice output, ThreadPool& pool) {
  pool.ParallelFor(p.shape.batch * plan.planes * plan.pieces, [&](int64_t item, int) {
    const int64_t piece = item % plan.pieces, plane = item / plan.pieces;
    const int64_t image = plane / plan.planes;
    const int64_t at = plane % plan.planes * plan.plane_floats + piece * kPiece;
    Apply(input.data + image * input.batch_stride + at,
          output.data + image * output.batch_stride + at,
          std::min(kPiece, plan.plane_floats - piece * kPiece), plan.width,
          numbers + plane * NormPlan::kNumbers * plan.width);
  });
}

PEEL_ENTRY(Pieces);
PEEL_ENTRY(Normalise);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

PEEL_EXPORT(Pieces);
PEEL_EXPORT(Normalise);

struct Moments {
  double mean = 0, variance = 0;
};

// Of one channel from those of its pieces (Chan, Golub and LeVeque, 1979).
Moments Join(const NormPlan& plan, const float* stats) {
  double count = 0, mean = 0, squares = 0;
  for (int64_t piece = 0; piece < plan.pieces; ++piece, stats += 2 * plan.width) {
    const int64_t pixels = std::min(kPiece, plan.plane_floats - piece * kPiece) / plan.width;
    const auto more = static_cast<double>(pixels);
    const double off = stats[0] - mean;
    squares += stats[plan.width] + off * off * count * more / (count + more);
    count += more;
    mean += off * more / count;
  }
  return {mean, squares / count};
}

}  // namespace

size_t ChannelNormScratchBytes(const ChannelNormProblem& p) {
  const NormPlan plan(p);
  return static_cast<size_t>(plan.StatFloats(p.shape.batch) + plan.NumberFloats(p.shape.batch)) *
         sizeof(float);
}

void RunChannelNorm(const ChannelNormProblem& p, const float* scale, const float* shift,
                    ConstSlice input, Slice output, void* scratch, ThreadPool& pool) {
  const NormPlan plan(p);
  float* const stats = static_cast<float*>(scratch);
  float* const numbers = stats + plan.StatFloats(p.shape.batch);
  if (plan.own_planes > 0) PEEL_DISPATCH(Pieces)(p, plan, input, stats, pool);
  const int64_t w = plan.width;
  for (int64_t plane = 0; plane < p.shape.batch * plan.planes; ++plane) {
    float* const n = numbers + plane * NormPlan::kNumbers * w;
    for (int64_t i = 0; i < w; ++i) {
      const int64_t c = plane % plan.planes * w + i;
      const bool real = c < p.shape.channels;  // the others stay zero
      double mean = 0, factor = real ? scale[c] : 0;
      if (real && c >= p.own_begin && c < p.own_end) {
        const int64_t own = plane / plan.planes * plan.own_planes + c / w - plan.first_own;
        const Moments m = Join(plan, stats + own * plan.pieces * 2 * w + i);
        mean = m.mean;
        factor /= std::sqrt(m.variance + p.epsilon);
      }
      n[NormPlan::kMean * w + i] = static_cast<float>(mean);
      n[NormPlan::kFactor * w + i] = static_cast<float>(factor);
      n[NormPlan::kShift * w + i] = real ? shift[c] : 0;
      n[NormPlan::kLo * w + i] = real ? p.lo : 0;
      n[NormPlan::kHi * w + i] = real ? p.hi : 0;
    }
  }
  PEEL_DISPATCH(Normalise)(p, plan, numbers, input, output, pool);
}

}  // namespace peel::engine
#endif
