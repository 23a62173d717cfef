#include "src/image/composite_kernels.h"

#include "src/image/composite.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/image/composite_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::composite {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR  // one lane has no halves to widen: the plain loops do it all
using D8 = hn::ScalableTag<uint8_t>;
using V8 = hn::Vec<D8>;
using D16 = hn::Repartition<uint16_t, D8>;

// (t + 128) / 255 rounded, for sums of products up to 255 * 255.
template <class V>
V Div255(V t) {
  const D16 d16;
  t = hn::Add(t, hn::Set(d16, 128));
  return hn::ShiftRight<8>(hn::Add(hn::ShiftRight<8>(t), t));
}

V8 Narrow(hn::Vec<D16> low, hn::Vec<D16> high) {
  const D8 d;
  const hn::Half<D8> dh;
  const hn::RebindToSigned<D16> ds;  // below 256, so that signed saturation changes nothing
  return hn::Combine(d, hn::DemoteTo(dh, hn::BitCast(ds, high)),
                     hn::DemoteTo(dh, hn::BitCast(ds, low)));
}

struct Wide {
  hn::Vec<D16> low, high;
};

Wide Widen(V8 v) {
  const D8 d;
  const hn::Half<D8> dh;
  const D16 d16;
  return {hn::PromoteTo(d16, hn::LowerHalf(dh, v)), hn::PromoteTo(d16, hn::UpperHalf(dh, v))};
}

V8 Times(V8 a, V8 b) {
  const Wide x = Widen(a), y = Widen(b);
  return Narrow(Div255(hn::Mul(x.low, y.low)), Div255(hn::Mul(x.high, y.high)));
}

// a * m + b * (255 - m).
V8 Mix(V8 a, V8 b, V8 m) {
  const D8 d;
  const Wide x = Widen(a), y = Widen(b), u = Widen(m), v = Widen(hn::Xor(m, hn::Set(d, 255)));
  return Narrow(Div255(hn::Add(hn::Mul(x.low, u.low), hn::Mul(y.low, v.low))),
                Div255(hn::Add(hn::Mul(x.high, u.high), hn::Mul(y.high, v.high))));
}

void LoadRgba(D8 d, const uint8_t* picture, int channels, size_t x, V8& r, V8& g, V8& b, V8& a) {
  if (channels == 3) {
    hn::LoadInterleaved3(d, picture + 3 * x, r, g, b);
    a = hn::Set(d, 255);
  } else {
    hn::LoadInterleaved4(d, picture + 4 * x, r, g, b, a);
  }
}

#endif

uint8_t MixOne(uint32_t a, uint32_t b, uint32_t m) {
  const uint32_t t = a * m + b * (255 - m) + 128;
  return static_cast<uint8_t>(((t >> 8) + t) >> 8);
}

void PutAlphaRow(const uint8_t* HWY_RESTRICT picture, int channels,
                 const uint8_t* HWY_RESTRICT alpha, AlphaOp op, size_t length,
                 uint8_t* HWY_RESTRICT out) {
  const bool multiply = op == AlphaOp::kMultiply && channels == 4;
  size_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const D8 d;
  const size_t n = hn::Lanes(d);
  for (; x + n <= length; x += n) {
    V8 r, g, b, a;
    LoadRgba(d, picture, channels, x, r, g, b, a);
    const V8 m = hn::LoadU(d, alpha + x);
    hn::StoreInterleaved4(r, g, b, multiply ? Times(a, m) : m, d, out + 4 * x);
  }
#endif
  for (; x < length; ++x) {
    const uint8_t* p = picture + x * static_cast<size_t>(channels);
    for (int c = 0; c < 3; ++c) out[4 * x + c] = p[c];
    out[4 * x + 3] = multiply ? static_cast<uint8_t>(MulDiv255(p[3], alpha[x])) : alpha[x];
  }
}

void NaiveRow(const uint8_t* HWY_RESTRICT picture, int channels, const uint8_t* HWY_RESTRICT alpha,
              size_t length, uint8_t* HWY_RESTRICT out) {
  size_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const D8 d;
  const size_t n = hn::Lanes(d);
  for (; x + n <= length; x += n) {
    V8 r, g, b, a;
    LoadRgba(d, picture, channels, x, r, g, b, a);
    const V8 m = hn::LoadU(d, alpha + x);
    hn::StoreInterleaved4(Times(r, m), Times(g, m), Times(b, m), Times(a, m), d, out + 4 * x);
  }
#endif
  for (; x < length; ++x) {
    const uint8_t* p = picture + x * static_cast<size_t>(channels);
    for (int c = 0; c < 4; ++c) {
      out[4 * x + c] = static_cast<uint8_t>(MulDiv255(c < channels ? p[c] : 255u, alpha[x]));
    }
  }
}

void PremultiplyRow(uint8_t* HWY_RESTRICT rgba, size_t length) {
  size_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const D8 d;
  const size_t n = hn::Lanes(d);
  for (; x + n <= length; x += n) {
    V8 r, g, b, a;
    hn::LoadInterleaved4(d, rgba + 4 * x, r, g, b, a);
    hn::StoreInterleaved4(Times(r, a), Times(g, a), Times(b, a), a, d, rgba + 4 * x);
  }
#endif
  for (; x < length; ++x) {
    uint8_t* p = rgba + 4 * x;
    for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(MulDiv255(p[c], p[3]));
  }
}

void FlattenRow(const uint8_t* HWY_RESTRICT rgba, const uint8_t* HWY_RESTRICT back,
                size_t back_step, size_t length, uint8_t* HWY_RESTRICT out) {
  size_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const D8 d;
  const size_t n = hn::Lanes(d);
  V8 br = hn::Set(d, back[0]), bg = hn::Set(d, back[1]), bb = hn::Set(d, back[2]);
  for (; x + n <= length; x += n) {
    V8 r, g, b, a;
    hn::LoadInterleaved4(d, rgba + 4 * x, r, g, b, a);
    if (back_step != 0) hn::LoadInterleaved3(d, back + 3 * x, br, bg, bb);
    hn::StoreInterleaved3(Mix(r, br, a), Mix(g, bg, a), Mix(b, bb, a), d, out + 3 * x);
  }
#endif
  for (; x < length; ++x) {
    const uint8_t* p = rgba + 4 * x;
    for (int c = 0; c < 3; ++c) out[3 * x + c] = MixOne(p[c], back[back_step * x + c], p[3]);
  }
}

void BlendRow(const uint8_t* HWY_RESTRICT front, const uint8_t* HWY_RESTRICT back,
              const uint8_t* HWY_RESTRICT mask, int channels, size_t length,
              uint8_t* HWY_RESTRICT out) {
  const auto step = static_cast<size_t>(channels);
  size_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const D8 d;
  const size_t n = hn::Lanes(d);
  for (; channels != 2 && x + n <= length; x += n) {
    const V8 m = hn::LoadU(d, mask + x);
    if (channels == 1) {
      hn::StoreU(Mix(hn::LoadU(d, front + x), hn::LoadU(d, back + x), m), d, out + x);
    } else if (channels == 3) {
      V8 a, b, c, e, f, g;
      hn::LoadInterleaved3(d, front + 3 * x, a, b, c);
      hn::LoadInterleaved3(d, back + 3 * x, e, f, g);
      hn::StoreInterleaved3(Mix(a, e, m), Mix(b, f, m), Mix(c, g, m), d, out + 3 * x);
    } else {
      V8 a, b, c, h, e, f, g, i;
      hn::LoadInterleaved4(d, front + 4 * x, a, b, c, h);
      hn::LoadInterleaved4(d, back + 4 * x, e, f, g, i);
      hn::StoreInterleaved4(Mix(a, e, m), Mix(b, f, m), Mix(c, g, m), Mix(h, i, m), d, out + 4 * x);
    }
  }
#endif
  for (; x < length; ++x) {
    for (size_t c = 0; c < step; ++c) {
      out[step * x + c] = MixOne(front[step * x + c], back[step * x + c], mask[x]);
    }
  }
}

PEEL_ENTRY(PutAlphaRow);
PEEL_ENTRY(NaiveRow);
PEEL_ENTRY(PremultiplyRow);
PEEL_ENTRY(FlattenRow);
PEEL_ENTRY(BlendRow);

}  // namespace HWY_NAMESPACE
}  // namespace peel::composite
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::composite {

PEEL_EXPORT(PutAlphaRow);
PEEL_EXPORT(NaiveRow);
PEEL_EXPORT(PremultiplyRow);
PEEL_EXPORT(FlattenRow);
PEEL_EXPORT(BlendRow);

void PutAlphaRow(const uint8_t* picture, int channels, const uint8_t* alpha, AlphaOp op,
                 size_t length, uint8_t* out) {
  PEEL_DISPATCH(PutAlphaRow)(picture, channels, alpha, op, length, out);
}

void NaiveRow(const uint8_t* picture, int channels, const uint8_t* alpha, size_t length,
              uint8_t* out) {
  PEEL_DISPATCH(NaiveRow)(picture, channels, alpha, length, out);
}

void PremultiplyRow(uint8_t* rgba, size_t length) { PEEL_DISPATCH(PremultiplyRow)(rgba, length); }

void FlattenRow(const uint8_t* rgba, const uint8_t* back, size_t back_step, size_t length,
                uint8_t* out) {
  PEEL_DISPATCH(FlattenRow)(rgba, back, back_step, length, out);
}

void BlendRow(const uint8_t* front, const uint8_t* back, const uint8_t* mask, int channels,
              size_t length, uint8_t* out) {
  PEEL_DISPATCH(BlendRow)(front, back, mask, channels, length, out);
}

}  // namespace peel::composite
#endif  // HWY_ONCE
