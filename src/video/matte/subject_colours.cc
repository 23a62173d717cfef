#include "src/video/matte/subject_colours.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/matte/colour/foreground.h"

namespace peel::video {
namespace {

template <typename T>
Status Take(const ImageU8& alpha, Frame& frame, ThreadPool* pool) {
  const FrameLayout layout = frame.layout();
  PlanarPicture<T> picture;
  std::array<T*, 3> data{};
  for (int p = 0; p < 3; ++p) {
    const auto i = static_cast<size_t>(p);
    data[i] = reinterpret_cast<T*>(frame.plane(p));
    picture.colours[i] = {data[i], frame.plane_width(p), p == 0 ? 0 : layout.chroma_shift_x,
                          p == 0 ? 0 : layout.chroma_shift_y};
  }
  picture.one = static_cast<float>((1 << layout.depth) - 1);
  picture.alpha = alpha.view();
  const int sx = layout.chroma_shift_x, sy = layout.chroma_shift_y;

  return EstimateSoftColours(
      picture,
      [&](int x0, int y0, int x1, int y1, const T* colours) {
        // Sums of a row of chroma samples: weight, Cb, Cr.
        const int u0 = x0 >> sx, u1 = ((x1 - 1) >> sx) + 1;
        std::vector<std::array<uint32_t, 3>> sums(static_cast<size_t>(u1 - u0));
        std::vector<uint8_t> changed(sums.size());
        for (int y = y0; y < y1; ++y) {
          if (y == y0 || (y & ((1 << sy) - 1)) == 0) {
            std::fill(sums.begin(), sums.end(), std::array<uint32_t, 3>{});
            std::fill(changed.begin(), changed.end(), uint8_t{0});
          }
          const uint8_t* a = alpha.row(y);
          T* luma = data[0] + ptrdiff_t{y} * picture.colours[0].stride;
          T* chroma[2];
          for (size_t c = 0; c < 2; ++c) {
            chroma[c] = data[c + 1] + (y >> sy) * picture.colours[c + 1].stride;
          }
          for (int x = x0; x < x1; ++x) {
            const uint32_t weight = a[x];
            if (weight == 0) continue;
            const auto u = static_cast<size_t>((x >> sx) - u0);
            uint32_t cb = chroma[0][x >> sx], cr = chroma[1][x >> sx];
            if (weight != 255) {
              luma[x] = colours[0];
              cb = colours[1];
              cr = colours[2];
              colours += 3;
              changed[u] = 1;
            }
            sums[u][0] += weight;
            sums[u][1] += weight * cb;
            sums[u][2] += weight * cr;
          }
          if (y + 1 < y1 && ((y + 1) & ((1 << sy) - 1)) != 0) continue;
          for (size_t u = 0; u < sums.size(); ++u) {
            if (changed[u] == 0) continue;
            for (size_t c = 0; c < 2; ++c) {
              chroma[c][u + static_cast<size_t>(u0)] =
                  static_cast<T>((sums[u][c + 1] + sums[u][0] / 2) / sums[u][0]);
            }
          }
        }
      },
      pool);
}

}  // namespace

Status TakeSubjectColours(const ImageU8& alpha, Frame& frame, ThreadPool* pool) {
  return frame.layout().depth > 8 ? Take<uint16_t>(alpha, frame, pool)
                                  : Take<uint8_t>(alpha, frame, pool);
}

}  // namespace peel::video
