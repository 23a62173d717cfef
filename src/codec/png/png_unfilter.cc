#include "src/codec/png/png_unfilter.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/codec/png/png_unfilter.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane holds no pixel; the standard's words do as well.
int Undo(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes, const uint8_t* above,
         uint8_t* out, ptrdiff_t out_stride) {
  return UndoPngFiltersReference(filtered, row_bytes, rows, pixel_bytes, above, out, out_stride);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// A pixel travels as 16-bit lanes, four of them or eight; lanes beyond its bytes hold rubbish that
// never meets the others.
template <int kPixelBytes>
struct PixelLanes {
  static constexpr int kLanes = kPixelBytes <= 4 ? 4 : 8;
  using D16 = hn::FixedTag<int16_t, kLanes>;
  using D8 = hn::FixedTag<uint8_t, kLanes>;
  using V16 = hn::Vec<D16>;
  using V8 = hn::Vec<D8>;

  static HWY_INLINE V8 Load(const uint8_t* p) { return hn::LoadU(D8(), p); }
  static HWY_INLINE V16 Widen(V8 v) { return hn::PromoteTo(D16(), v); }
  // Only the pixel's own bytes: the next ones may not have been read yet.
  static HWY_INLINE void Store(V8 v, uint8_t* p) {
    if constexpr (kPixelBytes == kLanes) {
      hn::StoreU(v, D8(), p);
    } else {
      alignas(16) uint8_t bytes[kLanes];
      hn::Store(v, D8(), bytes);
      std::memcpy(p, bytes, kPixelBytes);
    }
  }
};

void Up(const uint8_t* in, const uint8_t* above, size_t bytes, uint8_t* out) {
  const hn::ScalableTag<uint8_t> d;
  const size_t n = hn::Lanes(d);
  size_t i = 0;
  for (; i + n <= bytes; i += n) {
    hn::StoreU(hn::Add(hn::LoadU(d, in + i), hn::LoadU(d, above + i)), d, out + i);
  }
  for (; i < bytes; ++i) out[i] = static_cast<uint8_t>(in[i] + above[i]);
}

template <int kPixelBytes>
void Sub(const uint8_t* in, size_t bytes, uint8_t* out) {
  using P = PixelLanes<kPixelBytes>;
  auto left = hn::Zero(typename P::D8());
  for (size_t i = 0; i < bytes; i += kPixelBytes) {
    left = hn::Add(left, P::Load(in + i));
    P::Store(left, out + i);
  }
}

template <int kPixelBytes>
void Average(const uint8_t* in, const uint8_t* above, size_t bytes, uint8_t* out) {
  using P = PixelLanes<kPixelBytes>;
  const typename P::D8 d8;
  const auto one = hn::Set(d8, uint8_t{1});
  auto left = hn::Zero(d8);
  for (size_t i = 0; i < bytes; i += kPixelBytes) {
    const auto up = P::Load(above + i);
    // The instruction rounds up, the filter down.
    const auto odd = hn::And(hn::Xor(left, up), one);
    left = hn::Add(hn::Sub(hn::AverageRound(left, up), odd), P::Load(in + i));
    P::Store(left, out + i);
  }
}

template <int kPixelBytes>
void Paeth(const uint8_t* in, const uint8_t* above, size_t bytes, uint8_t* out) {
  using P = PixelLanes<kPixelBytes>;
  const typename P::D16 d16;
  const typename P::D8 d8;
  const auto low = hn::Set(d16, int16_t{0xFF});
  auto left = hn::Zero(d16), corner = hn::Zero(d16);
  for (size_t i = 0; i < bytes; i += kPixelBytes) {
    const auto up = P::Widen(P::Load(above + i));
    const auto from_left = hn::Sub(up, corner);  // the guess is left + up - corner
    const auto from_up = hn::Sub(left, corner);
    const auto distance_left = hn::Abs(from_left);
    const auto distance_up = hn::Abs(from_up);
    const auto distance_corner = hn::Abs(hn::Add(from_left, from_up));
    const auto least = hn::Min(hn::Min(distance_left, distance_up), distance_corner);
    const auto guess = hn::IfThenElse(hn::Eq(least, distance_left), left,
                                      hn::IfThenElse(hn::Eq(least, distance_up), up, corner));
    left = hn::And(hn::Add(guess, P::Widen(P::Load(in + i))), low);
    corner = up;
    P::Store(hn::DemoteTo(d8, left), out + i);
  }
}

template <int kPixelBytes>
bool UndoRow(int filter, const uint8_t* in, const uint8_t* above, size_t bytes, uint8_t* out) {
  switch (filter) {
    case 0:
      std::memmove(out, in, bytes);
      return true;
    case 1:
      Sub<kPixelBytes>(in, bytes, out);
      return true;
    case 2:
      Up(in, above, bytes, out);
      return true;
    case 3:
      Average<kPixelBytes>(in, above, bytes, out);
      return true;
    case 4:
      Paeth<kPixelBytes>(in, above, bytes, out);
      return true;
    default:
      return false;
  }
}

template <int kPixelBytes>
int UndoRows(const uint8_t* filtered, size_t row_bytes, int rows, const uint8_t* above,
             uint8_t* out, ptrdiff_t out_stride) {
  for (int y = 0; y < rows; ++y) {
    if (!UndoRow<kPixelBytes>(filtered[0], filtered + 1, above, row_bytes, out)) return y;
    filtered += row_bytes + 1;
    above = out;
    out += out_stride;
  }
  return rows;
}

int Undo(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes, const uint8_t* above,
         uint8_t* out, ptrdiff_t out_stride) {
  switch (pixel_bytes) {
    case 1:
      return UndoRows<1>(filtered, row_bytes, rows, above, out, out_stride);
    case 2:
      return UndoRows<2>(filtered, row_bytes, rows, above, out, out_stride);
    case 3:
      return UndoRows<3>(filtered, row_bytes, rows, above, out, out_stride);
    case 4:
      return UndoRows<4>(filtered, row_bytes, rows, above, out, out_stride);
    case 6:
      return UndoRows<6>(filtered, row_bytes, rows, above, out, out_stride);
    case 8:
      return UndoRows<8>(filtered, row_bytes, rows, above, out, out_stride);
    default:
      return 0;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

PEEL_ENTRY(Undo);

}  // namespace peel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {

PEEL_EXPORT(Undo);

int UndoPngFilters(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes,
                   const uint8_t* above, uint8_t* out, ptrdiff_t out_stride) {
  return PEEL_DISPATCH(Undo)(filtered, row_bytes, rows, pixel_bytes, above, out, out_stride);
}

int UndoPngFiltersReference(const uint8_t* filtered, size_t row_bytes, int rows, int pixel_bytes,
                            const uint8_t* above, uint8_t* out, ptrdiff_t out_stride) {
  const auto step = static_cast<size_t>(pixel_bytes);
  for (int y = 0; y < rows; ++y) {
    const int filter = filtered[0];
    if (filter > 4) return y;
    for (size_t i = 0; i < row_bytes; ++i) {
      const int a = i >= step ? out[i - step] : 0;
      const int b = above[i];
      const int c = i >= step ? above[i - step] : 0;
      const int p = a + b - c;
      const int pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
      const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      const int guesses[] = {0, a, b, (a + b) / 2, paeth};
      out[i] = static_cast<uint8_t>(filtered[1 + i] + guesses[filter]);
    }
    filtered += row_bytes + 1;
    above = out;
    out += out_stride;
  }
  return rows;
}

}  // namespace peel
#endif  // HWY_ONCE
