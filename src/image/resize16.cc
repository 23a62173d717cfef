#include <algorithm>
#include <utility>

#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr float kOne = 65535;

// Channel c as floats, weighed by alpha where the picture has some (but for alpha itself).
Status TakeChannel(ImageView<const uint16_t> in, int c, ThreadPool* pool, ImageF32& plane) {
  const bool weighed = in.channels == 4 && c < 3;
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint16_t* from = in.row(y);
      float* to = plane.row(y);
      for (int x = 0; x < in.width; ++x, from += in.channels) {
        to[x] = static_cast<float>(from[c]);
        if (weighed) to[x] *= static_cast<float>(from[3]) * (1 / kOne);
      }
    }
  });
  return OkStatus();
}

uint16_t Round(float v) { return static_cast<uint16_t>(std::clamp(v, 0.0f, kOne) + 0.5f); }

}  // namespace

Result<ImageU16> Resize(ImageView<const uint16_t> in, int width, int height, ResizeFilter filter,
                        ThreadPool* pool) {
  if (in.empty()) return InvalidArgument("there is no picture to resize");
  if (in.width == width && in.height == height) return Clone(in);
  PEEL_ASSIGN_OR_RETURN(ImageU16 out, ImageU16::Allocate(width, height, in.channels));
  PEEL_ASSIGN_OR_RETURN(ImageF32 plane, ImageF32::Allocate(in.width, in.height, 1));
  PEEL_ASSIGN_OR_RETURN(ImageF32 scaled, ImageF32::Allocate(width, height, 1));
  ImageF32 alpha;
  // Alpha first: the colours are divided by it.
  for (int c = in.channels - 1; c >= 0; --c) {
    PEEL_RETURN_IF_ERROR(TakeChannel(in, c, pool, plane));
    PEEL_RETURN_IF_ERROR(ResizeF32(std::as_const(plane).view(), scaled.view(), filter, pool));
    const bool weighed = in.channels == 4 && c < 3;
    ForRowBands(height, pool, [&](int first, int last, int) {
      for (int y = first; y < last; ++y) {
        const float* from = scaled.row(y);
        const float* by = weighed ? alpha.row(y) : nullptr;
        uint16_t* to = out.row(y) + c;
        for (int x = 0; x < width; ++x, to += in.channels) {
          // Below half a step of alpha there is no colour to tell.
          const float v = !weighed ? from[x] : by[x] < 0.5f ? 0 : from[x] * kOne / by[x];
          *to = Round(v);
        }
      }
    });
    if (in.channels == 4 && c == 3) {
      alpha = std::move(scaled);
      PEEL_ASSIGN_OR_RETURN(scaled, ImageF32::Allocate(width, height, 1));
    }
  }
  return out;
}

}  // namespace peel
