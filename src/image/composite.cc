#include "src/image/composite.h"

#include <algorithm>

#include "src/image/composite_check.h"
#include "src/image/composite_kernels.h"
#include "src/image/rows.h"

namespace peel {
namespace {

Status CheckMatte(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha) {
  if (picture.empty() || (picture.channels != 3 && picture.channels != 4)) {
    return InvalidArgument("a cut-out needs a picture of three or four channels");
  }
  if (alpha.channels != 1 || alpha.width != picture.width || alpha.height != picture.height) {
    return InvalidArgument("the matte must have one channel and the picture's size");
  }
  return OkStatus();
}

size_t Length(ImageView<const uint8_t> v) { return static_cast<size_t>(v.width); }

// Seven more bits in the weights, and every division rounded, exactly as Pillow does it.
constexpr int kExtraBits = 7;

constexpr uint32_t ShiftForDiv255(uint32_t a) { return ((a >> 8) + a) >> 8; }

void CompositePixel(const uint8_t* front, const uint8_t* back, uint8_t* out) {
  if (front[3] == 0) {
    std::copy_n(back, 4, out);
    return;
  }
  const uint32_t blend = uint32_t{back[3]} * (255u - front[3]);
  const uint32_t alpha255 = uint32_t{front[3]} * 255 + blend;
  const uint32_t w1 = uint32_t{front[3]} * 255 * 255 * (1u << kExtraBits) / alpha255;
  const uint32_t w2 = 255 * (1u << kExtraBits) - w1;
  for (int c = 0; c < 3; ++c) {
    const uint32_t t = front[c] * w1 + back[c] * w2;
    out[c] = static_cast<uint8_t>(ShiftForDiv255(t + (0x80u << kExtraBits)) >> kExtraBits);
  }
  out[3] = static_cast<uint8_t>(ShiftForDiv255(alpha255 + 0x80));
}

}  // namespace

void Premultiply(ImageView<uint8_t> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) composite::PremultiplyRow(rgba.row(y), Length(rgba));
  });
}

void Unpremultiply(ImageView<uint8_t> rgba, ThreadPool* pool) {
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* p = rgba.row(y);
      for (int x = 0; x < rgba.width; ++x, p += 4) {
        if (p[3] == 0 || p[3] == 255) continue;
        for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::min(255 * p[c] / p[3], 255));
      }
    }
  });
}

Result<ImageU8> WithAlpha(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha,
                          bool multiply, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckMatte(picture, alpha));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(picture.width, picture.height, 4));
  const auto op = multiply ? composite::AlphaOp::kMultiply : composite::AlphaOp::kReplace;
  ForRowBands(picture.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      composite::PutAlphaRow(picture.row(y), picture.channels, alpha.row(y), op, Length(picture),
                             out.row(y));
    }
  });
  return out;
}

Result<ImageU8> NaiveCutout(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha,
                            ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckMatte(picture, alpha));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(picture.width, picture.height, 4));
  ForRowBands(picture.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      composite::NaiveRow(picture.row(y), picture.channels, alpha.row(y), Length(picture),
                          out.row(y));
    }
  });
  return out;
}

Result<ImageU8> Blend(ImageView<const uint8_t> front, ImageView<const uint8_t> back,
                      ImageView<const uint8_t> mask, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(front, back, front.channels, front.channels));
  PEEL_RETURN_IF_ERROR(CheckPair(front, mask, front.channels, 1));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(front.width, front.height, front.channels));
  ForRowBands(front.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      composite::BlendRow(front.row(y), back.row(y), mask.row(y), front.channels, Length(front),
                          out.row(y));
    }
  });
  return out;
}

Result<ImageU8> AlphaComposite(ImageView<const uint8_t> front, ImageView<const uint8_t> back,
                               ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(front, back, 4, 4));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(front.width, front.height, 4));
  ForRowBands(front.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      for (ptrdiff_t x = 0; x < front.width; ++x) {
        CompositePixel(front.row(y) + 4 * x, back.row(y) + 4 * x, out.row(y) + 4 * x);
      }
    }
  });
  return out;
}

Result<ImageU8> AlphaComposite(ImageView<const uint8_t> front, Rgba colour, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(front, front, 4, 4));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(front.width, front.height, 4));
  const uint8_t back[4] = {colour.r, colour.g, colour.b, colour.a};
  ForRowBands(front.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      for (ptrdiff_t x = 0; x < front.width; ++x) {
        CompositePixel(front.row(y) + 4 * x, back, out.row(y) + 4 * x);
      }
    }
  });
  return out;
}

Result<ImageU8> FlattenOver(ImageView<const uint8_t> rgba, Rgba colour, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(rgba, rgba, 4, 4));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(rgba.width, rgba.height, 3));
  const uint8_t back[3] = {colour.r, colour.g, colour.b};
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      composite::FlattenRow(rgba.row(y), back, 0, Length(rgba), out.row(y));
    }
  });
  return out;
}

Result<ImageU8> FlattenOver(ImageView<const uint8_t> rgba, ImageView<const uint8_t> back,
                            ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPair(rgba, back, 4, 3));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(rgba.width, rgba.height, 3));
  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      composite::FlattenRow(rgba.row(y), back.row(y), 3, Length(rgba), out.row(y));
    }
  });
  return out;
}

}  // namespace peel
