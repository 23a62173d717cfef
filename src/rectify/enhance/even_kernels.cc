#include "src/rectify/enhance/even_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/rectify/enhance/even_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::even {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void ExpandRow(const uint16_t* HWY_RESTRICT at_blocks, int across, int shift, size_t length,
               uint16_t* HWY_RESTRICT out) {
  const size_t size = size_t{1} << shift, half = size / 2;
  std::fill_n(out, std::min(half, length), at_blocks[0]);
  size_t x = half;
  for (int b = 0; b + 1 < across && x < length; ++b, x += size) {
    const int32_t first = at_blocks[b], step = 2 * (int32_t{at_blocks[b + 1]} - first);
    // Places are counted in halves of a pixel, whose centre lies at an odd one.
    const int32_t start = (first << (shift + 1)) + step / 2 + static_cast<int32_t>(size);
    const auto n = static_cast<int32_t>(std::min(size, length - x));
    for (int32_t i = 0; i < n; ++i) {
      out[x + static_cast<size_t>(i)] = static_cast<uint16_t>((start + i * step) >> (shift + 1));
    }
  }
  if (x < length) std::fill_n(out + x, length - x, at_blocks[across - 1]);
}

constexpr uint16_t kWhite = 255 * 32;

// On vectors of any length. Every product is the high half of one of 16-bit numbers.
template <class D>
struct Pixel {
  using V = hn::Vec<D>;
  V r, g, b;

  // r, g and b in 0 to 255.
  HWY_INLINE void Even(D d, V gain_r, V gain_g, V gain_b, V writing, V nothing, V slope,
                       V stretch) {
    const V white = hn::Set(d, kWhite), one = hn::Set(d, uint16_t{8192});
    const auto darkness = [&](V v, V gain) HWY_ATTR {
      return hn::SaturatedSub(white, hn::MulHigh(hn::ShiftLeft<8>(v), gain));
    };
    const V dr = darkness(r, gain_r), dg = darkness(g, gain_g), db = darkness(b, gain_b);
    const V most = hn::Max(dr, hn::Max(dg, db));
    const V ramp =
        hn::Min(hn::MulHigh(hn::ShiftLeft<3>(hn::SaturatedSub(most, nothing)), slope), one);
    const V share = hn::MulHigh(hn::ShiftLeft<2>(ramp), stretch);
    const V factor = hn::ShiftLeft<2>(hn::Add(
        hn::Sub(one, writing), hn::MulHigh(hn::ShiftLeft<1>(writing), hn::ShiftLeft<2>(share))));
    const auto brightness = [&](V dark) HWY_ATTR {
      const V level = hn::MulHigh(hn::ShiftLeft<3>(dark), factor);  // in 1/128
      return hn::SaturatedSub(hn::Set(d, uint16_t{255}),
                              hn::ShiftRight<7>(hn::SaturatedAdd(level, hn::Set(d, uint16_t{64}))));
    };
    r = brightness(dr);
    g = brightness(dg);
    b = brightness(db);
  }

  HWY_INLINE V Luma(D d) const {
    const V sum = hn::Add(
        hn::Add(hn::Mul(r, hn::Set(d, uint16_t{77})), hn::Mul(g, hn::Set(d, uint16_t{150}))),
        hn::Mul(b, hn::Set(d, uint16_t{29})));
    return hn::ShiftRight<8>(hn::Add(sum, hn::Set(d, uint16_t{128})));
  }
};

// `length` must be a multiple of the lanes.
template <class D>
void EvenPixels(D d, const uint8_t* HWY_RESTRICT in, int channels, const uint16_t* const gains[3],
                const uint16_t* HWY_RESTRICT writing, const Curve& curve, size_t first,
                size_t length, int out_channels, uint8_t* HWY_RESTRICT out) {
  const hn::Rebind<uint8_t, D> d8;
  const hn::RebindToSigned<D> di;
  const auto nothing = hn::Set(d, curve.nothing), slope = hn::Set(d, curve.slope),
             stretch = hn::Set(d, curve.stretch);
  const auto narrow = [&](hn::Vec<D> v) HWY_ATTR { return hn::DemoteTo(d8, hn::BitCast(di, v)); };
  for (size_t x = first; x < length; x += hn::Lanes(d)) {
    hn::Vec<decltype(d8)> r, g, b, a;
    if (channels == 3) {
      hn::LoadInterleaved3(d8, in + 3 * x, r, g, b);
      a = r;
    } else {
      hn::LoadInterleaved4(d8, in + 4 * x, r, g, b, a);
    }
    Pixel<D> pixel = {hn::PromoteTo(d, r), hn::PromoteTo(d, g), hn::PromoteTo(d, b)};
    pixel.Even(d, hn::LoadU(d, gains[0] + x), hn::LoadU(d, gains[1] + x),
               hn::LoadU(d, gains[2] + x), hn::LoadU(d, writing + x), nothing, slope, stretch);
    if (out_channels == 1) {
      hn::StoreU(narrow(pixel.Luma(d)), d8, out + x);
    } else if (out_channels == 3) {
      hn::StoreInterleaved3(narrow(pixel.r), narrow(pixel.g), narrow(pixel.b), d8, out + 3 * x);
    } else {
      hn::StoreInterleaved4(narrow(pixel.r), narrow(pixel.g), narrow(pixel.b), a, d8, out + 4 * x);
    }
  }
}

void EvenRow(const uint8_t* in, int channels, const uint16_t* const gains[3],
             const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
             uint8_t* out) {
  const hn::ScalableTag<uint16_t> d;
  const size_t whole = length / hn::Lanes(d) * hn::Lanes(d);
  EvenPixels(d, in, channels, gains, writing, curve, 0, whole, out_channels, out);
  EvenPixels(hn::CappedTag<uint16_t, 1>(), in, channels, gains, writing, curve, whole, length,
             out_channels, out);
}

// The same in wider numbers, a pixel at a time: darkness in 1/65535, shares in 1/8192.
void EvenRow16(const uint16_t* in, int channels, const uint16_t* const gains[3],
               const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
               uint16_t* out) {
  for (size_t x = 0; x < length; ++x, in += channels, out += out_channels) {
    uint32_t dark[3];
    uint32_t most = 0;
    for (int c = 0; c < 3; ++c) {
      const uint32_t bright = uint32_t{in[c]} * gains[c][x] >> kGainBits;
      dark[c] = 65535 - std::min<uint32_t>(bright, 65535);
      most = std::max(most, dark[c]);
    }
    // In units of 1/8160 with eleven more bits.
    const uint64_t above = uint64_t{most} * kWhite * 2048 / 65535;
    const uint64_t nothing = uint64_t{curve.nothing} << 11;
    const uint64_t over = above > nothing ? above - nothing : 0;
    const uint64_t ramp = std::min<uint64_t>(over * curve.slope >> 24, 8192);
    const uint64_t share = ramp * curve.stretch >> 14;
    const uint64_t factor = 8192 - writing[x] + (writing[x] * share >> 13);
    uint32_t value[3];
    for (int c = 0; c < 3; ++c) {
      value[c] =
          65535 - static_cast<uint32_t>(std::min<uint64_t>((dark[c] * factor + 4096) >> 13, 65535));
    }
    if (out_channels == 1) {
      out[0] = static_cast<uint16_t>((77 * value[0] + 150 * value[1] + 29 * value[2] + 128) >> 8);
      continue;
    }
    for (int c = 0; c < 3; ++c) out[c] = static_cast<uint16_t>(value[c]);
    if (out_channels == 4) out[3] = in[3];
  }
}

PEEL_ENTRY(ExpandRow);
PEEL_ENTRY(EvenRow);
PEEL_ENTRY(EvenRow16);

}  // namespace HWY_NAMESPACE
}  // namespace peel::even
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::even {

PEEL_EXPORT(ExpandRow);
PEEL_EXPORT(EvenRow);
PEEL_EXPORT(EvenRow16);

void ExpandRow(const uint16_t* at_blocks, int across, int shift, size_t length, uint16_t* out) {
  PEEL_DISPATCH(ExpandRow)(at_blocks, across, shift, length, out);
}

void EvenRow(const uint8_t* in, int channels, const uint16_t* const gains[3],
             const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
             uint8_t* out) {
  PEEL_DISPATCH(EvenRow)(in, channels, gains, writing, curve, length, out_channels, out);
}

void EvenRow16(const uint16_t* in, int channels, const uint16_t* const gains[3],
               const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
               uint16_t* out) {
  PEEL_DISPATCH(EvenRow16)(in, channels, gains, writing, curve, length, out_channels, out);
}

}  // namespace peel::even
#endif  // HWY_ONCE
