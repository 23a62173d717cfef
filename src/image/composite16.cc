#include <algorithm>

#include "src/image/composite.h"
#include "src/image/composite_check.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr uint32_t kOne = 65535;

constexpr uint32_t Widen(uint8_t v) { return v * 257u; }

// round(a * b / 65535); a and b up to 65535.
constexpr uint32_t Times(uint32_t a, uint32_t b) { return (a * b + kOne / 2) / kOne; }

// Straight RGBA over straight RGBA, of which `back` has 8 bits.
void CompositePixel(const uint16_t* front, const uint8_t* back, uint16_t* out) {
  const uint32_t behind = Times(Widen(back[3]), kOne - front[3]);
  const uint32_t alpha = front[3] + behind;
  for (int c = 0; c < 3; ++c) {
    const uint64_t sum = uint64_t{front[c]} * front[3] + uint64_t{Widen(back[c])} * behind;
    out[c] = alpha == 0 ? uint16_t{0} : static_cast<uint16_t>((sum + alpha / 2) / alpha);
  }
  out[3] = static_cast<uint16_t>(alpha);
}

// RGBA over opaque RGB.
void FlattenPixel(const uint16_t* rgba, const uint8_t* back, uint16_t* out) {
  for (int c = 0; c < 3; ++c) {
    const uint64_t sum = uint64_t{rgba[c]} * rgba[3] + uint64_t{Widen(back[c])} * (kOne - rgba[3]);
    out[c] = static_cast<uint16_t>((sum + kOne / 2) / kOne);
  }
}

// pixel(front, back, out) for all of them; back_step is 0 for one colour throughout.
template <typename Pixel>
Result<ImageU16> ForPixels(ImageView<const uint16_t> front, ImageView<const uint8_t> back,
                           int back_step, int channels, ThreadPool* pool, Pixel pixel) {
  PEEL_ASSIGN_OR_RETURN(ImageU16 out, ImageU16::Allocate(front.width, front.height, channels));
  ForRowBands(front.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint16_t* from = front.row(y);
      const uint8_t* behind = back.row(y);
      uint16_t* to = out.row(y);
      for (int x = 0; x < front.width; ++x) {
        pixel(from, behind, to);
        from += front.channels;
        behind += back_step;
        to += channels;
      }
    }
  });
  return out;
}

}  // namespace

void Unpremultiply(ImageView<uint16_t> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint16_t* p = rgba.row(y);
      for (int x = 0; x < rgba.width; ++x, p += 4) {
        if (p[3] == 0 || p[3] == kOne) continue;
        for (int c = 0; c < 3; ++c) {
          p[c] = static_cast<uint16_t>(std::min((kOne * p[c] + p[3] / 2u) / p[3], kOne));
        }
      }
    }
  });
}

Result<ImageU16> WithAlpha(ImageView<const uint16_t> picture, ImageView<const uint8_t> alpha,
                           bool multiply, ThreadPool* pool) {
  if (picture.channels != 3 && picture.channels != 4) {
    return InvalidArgument("a cut-out needs a picture of three or four channels");
  }
  PEEL_RETURN_IF_ERROR(CheckPair(picture, alpha, picture.channels, 1));
  const bool times = multiply && picture.channels == 4;
  return ForPixels(picture, alpha, 1, 4, pool,
                   [times](const uint16_t* from, const uint8_t* matte, uint16_t* to) {
                     std::copy_n(from, 3, to);
                     const uint32_t a = Widen(*matte);
                     to[3] = static_cast<uint16_t>(times ? Times(a, from[3]) : a);
                   });
}

Result<ImageU16> AlphaComposite(ImageView<const uint16_t> front, ImageView<const uint8_t> back,
                                ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(front, back, 4, 4));
  return ForPixels(front, back, 4, 4, pool, CompositePixel);
}

Result<ImageU16> AlphaComposite(ImageView<const uint16_t> front, Rgba colour, ThreadPool* pool) {
  const uint8_t back[4] = {colour.r, colour.g, colour.b, colour.a};
  const ImageView<const uint8_t> view = {back, front.width, front.height, 4, 0};
  PEEL_RETURN_IF_ERROR(CheckPair(front, view, 4, 4));
  return ForPixels(front, view, 0, 4, pool, CompositePixel);
}

Result<ImageU16> FlattenOver(ImageView<const uint16_t> rgba, Rgba colour, ThreadPool* pool) {
  const uint8_t back[3] = {colour.r, colour.g, colour.b};
  const ImageView<const uint8_t> view = {back, rgba.width, rgba.height, 3, 0};
  PEEL_RETURN_IF_ERROR(CheckPair(rgba, view, 4, 3));
  return ForPixels(rgba, view, 0, 3, pool, FlattenPixel);
}

Result<ImageU16> FlattenOver(ImageView<const uint16_t> rgba, ImageView<const uint8_t> back,
                             ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(rgba, back, 4, 3));
  return ForPixels(rgba, back, 3, 3, pool, FlattenPixel);
}

}  // namespace peel
