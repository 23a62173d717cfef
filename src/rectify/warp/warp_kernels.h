#pragma once

#include <cstddef>
#include <cstdint>

#include "src/image/image.h"
#include "src/rectify/warp/warp_filters.h"

// The inner loops of a warp, which goes tile by tile: the part of the source that a tile of the
// result sees is copied into a window of four channels (widened, premultiplied, continued beyond
// the picture's edges), and the tile is computed from that. The same on every processor: whole
// numbers, or floats added in one order and never fused.
namespace peel::warp {

inline constexpr int kTileSide = 64;  // the most that a tile has across and down

// Where the pixels of a tile lie in its window. With u and v counted from the tile's middle, pixel
// i of row j is seen at
//   x = x0 + (xu u + xv v) / (1 + gu u + gv v)   with u = left + i, v = top + j, and y likewise,
// in pixels of the window, of which the first has its centre at 0, 0.
struct TilePlaces {
  float left, top;
  float xu, xv, yu, yv, gu, gv;
  float x0, y0;
  float min_x, max_x, min_y, max_y;
  bool clamped;  // whether that can change any
  int width, height;
};

// Four channels a pixel, rows `stride` elements apart. All taps of all clamped places lie inside.
template <typename T>
struct Window {
  T* data;
  ptrdiff_t stride;
  int width, height;
};

// `rows` rows of `count` pixels of 1 to 4 channels, each value times 2 to the power of kValueBits.
// Channels that are missing are 0, and the second of two goes where alpha is, into the fourth. Each
// row of `in` has `there` pixels that may be read; up to kWidenedToSpare pixels behind each row of
// `out` are overwritten, before the next row is written.
inline constexpr int kWidenedToSpare = 3;
void Widen(const uint8_t* in, ptrdiff_t in_stride, int channels, int there, int count, int rows,
           int16_t* out, ptrdiff_t out_stride);

// Colours times alpha, with 2 and 4 channels; others as they are. Floats up to 255 * 255.
void Widen(const uint8_t* in, ptrdiff_t in_stride, int channels, int there, int count, int rows,
           float* out, ptrdiff_t out_stride);
void Widen(const uint16_t* in, ptrdiff_t in_stride, int channels, int there, int count, int rows,
           float* out, ptrdiff_t out_stride);

// Whether all of `count` pixels of 2 or 4 channels are opaque.
bool IsOpaqueRow(const uint8_t* in, int channels, int count);

// The tile from its window, rounded to the nearest and clipped. `out` has `channels` channels.
void RenderTile(const TilePlaces& places, const Window<const int16_t>& window, const Bank& across,
                const Bank& down, int channels, uint8_t* out, ptrdiff_t out_stride);

// Likewise; 2 and 4 channels become straight again. Where alpha is 0 and the place is a pixel's
// own, unfiltered, the pixel's hidden colour is taken from `picture`, at whose pixel
// origin_x, origin_y the window begins (null data: nothing is).
void RenderTile(const TilePlaces& places, const Window<const float>& window, const BankF32& across,
                const BankF32& down, ImageView<const uint8_t> picture, int origin_x, int origin_y,
                int channels, uint8_t* out, ptrdiff_t out_stride);
void RenderTile(const TilePlaces& places, const Window<const float>& window, const BankF32& across,
                const BankF32& down, ImageView<const uint16_t> picture, int origin_x, int origin_y,
                int channels, uint16_t* out, ptrdiff_t out_stride);

}  // namespace peel::warp
