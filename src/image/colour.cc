#include "src/image/colour.h"

#include <algorithm>
#include <cstring>

#include "src/image/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/image/colour.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sixteenth bits of ITU-R 601-2 luma; they add up to 65536.
constexpr int32_t kLumaR = 19595, kLumaG = 38470, kLumaB = 7471;

void LumaRow(const uint8_t* HWY_RESTRICT in, int channels, size_t length,
             uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t n = hn::Lanes(d);
  const auto r1 = hn::Set(d, kLumaR), g1 = hn::Set(d, kLumaG), b1 = hn::Set(d, kLumaB);
  const auto half = hn::Set(d, 32768);
  size_t x = 0;
  for (; x + n <= length; x += n) {
    hn::Vec<decltype(d8)> r, g, b, a;
    if (channels == 3) {
      hn::LoadInterleaved3(d8, in + 3 * x, r, g, b);
    } else {
      hn::LoadInterleaved4(d8, in + 4 * x, r, g, b, a);
    }
    auto sum = hn::Add(half, hn::Mul(hn::PromoteTo(d, r), r1));
    sum = hn::Add(sum, hn::Mul(hn::PromoteTo(d, g), g1));
    sum = hn::Add(sum, hn::Mul(hn::PromoteTo(d, b), b1));
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<16>(sum)), d8, out + x);
  }
  for (; x < length; ++x) {
    const uint8_t* p = in + x * static_cast<size_t>(channels);
    out[x] = static_cast<uint8_t>((p[0] * kLumaR + p[1] * kLumaG + p[2] * kLumaB + 32768) >> 16);
  }
}

void RgbRow(const uint8_t* HWY_RESTRICT in, int channels, size_t length,
            uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<uint8_t> d;
  const size_t n = hn::Lanes(d);
  size_t x = 0;
  for (; x + n <= length; x += n) {
    hn::Vec<decltype(d)> r, g, b, a;
    if (channels == 4) {
      hn::LoadInterleaved4(d, in + 4 * x, r, g, b, a);
    } else if (channels == 2) {
      hn::LoadInterleaved2(d, in + 2 * x, r, a);
      g = b = r;
    } else {
      r = g = b = hn::LoadU(d, in + x);
    }
    hn::StoreInterleaved3(r, g, b, d, out + 3 * x);
  }
  const size_t green = channels == 4 ? 1 : 0;
  for (; x < length; ++x) {
    const uint8_t* p = in + x * static_cast<size_t>(channels);
    out[3 * x] = p[0];
    out[3 * x + 1] = p[green];
    out[3 * x + 2] = p[2 * green];
  }
}

PEEL_ENTRY(LumaRow);
PEEL_ENTRY(RgbRow);

}  // namespace HWY_NAMESPACE
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {

PEEL_EXPORT(LumaRow);
PEEL_EXPORT(RgbRow);

namespace {

template <typename From, typename To, typename F>
Result<Image<To>> Map(ImageView<const From> in, ThreadPool* pool, F f) {
  PEEL_ASSIGN_OR_RETURN(auto out, Image<To>::Allocate(in.width, in.height, in.channels));
  const size_t length = static_cast<size_t>(in.width) * static_cast<size_t>(in.channels);
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const From* from = in.row(y);
      std::transform(from, from + length, out.row(y), f);
    }
  });
  return out;
}

size_t Length(ImageView<const uint8_t> v) { return static_cast<size_t>(v.width); }

}  // namespace

Result<ImageF32> ToFloat(ImageView<const uint8_t> in, ThreadPool* pool) {
  return Map<uint8_t, float>(in, pool, [](uint8_t v) { return static_cast<float>(v) / 255.0f; });
}

Result<ImageU8> ToU8(ImageView<const float> in, ThreadPool* pool) {
  return Map<float, uint8_t>(in, pool, [](float v) {
    if (!(v > 0)) return uint8_t{0};
    return static_cast<uint8_t>(std::min(v, 1.0f) * 255.0f + 0.5f);
  });
}

Result<ImageU8> ToU8(ImageView<const uint16_t> in, ThreadPool* pool) {
  return Map<uint16_t, uint8_t>(in, pool, [](uint16_t v) { return static_cast<uint8_t>(v >> 8); });
}

Result<ImageU8> ToRgb(ImageView<const uint8_t> in, ThreadPool* pool) {
  if (in.channels < 1 || in.channels > 4) return InvalidArgument("pixels have 1 to 4 channels");
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 3));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      if (in.channels == 3) {
        std::memcpy(out.row(y), in.row(y), 3 * Length(in));
      } else {
        PEEL_DISPATCH(RgbRow)(in.row(y), in.channels, Length(in), out.row(y));
      }
    }
  });
  return out;
}

Result<ImageU8> Luma(ImageView<const uint8_t> in, ThreadPool* pool) {
  if (in.channels != 1 && in.channels != 3 && in.channels != 4) {
    return InvalidArgument("luma needs one, three or four channels");
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 1));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      if (in.channels == 1) {
        std::memcpy(out.row(y), in.row(y), Length(in));
      } else {
        PEEL_DISPATCH(LumaRow)(in.row(y), in.channels, Length(in), out.row(y));
      }
    }
  });
  return out;
}

}  // namespace peel
#endif  // HWY_ONCE
