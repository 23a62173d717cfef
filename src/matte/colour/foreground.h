#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/function_ref.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// The colours a subject has where it is blended with its background.
// Multi-level estimation: Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground
// Estimation", 2020. Every level solves for foreground F and background B of
//   I = alpha F + (1 - alpha) B
// with smoothness weighted by the matte's gradient, starting from the next coarser level.
struct ForegroundOptions {
  float regularization = 1e-5f;
  int small_iterations = 10;  // on levels up to small_size
  int big_iterations = 2;     // on larger ones
  int small_size = 32;
  float gradient_weight = 1.0f;
};

// The two pictures that the matte mixes.
struct ForegroundPair {
  ImageF32 foreground;  // 3 channels, 0..1
  ImageF32 background;
};

// The whole picture, with the arithmetic and sweep order of pymatting's estimate_foreground_ml.
// picture: 3 channels 0..1; alpha: 1 channel 0..1, same size.
Result<ForegroundPair> EstimateForeground(ImageView<const float> picture,
                                          ImageView<const float> alpha,
                                          const ForegroundOptions& options = {});

// The sizes of the levels that EstimateForeground goes through for a picture, from 1 x 1 to its
// own.
struct ForegroundLevel {
  int width, height;
};
std::vector<ForegroundLevel> ForegroundLevels(int width, int height);

// What EstimateForeground has found when it is done with level `last`, of the picture and matte in
// RGBA of 8 or 16 bits. Reads the pixels that the levels sample and no others.
Result<ForegroundPair> EstimateForegroundUpTo(ImageView<const uint8_t> rgba, size_t last);
Result<ForegroundPair> EstimateForegroundUpTo(ImageView<const uint16_t> rgba, size_t last);

// Replaces the colours of RGBA pixels whose alpha is neither 0 nor 255 by estimated foreground
// colours, in place; all others keep theirs exactly. Works tile by tile on the soft zone and what
// surrounds it, through the same levels as EstimateForeground, so that its cost follows the length
// of the outline, not the picture's area; within 0.01 of the whole-picture estimate in the mean.
// The result does not depend on the pool.
Status DecontaminateEdges(ImageView<uint8_t> rgba, ThreadPool* pool = nullptr);
// In 16 bits a channel: alphas of 0 and 65535 are left alone.
Status DecontaminateEdges(ImageView<uint16_t> rgba, ThreadPool* pool = nullptr);

// A picture whose colours stand in planes of their own, some of them perhaps reduced by powers of
// two: Y'CbCr, for which the mixture holds as it does for RGB.
template <typename T>
struct PlanarPicture {
  struct Plane {
    const T* data = nullptr;
    ptrdiff_t stride = 0;  // samples
    int shift_x = 0, shift_y = 0;
  };
  std::array<Plane, 3> colours{};
  float one = 255;                 // the largest sample
  ImageView<const uint8_t> alpha;  // 1 channel
};

// put(x0, y0, x1, y1, colours): of the pixels [x0, x1) x [y0, y1) those whose alpha is neither 0
// nor 255, three samples each in reading order. Tiles begin at multiples of 64; several threads at
// once, after the last pixel has been read.
template <typename T>
using PutSoftColours = FunctionRef<void(int x0, int y0, int x1, int y1, const T* colours)>;

// The subject's own colours of soft pixels, found as by DecontaminateEdges.
Status EstimateSoftColours(const PlanarPicture<uint8_t>& picture, PutSoftColours<uint8_t> put,
                           ThreadPool* pool = nullptr);
Status EstimateSoftColours(const PlanarPicture<uint16_t>& picture, PutSoftColours<uint16_t> put,
                           ThreadPool* pool = nullptr);

}  // namespace peel
