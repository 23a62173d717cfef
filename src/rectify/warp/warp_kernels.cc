#include "src/rectify/warp/warp_kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/rectify/warp/warp_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::warp {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kHalf = 1 << (kValueBits - 1);
constexpr int kPadded = kTileSide + 16;  // whole vectors for any width

// ------------------------------------------------------------------ places

// Of one row of a tile, for each pixel: where its first tap lies in the window, and its weights in
// the banks' tables. All in elements.
struct Row {
  HWY_ALIGN int32_t first[kPadded];
  HWY_ALIGN int32_t across[kPadded];
  HWY_ALIGN int32_t down[kPadded];
};

template <class D, class B>
class Places {
  using V = hn::Vec<D>;
  using DI = hn::RebindToSigned<D>;
  using VI = hn::Vec<DI>;

 public:
  Places(D d, const TilePlaces& t, ptrdiff_t stride, const B& across, const B& down)
      : t_(t),
        bits_x_(across.phase_bits),
        bits_y_(down.phase_bits),
        phases_x_(hn::Set(d, static_cast<float>(1 << bits_x_))),
        phases_y_(hn::Set(d, static_cast<float>(1 << bits_y_))),
        mask_x_(hn::Set(DI(), (1 << bits_x_) - 1)),
        mask_y_(hn::Set(DI(), (1 << bits_y_) - 1)),
        step_x_(hn::Set(DI(), 16 * across.groups)),
        step_y_(hn::Set(DI(), down.taps)),
        stride_(hn::Set(DI(), static_cast<int32_t>(stride))),
        origin_(hn::Set(DI(), -down.before * static_cast<int32_t>(stride) - 4 * across.before)) {}

  HWY_INLINE void Find(int row, Row& out) const {
    const D d;
    const DI di;
    const float v = t_.top + static_cast<float>(row);
    const V gv = hn::Set(d, 1.0f + t_.gv * v), gu = hn::Set(d, t_.gu);
    const V xv = hn::Set(d, t_.xv * v), xu = hn::Set(d, t_.xu), x0 = hn::Set(d, t_.x0);
    const V yv = hn::Set(d, t_.yv * v), yu = hn::Set(d, t_.yu), y0 = hn::Set(d, t_.y0);
    const V one = hn::Set(d, 1.0f), half = hn::Set(d, 0.5f), left = hn::Set(d, t_.left);
    // Lanes to spare see what the last pixel sees.
    const V right = hn::Set(d, t_.left + static_cast<float>(t_.width - 1));
    for (int i = 0; i < t_.width; i += static_cast<int>(hn::Lanes(d))) {
      const V u = hn::Min(hn::Add(hn::Iota(d, static_cast<float>(i)), left), right);
      const V scale = hn::Div(one, hn::Add(gv, hn::Mul(gu, u)));
      V x = hn::Add(x0, hn::Mul(scale, hn::Add(xv, hn::Mul(xu, u))));
      V y = hn::Add(y0, hn::Mul(scale, hn::Add(yv, hn::Mul(yu, u))));
      if (t_.clamped) {
        x = hn::Min(hn::Max(x, hn::Set(d, t_.min_x)), hn::Set(d, t_.max_x));
        y = hn::Min(hn::Max(y, hn::Set(d, t_.min_y)), hn::Set(d, t_.max_y));
      }
      // Positive, so that what is cut off rounds to the nearest.
      const VI px = hn::ConvertTo(di, hn::Add(hn::Mul(x, phases_x_), half));
      const VI py = hn::ConvertTo(di, hn::Add(hn::Mul(y, phases_y_), half));
      const VI column = hn::ShiftLeft<2>(hn::ShiftRightSame(px, bits_x_));
      const VI start = hn::Mul(hn::ShiftRightSame(py, bits_y_), stride_);
      hn::Store(hn::Add(origin_, hn::Add(start, column)), di, out.first + i);
      hn::Store(hn::Mul(hn::And(px, mask_x_), step_x_), di, out.across + i);
      hn::Store(hn::Mul(hn::And(py, mask_y_), step_y_), di, out.down + i);
    }
  }

 private:
  const TilePlaces& t_;
  const int bits_x_, bits_y_;
  const V phases_x_, phases_y_;
  const VI mask_x_, mask_y_, step_x_, step_y_, stride_, origin_;
};

// ------------------------------------------------------------------ 8 bits

#if HWY_TARGET != HWY_SCALAR

using D16 = hn::CappedTag<int16_t, 16>;
using V16 = hn::Vec<D16>;
using D8 = hn::CappedTag<uint8_t, 16>;
using V8 = hn::Vec<D8>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D16()));
constexpr int kParts = 16 / kLanes;  // vectors that four pixels of four channels fill

// Four neighbours across, weighed, as yet to be added up.
struct Four {
  V16 v[kParts];
};

// One pixel of the result. kTaps down and kGroups across are known when compiling, or 0.
template <int kTaps, int kGroups>
HWY_INLINE Four SumAt(const int16_t* HWY_RESTRICT p, ptrdiff_t stride,
                      const int32_t* HWY_RESTRICT down, int taps,
                      const int16_t* HWY_RESTRICT across, int groups) {
  const D16 d;
  const hn::RepartitionToWide<D16> d32;
  if constexpr (kTaps != 0) taps = kTaps;
  if constexpr (kGroups != 0) groups = kGroups;
  Four sum;
  for (int g = 0; g < groups; ++g, p += 16, across += 16) {
    Four column;
    for (int part = 0; part < kParts; ++part) {
      const auto w = hn::BitCast(d, hn::Set(d32, down[0]));
      column.v[part] = hn::MulFixedPoint15(hn::LoadU(d, p + ptrdiff_t{part} * kLanes), w);
    }
    for (int t = 1; t < taps; ++t) {
      const auto w = hn::BitCast(d, hn::Set(d32, down[t]));
      for (int part = 0; part < kParts; ++part) {
        const auto value = hn::LoadU(d, p + t * stride + ptrdiff_t{part} * kLanes);
        column.v[part] = hn::Add(column.v[part], hn::MulFixedPoint15(value, w));
      }
    }
    for (int part = 0; part < kParts; ++part) {
      const auto w = hn::LoadU(d, across + ptrdiff_t{part} * kLanes);
      const auto weighed = hn::MulFixedPoint15(column.v[part], w);
      sum.v[part] = g == 0 ? weighed : hn::Add(sum.v[part], weighed);
    }
  }
  return sum;
}

// The pixels a, b, c, e: each one's four neighbours added up, rounded and clipped to bytes.
template <class D>
HWY_INLINE V8 AddUp(D d, const Four& a, const Four& b, const Four& c, const Four& e) {
  using V = hn::Vec<D>;
  const hn::Repartition<int64_t, D> d64;
  const auto pair = [&](V first, V second) {
    const auto x = hn::BitCast(d64, first), y = hn::BitCast(d64, second);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, x, y)),
                   hn::BitCast(d, hn::InterleaveUpper(d64, x, y)));
  };
  const auto half = hn::Set(d, kHalf);
  const hn::Rebind<uint8_t, D> bytes;
  if constexpr (hn::MaxLanes(D()) == 16) {
    const V ab = pair(a.v[0], b.v[0]), ce = pair(c.v[0], e.v[0]);
    const V sum = hn::Add(hn::ConcatLowerLower(d, ce, ab), hn::ConcatUpperUpper(d, ce, ab));
    return hn::DemoteTo(bytes, hn::ShiftRight<kValueBits>(hn::Add(sum, half)));
  } else {
    const auto whole = [&](const Four& f) { return hn::Add(f.v[0], f.v[kParts - 1]); };
    const V ab = pair(whole(a), whole(b)), ce = pair(whole(c), whole(e));
    return hn::Combine(D8(), hn::DemoteTo(bytes, hn::ShiftRight<kValueBits>(hn::Add(ce, half))),
                       hn::DemoteTo(bytes, hn::ShiftRight<kValueBits>(hn::Add(ab, half))));
  }
}

// Which bytes of four pixels of four channels are those of four pixels of fewer.
HWY_INLINE V8 Keep(int channels) {
  alignas(16) static constexpr uint8_t kKeep[4][16] = {
      {0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 3, 4, 7, 8, 11, 12, 15, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0},
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
  return hn::Load(D8(), kKeep[channels - 1]);
}

template <int kTaps, int kGroups>
void RenderFixed(const TilePlaces& places, const Window<const int16_t>& window, const Bank& across,
                 const Bank& down, int channels, uint8_t* out, ptrdiff_t out_stride) {
  const D8 d8;
  const auto keep = Keep(channels);
  const int groups = across.groups, taps = down.taps, bytes = channels * places.width;
  const Places find(hn::ScalableTag<float>(), places, window.stride, across, down);
  Row row;
  for (int y = 0; y < places.height; ++y, out += out_stride) {
    find.Find(y, row);
    for (int x = 0; x < places.width; x += 4) {
      const auto at = [&](int i) {
        return SumAt<kTaps, kGroups>(window.data + row.first[x + i], window.stride,
                                     down.down.data() + row.down[x + i], taps,
                                     across.across.data() + row.across[x + i], groups);
      };
      const auto four = hn::TableLookupBytes(AddUp(D16(), at(0), at(1), at(2), at(3)), keep);
      // A vector's rest is overwritten by the next pixels, but only within the tile.
      if (channels * x + 16 <= bytes) {
        hn::StoreU(four, d8, out + ptrdiff_t{channels} * x);
      } else {
        HWY_ALIGN uint8_t rest[16];
        hn::Store(four, d8, rest);
        std::memcpy(out + ptrdiff_t{channels} * x, rest,
                    static_cast<size_t>(channels) * std::min<size_t>(4, places.width - x));
      }
    }
  }
}

// Pixels that one load of 16 bytes and one shuffle widen.
using DWide = hn::CappedTag<uint8_t, 32>;
constexpr int kWidened = static_cast<int>(hn::MaxLanes(DWide())) / 8;

// Pixels of a row, from which `there` may be read and of which `count` are wanted. Writes up to
// kWidened - 1 more.
template <class V>
HWY_INLINE int WidenVectors(const uint8_t* HWY_RESTRICT in, V from, int channels, int there,
                            int count, int16_t* HWY_RESTRICT out) {
  const DWide d;
  const hn::Repartition<uint16_t, DWide> d16;
  int x = 0;
  for (; x < count && (there - x) * channels >= 16; x += kWidened) {
    const auto bytes = hn::LoadDup128(d, in + ptrdiff_t{x} * channels);
    const auto wide = hn::BitCast(d16, hn::TableLookupBytesOr0(bytes, from));
    hn::StoreU(hn::ShiftRight<8 - kValueBits>(wide), d16,
               reinterpret_cast<uint16_t*>(out) + ptrdiff_t{4} * x);
  }
  return x;
}

// The bytes of kWidened pixels into the high bytes of words, from where they are shifted down.
hn::Vec<DWide> WideFrom(int channels) {
  HWY_ALIGN uint8_t from[32];
  for (int i = 0; i < 32; ++i) {
    const int pixel = i / 8, lane = i % 8 / 2;
    const bool alpha = channels == 2 && lane == 3;
    const bool there = i % 2 == 1 && (alpha || (channels == 2 ? lane == 0 : lane < channels));
    from[i] = static_cast<uint8_t>(there ? pixel * channels + (alpha ? 1 : lane) : 0x80);
  }
  return hn::Load(DWide(), from);
}

#else  // one lane

int16_t MulFixed(int a, int b) { return static_cast<int16_t>((2 * a * b + 32768) >> 16); }

template <int, int>
void RenderFixed(const TilePlaces& places, const Window<const int16_t>& window, const Bank& across,
                 const Bank& down, int channels, uint8_t* out, ptrdiff_t out_stride) {
  const Places find(hn::ScalableTag<float>(), places, window.stride, across, down);
  Row row;
  for (int y = 0; y < places.height; ++y, out += out_stride) {
    find.Find(y, row);
    for (int x = 0; x < places.width; ++x) {
      const int32_t* weights = down.down.data() + row.down[x];
      const int16_t* weights_x = across.across.data() + row.across[x];
      for (int c = 0; c < channels; ++c) {
        const int channel = channels == 2 ? 3 * c : c;
        int sum = kHalf;
        for (int i = 0; i < across.taps; ++i) {
          int column = 0;
          for (int t = 0; t < down.taps; ++t) {
            column += MulFixed(window.data[row.first[x] + t * window.stride + 4 * i + channel],
                               static_cast<int16_t>(weights[t] & 0xffff));
          }
          sum += MulFixed(column, weights_x[4 * i]);
        }
        out[channels * x + c] = static_cast<uint8_t>(std::clamp(sum >> kValueBits, 0, 255));
      }
    }
  }
}

int WidenVectors(const uint8_t*, int, int, int, int, int16_t*) { return 0; }
int WideFrom(int) { return 0; }

#endif

void WidenFixed(const uint8_t* HWY_RESTRICT in, ptrdiff_t in_stride, int channels, int there,
                int count, int rows, int16_t* HWY_RESTRICT out, ptrdiff_t out_stride) {
  const auto from = WideFrom(channels);
  for (int y = 0; y < rows; ++y, in += in_stride, out += out_stride) {
    for (int x = WidenVectors(in, from, channels, there, count, out); x < count; ++x) {
      int16_t* o = out + ptrdiff_t{4} * x;
      o[0] = o[1] = o[2] = o[3] = 0;
      for (int c = 0; c < channels; ++c) {
        o[channels == 2 ? 3 * c : c] = static_cast<int16_t>(in[x * channels + c] << kValueBits);
      }
    }
  }
}

void RenderFixedTile(const TilePlaces& places, const Window<const int16_t>& window,
                     const Bank& across, const Bank& down, int channels, uint8_t* out,
                     ptrdiff_t out_stride) {
  if (down.taps == 4 && across.groups == 1) {
    RenderFixed<4, 1>(places, window, across, down, channels, out, out_stride);
  } else if (down.taps == 2 && across.groups == 1) {
    RenderFixed<2, 1>(places, window, across, down, channels, out, out_stride);
  } else if (down.taps == 6 && across.groups == 2) {
    RenderFixed<6, 2>(places, window, across, down, channels, out, out_stride);
  } else if (down.taps == 4 && across.groups == 2) {
    RenderFixed<4, 2>(places, window, across, down, channels, out, out_stride);
  } else if (down.taps == 8 && across.groups == 2) {
    RenderFixed<8, 2>(places, window, across, down, channels, out, out_stride);
  } else if (down.taps == 6 && across.groups == 1) {
    RenderFixed<6, 1>(places, window, across, down, channels, out, out_stride);
  } else {
    RenderFixed<0, 0>(places, window, across, down, channels, out, out_stride);
  }
}

// ------------------------------------------------------------------ floats

// The four channels of one pixel of the result: even and odd neighbours across on their own, then
// together, in vectors of any length.
HWY_INLINE void SumFloats(const float* HWY_RESTRICT p, ptrdiff_t stride,
                          const float* HWY_RESTRICT down, int taps,
                          const float* HWY_RESTRICT across, int pairs, float* HWY_RESTRICT out) {
  const hn::CappedTag<float, 8> d;
  constexpr int kLanesF = static_cast<int>(hn::MaxLanes(d));
  constexpr int kPartsF = 8 / kLanesF;
  hn::Vec<decltype(d)> sum[kPartsF];
  for (int pair = 0; pair < pairs; ++pair, p += 8, across += 8) {
    for (int part = 0; part < kPartsF; ++part) {
      const float* q = p + ptrdiff_t{part} * kLanesF;
      auto column = hn::Mul(hn::LoadU(d, q), hn::Set(d, down[0]));
      for (int t = 1; t < taps; ++t) {
        column = hn::Add(column, hn::Mul(hn::LoadU(d, q + t * stride), hn::Set(d, down[t])));
      }
      const auto weighed = hn::Mul(column, hn::LoadU(d, across + ptrdiff_t{part} * kLanesF));
      sum[part] = pair == 0 ? weighed : hn::Add(sum[part], weighed);
    }
  }
  HWY_ALIGN float both[8];
  for (int part = 0; part < kPartsF; ++part)
    hn::Store(sum[part], d, both + ptrdiff_t{part} * kLanesF);
  for (int c = 0; c < 4; ++c) out[c] = both[c] + both[4 + c];
}

template <typename T>
T Rounded(float v) {
  constexpr float kMost = std::numeric_limits<T>::max();
  return static_cast<T>(std::min(std::max(v, 0.0f), kMost) + 0.5f);
}

// Where places are the pixels' own: picture's pixel, or null where there is none.
template <typename T>
const T* Hidden(const ImageView<const T>& picture, int x, int y) {
  const bool inside = x >= 0 && y >= 0 && x < picture.width && y < picture.height;
  return picture.data != nullptr && inside ? picture.row(y) + ptrdiff_t{x} * picture.channels
                                           : nullptr;
}

template <typename T>
void RenderFloats(const TilePlaces& places, const Window<const float>& window,
                  const BankF32& across, const BankF32& down, ImageView<const T> picture,
                  int origin_x, int origin_y, int channels, T* out, ptrdiff_t out_stride) {
  const int colours = channels == 2 ? 1 : std::min(channels, 3);
  const Places find(hn::ScalableTag<float>(), places, window.stride, across, down);
  Row row;
  for (int y = 0; y < places.height; ++y, out += out_stride) {
    find.Find(y, row);
    for (int x = 0; x < places.width; ++x) {
      float v[4];
      SumFloats(window.data + row.first[x], window.stride, down.down.data() + row.down[x],
                down.taps, across.across.data() + row.across[x], across.taps / 2, v);
      T* o = out + channels * x;
      if (channels % 2 != 0) {
        for (int c = 0; c < colours; ++c) o[c] = Rounded<T>(v[c]);
        continue;
      }
      o[colours] = Rounded<T>(v[3]);
      if (o[colours] != 0) {
        for (int c = 0; c < colours; ++c) o[c] = Rounded<T>(v[c] / v[3]);
        continue;
      }
      const T* hidden = nullptr;
      if (row.across[x] == 0 && row.down[x] == 0) {
        const auto at = static_cast<int>(row.first[x]);
        const auto stride = static_cast<int>(window.stride);
        hidden = Hidden(picture, origin_x + at % stride / 4 + across.before,
                        origin_y + at / stride + down.before);
      }
      for (int c = 0; c < colours; ++c) {
        o[c] = hidden != nullptr && hidden[colours] == 0 ? hidden[c] : T{0};
      }
    }
  }
}

void RenderFloats8(const TilePlaces& places, const Window<const float>& window,
                   const BankF32& across, const BankF32& down, ImageView<const uint8_t> picture,
                   int origin_x, int origin_y, int channels, uint8_t* out, ptrdiff_t out_stride) {
  RenderFloats<uint8_t>(places, window, across, down, picture, origin_x, origin_y, channels, out,
                        out_stride);
}

void RenderFloats16(const TilePlaces& places, const Window<const float>& window,
                    const BankF32& across, const BankF32& down, ImageView<const uint16_t> picture,
                    int origin_x, int origin_y, int channels, uint16_t* out, ptrdiff_t out_stride) {
  RenderFloats<uint16_t>(places, window, across, down, picture, origin_x, origin_y, channels, out,
                         out_stride);
}

PEEL_ENTRY(WidenFixed);
PEEL_ENTRY(RenderFixedTile);
PEEL_ENTRY(RenderFloats8);
PEEL_ENTRY(RenderFloats16);

}  // namespace HWY_NAMESPACE
}  // namespace peel::warp
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::warp {

PEEL_EXPORT(WidenFixed);
PEEL_EXPORT(RenderFixedTile);
PEEL_EXPORT(RenderFloats8);
PEEL_EXPORT(RenderFloats16);

namespace {

template <typename T>
void WidenFloats(const T* in, ptrdiff_t in_stride, int channels, int count, int rows, float* out,
                 ptrdiff_t out_stride) {
  for (int y = 0; y < rows; ++y, in += in_stride, out += out_stride) {
    const T* from = in;
    float* to = out;
    for (int x = 0; x < count; ++x, from += channels, to += 4) {
      to[0] = to[1] = to[2] = to[3] = 0;
      if (channels % 2 != 0) {
        for (int c = 0; c < channels; ++c) to[c] = static_cast<float>(from[c]);
        continue;
      }
      const auto alpha = static_cast<float>(from[channels - 1]);
      for (int c = 0; c + 1 < channels; ++c) to[c] = static_cast<float>(from[c]) * alpha;
      to[3] = alpha;
    }
  }
}

}  // namespace

void Widen(const uint8_t* in, ptrdiff_t in_stride, int channels, int there, int count, int rows,
           int16_t* out, ptrdiff_t out_stride) {
  PEEL_DISPATCH(WidenFixed)(in, in_stride, channels, there, count, rows, out, out_stride);
}

void Widen(const uint8_t* in, ptrdiff_t in_stride, int channels, int, int count, int rows,
           float* out, ptrdiff_t out_stride) {
  WidenFloats(in, in_stride, channels, count, rows, out, out_stride);
}

void Widen(const uint16_t* in, ptrdiff_t in_stride, int channels, int, int count, int rows,
           float* out, ptrdiff_t out_stride) {
  WidenFloats(in, in_stride, channels, count, rows, out, out_stride);
}

bool IsOpaqueRow(const uint8_t* in, int channels, int count) {
  uint32_t all = ~0u;
  if (channels == 4) {
    for (int x = 0; x < count; ++x) {
      uint32_t pixel;
      std::memcpy(&pixel, in + ptrdiff_t{4} * x, 4);
      all &= pixel;
    }
    uint8_t bytes[4];
    std::memcpy(bytes, &all, 4);
    return bytes[3] == 255;
  }
  for (int x = 0; x < count; ++x) all &= in[2 * x + 1];
  return (all & 255) == 255;
}

void RenderTile(const TilePlaces& places, const Window<const int16_t>& window, const Bank& across,
                const Bank& down, int channels, uint8_t* out, ptrdiff_t out_stride) {
  PEEL_DISPATCH(RenderFixedTile)(places, window, across, down, channels, out, out_stride);
}

void RenderTile(const TilePlaces& places, const Window<const float>& window, const BankF32& across,
                const BankF32& down, ImageView<const uint8_t> picture, int origin_x, int origin_y,
                int channels, uint8_t* out, ptrdiff_t out_stride) {
  PEEL_DISPATCH(RenderFloats8)
  (places, window, across, down, picture, origin_x, origin_y, channels, out, out_stride);
}

void RenderTile(const TilePlaces& places, const Window<const float>& window, const BankF32& across,
                const BankF32& down, ImageView<const uint16_t> picture, int origin_x, int origin_y,
                int channels, uint16_t* out, ptrdiff_t out_stride) {
  PEEL_DISPATCH(RenderFloats16)
  (places, window, across, down, picture, origin_x, origin_y, channels, out, out_stride);
}

}  // namespace peel::warp
#endif  // HWY_ONCE
