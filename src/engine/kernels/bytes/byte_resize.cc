#include <algorithm>
#include <cmath>

#include "src/engine/kernels/bytes/bytes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/bytes/byte_resize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using DI = hn::CappedTag<int32_t, kBlock>;
using DB = hn::Rebind<uint8_t, DI>;
using VI = hn::VFromD<DI>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(DI()));
constexpr int kBits = 11;  // of a weight: 255 and two weights fit 31 bits

int32_t WeightOf(float share) {
  return static_cast<int32_t>(std::nearbyint(share * static_cast<float>(1 << kBits)));
}

// A sum of both axes' weights to the nearest byte, ties to that at an even distance from zero.
int32_t Round(int32_t sum, int zero) {
  const int32_t odd = ((sum >> (2 * kBits)) ^ zero) & 1;
  return (sum + (1 << (2 * kBits - 1)) - 1 + odd) >> (2 * kBits);
}

// line[i] = near * (1 - share) + far * share, in units of 2^-11.
void BlendRows(const uint8_t* near, const uint8_t* far, int32_t share, int64_t count,
               int32_t* line) {
  const DI d;
  const int32_t rest = (1 << kBits) - share;
  const VI wa = hn::Set(d, rest), wb = hn::Set(d, share);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const VI a = hn::PromoteTo(d, hn::LoadU(DB(), near + i));
    const VI b = hn::PromoteTo(d, hn::LoadU(DB(), far + i));
    hn::StoreU(hn::Add(hn::Mul(a, wa), hn::Mul(b, wb)), d, line + i);
  }
  for (; i < count; ++i) line[i] = near[i] * rest + far[i] * share;
}

void BlendColumns(const int32_t* line, const ResizeTap* columns, int64_t count, int zero,
                  uint8_t* out) {
  const DI d;
  const VI half = hn::Set(d, (1 << (2 * kBits - 1)) - 1), one = hn::Set(d, 1);
  const VI parity = hn::Set(d, zero & 1);
  for (int64_t x = 0; x < count; ++x) {
    const ResizeTap& c = columns[x];
    const int32_t share = WeightOf(c.far_weight);
    const VI wa = hn::Set(d, (1 << kBits) - share), wb = hn::Set(d, share);
    for (int64_t i = 0; i < kBlock; i += kLanes) {
      const VI a = hn::LoadU(d, line + int64_t{c.near} * kBlock + i);
      const VI b = hn::LoadU(d, line + int64_t{c.far} * kBlock + i);
      const VI sum = hn::Add(hn::Mul(a, wa), hn::Mul(b, wb));
      const VI odd = hn::And(hn::Xor(hn::ShiftRight<2 * kBits>(sum), parity), one);
      const VI byte = hn::ShiftRight<2 * kBits>(hn::Add(hn::Add(sum, half), odd));
      hn::StoreU(hn::DemoteTo(DB(), byte), DB(), out + x * kBlock + i);
    }
  }
}

void Resize(const ResizeProblem& p, int zero, const ResizeTap* rows, const ResizeTap* columns,
            int32_t* lines, int64_t line_floats, ConstBytes input, Bytes output, ThreadPool& pool) {
  const bool blocked = p.layout == Layout::kBlocked;
  const bool linear = p.mode == ResizeMode::kLinear;
  const int64_t planes = blocked ? ChannelBlocks(p.in.channels) : p.in.channels;
  const int64_t step = blocked ? kBlock : 1;
  const int64_t in_row = p.in.width * step, out_row = p.out_width * step;
  const int64_t band_rows = std::clamp<int64_t>((32 << 10) / out_row, 1, p.out_height);
  const int64_t bands = DivideUp(p.out_height, band_rows);
  pool.ParallelFor(p.in.batch * planes * bands, [&](int64_t item, int worker) HWY_ATTR {
    const int64_t plane = item % planes, band = item / planes % bands, n = item / planes / bands;
    const uint8_t* in = input.data + n * input.batch_stride + plane * p.in.height * in_row;
    uint8_t* out = output.data + n * output.batch_stride + plane * p.out_height * out_row;
    int32_t* line = lines + worker * line_floats;
    const int64_t last = std::min<int64_t>((band + 1) * band_rows, p.out_height);
    for (int64_t y = band * band_rows; y < last; ++y) {
      const ResizeTap& row = rows[y];
      const uint8_t* near = in + row.near * in_row;
      uint8_t* to = out + y * out_row;
      if (!linear) {
        for (int64_t x = 0; x < p.out_width; ++x) {
          std::copy_n(near + columns[x].near * step, step, to + x * step);
        }
        continue;
      }
      BlendRows(near, in + row.far * in_row, WeightOf(row.far_weight), in_row, line);
      if (blocked) {
        BlendColumns(line, columns, p.out_width, zero, to);
        continue;
      }
      for (int64_t x = 0; x < p.out_width; ++x) {
        const ResizeTap& c = columns[x];
        const int32_t share = WeightOf(c.far_weight);
        to[x] = static_cast<uint8_t>(
            Round(line[c.near] * ((1 << kBits) - share) + line[c.far] * share, zero));
      }
    }
  });
}

PEEL_ENTRY(Resize);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Resize);

void RunByteResize(const ResizeProblem& p, int zero, ConstBytes input, Bytes output, void* scratch,
                   ThreadPool& pool) {
  // Scratch as RunResize lays it out: the tables, then a row of 32-bit numbers for each thread.
  auto* rows = static_cast<ResizeTap*>(scratch);
  ResizeTap* columns = rows + p.out_height;
  FillResizeTaps(p, rows, columns);
  const auto taps = RoundUp((int64_t{p.out_height} + p.out_width) * 4, int64_t{kBlock});
  const auto line =
      RoundUp(p.in.width * (p.layout == Layout::kBlocked ? kBlock : 1), int64_t{kBlock});
  PEEL_DISPATCH(Resize)
  (p, zero, rows, columns, static_cast<int32_t*>(scratch) + taps, line, input, output, pool);
}

}  // namespace peel::engine
#endif
