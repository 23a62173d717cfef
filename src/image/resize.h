#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/image/resample_window.h"

namespace peel {

// Which pass comes first shows in single levels, the result between them being rounded. Pillow up
// to 12 always starts with the rows; Pillow 13 starts with the columns where the height shrinks by
// more than twice as many pixels as the width.
enum class PassOrder { kPillow13, kPillow12 };

// Resizes 8-bit pixels of 1 to 4 channels into `out`, whose size and channels (equal to in's) say
// what is wanted. Byte for byte what Pillow's Image.resize makes: coefficients normalised in double
// and rounded to 22-bit fixed point, one pass into 8 bits, then the other, each rounded half up and
// clipped. `in` and `out` must not overlap. The pool only shares out rows: the
// bytes do not depend on it.
// Channels are independent. Pillow itself resizes RGBA and LA premultiplied (except kNearest):
// ResizeRgba does that.
Status Resize(ImageView<const uint8_t> in, ImageView<uint8_t> out, ResizeFilter filter,
              ThreadPool* pool = nullptr, PassOrder order = PassOrder::kPillow13);
Result<ImageU8> Resize(ImageView<const uint8_t> in, int width, int height, ResizeFilter filter,
                       ThreadPool* pool = nullptr, PassOrder order = PassOrder::kPillow13);

// Four channels, the last one straight alpha: premultiplied, resized and divided again with
// Pillow's roundings, byte for byte its Image.resize in mode RGBA.
Result<ImageU8> ResizeRgba(ImageView<const uint8_t> in, int width, int height, ResizeFilter filter,
                           ThreadPool* pool = nullptr);

// The same filters on float pixels of 1 to 4 channels, accumulated in single precision: within a
// few units of the last place of Pillow's mode F.
Status ResizeF32(ImageView<const float> in, ImageView<float> out, ResizeFilter filter,
                 ThreadPool* pool = nullptr);
Result<ImageF32> ResizeF32(ImageView<const float> in, int width, int height, ResizeFilter filter,
                           ThreadPool* pool = nullptr);

// 16-bit pixels of 1 to 4 channels through ResizeF32, a channel at a time; of 4 channels the last
// is straight alpha, which weighs the others.
Result<ImageU16> Resize(ImageView<const uint16_t> in, int width, int height, ResizeFilter filter,
                        ThreadPool* pool = nullptr);

// Lanczos with a short cut for strong reductions: whole blocks of pixels are averaged first, down
// to at least twice the target, and the filter does the rest (Pillow's reducing_gap = 2). For 8-bit
// pixels of 1 to 4 channels where speed matters more than Pillow's exact bytes; the same as
// kLanczos when either axis shrinks by less than 4.
Result<ImageU8> ResizeFast(ImageView<const uint8_t> in, int width, int height,
                           ThreadPool* pool = nullptr);

}  // namespace peel
