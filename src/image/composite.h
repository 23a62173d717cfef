#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// Putting pictures over, under and through each other, 8 bits a channel, straight (not
// premultiplied) alpha unless a name says otherwise; the overloads for 16 bits are at the end.
// Roundings are Pillow's where it has the same operation; the function says which.

// round(a * b / 255) as Pillow has it.
constexpr uint32_t MulDiv255(uint32_t a, uint32_t b) {
  const uint32_t t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

struct Rgba {
  uint8_t r = 0, g = 0, b = 0, a = 255;
  bool operator==(const Rgba&) const = default;
};

// RGBA in place: colour times alpha (Pillow's RGBA to RGBa), and back (RGBa to RGBA: truncated
// quotients, fully transparent and opaque pixels untouched).
void Premultiply(ImageView<uint8_t> rgba, ThreadPool* pool = nullptr);
void Unpremultiply(ImageView<uint8_t> rgba, ThreadPool* pool = nullptr);

// RGBA with the picture's own colours and the matte as alpha; `multiply` also multiplies in the
// alpha that a 4-channel picture has (otherwise it is replaced, as Pillow's putalpha does).
// picture: 3 or 4 channels; alpha: 1 channel of the same size. Errors: kInvalidArgument.
Result<ImageU8> WithAlpha(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha,
                          bool multiply, ThreadPool* pool = nullptr);

// rembg's "naive" cut-out: Image.composite(picture as RGBA, transparent black, alpha). Every
// channel, alpha too, is multiplied by the matte.
Result<ImageU8> NaiveCutout(ImageView<const uint8_t> picture, ImageView<const uint8_t> alpha,
                            ThreadPool* pool = nullptr);

// Pillow's Image.composite(front, back, mask) for 1 to 4 equal channels, mask of 1 channel.
Result<ImageU8> Blend(ImageView<const uint8_t> front, ImageView<const uint8_t> back,
                      ImageView<const uint8_t> mask, ThreadPool* pool = nullptr);

// Pillow's Image.alpha_composite: RGBA over RGBA of the same size, and over one colour.
Result<ImageU8> AlphaComposite(ImageView<const uint8_t> front, ImageView<const uint8_t> back,
                               ThreadPool* pool = nullptr);
Result<ImageU8> AlphaComposite(ImageView<const uint8_t> front, Rgba colour,
                               ThreadPool* pool = nullptr);

// RGBA over an opaque colour or an RGB picture of the same size: RGB, each channel rounded to the
// nearest value.
Result<ImageU8> FlattenOver(ImageView<const uint8_t> rgba, Rgba colour, ThreadPool* pool = nullptr);
Result<ImageU8> FlattenOver(ImageView<const uint8_t> rgba, ImageView<const uint8_t> back,
                            ThreadPool* pool = nullptr);

// The same for pictures of 16 bits a channel, rounded to the nearest; mattes and backgrounds keep
// their 8 bits, of which 255 stands for 65535.
void Unpremultiply(ImageView<uint16_t> rgba, ThreadPool* pool = nullptr);
Result<ImageU16> WithAlpha(ImageView<const uint16_t> picture, ImageView<const uint8_t> alpha,
                           bool multiply, ThreadPool* pool = nullptr);
Result<ImageU16> AlphaComposite(ImageView<const uint16_t> front, ImageView<const uint8_t> back,
                                ThreadPool* pool = nullptr);
Result<ImageU16> AlphaComposite(ImageView<const uint16_t> front, Rgba colour,
                                ThreadPool* pool = nullptr);
Result<ImageU16> FlattenOver(ImageView<const uint16_t> rgba, Rgba colour,
                             ThreadPool* pool = nullptr);
Result<ImageU16> FlattenOver(ImageView<const uint16_t> rgba, ImageView<const uint8_t> back,
                             ThreadPool* pool = nullptr);

}  // namespace peel
