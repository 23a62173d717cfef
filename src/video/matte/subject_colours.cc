#include "src/video/matte/subject_colours.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/matte/colour/foreground.h"

namespace peel::video {
namespace {

// Of the pixels [x0, x1) x [y0, y1): the columns from the first to behind the last that has a soft
// one; none of them: *from == *to.
void SoftColumns(const ImageU8& alpha, int y0, int y1, int x0, int x1, int* from, int* to) {
  const auto soft = [](uint8_t a) { return static_cast<uint8_t>(a - 1) < 254; };
  *from = x1;
  *to = x0;
  for (int y = y0; y < y1; ++y) {
    const uint8_t* const a = alpha.row(y);
    uint8_t any = 0;  // no way out of the loop, so that it is done in vectors
    for (int x = x0; x < x1; ++x) any |= static_cast<uint8_t>(soft(a[x]));
    if (any == 0) continue;
    int first = x0, last = x1;
    while (!soft(a[first])) ++first;
    while (!soft(a[last - 1])) --last;
    *from = std::min(*from, first);
    *to = std::max(*to, last);
  }
  if (*from > *to) *from = *to;
}

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
        int from = x0, to = x1;
        for (int y = y0; y < y1; ++y) {
          if (y == y0 || (y & ((1 << sy) - 1)) == 0) {
            // Of the rows that share a row of chroma, the columns between soft pixels suffice.
            const int next = std::min(((y >> sy) + 1) << sy, y1);
            SoftColumns(alpha, y, next, x0, x1, &from, &to);
            if (from == to) {
              y = next - 1;
              continue;
            }
            from = std::max(from >> sx << sx, x0);
            to = std::min((((to - 1) >> sx) + 1) << sx, x1);
            std::fill(sums.begin(), sums.end(), std::array<uint32_t, 3>{});
            std::fill(changed.begin(), changed.end(), uint8_t{0});
          }
          const uint8_t* a = alpha.row(y);
          T* luma = data[0] + ptrdiff_t{y} * picture.colours[0].stride;
          T* chroma[2];
          for (size_t c = 0; c < 2; ++c) {
            chroma[c] = data[c + 1] + (y >> sy) * picture.colours[c + 1].stride;
          }
          for (int x = from; x < to; ++x) {
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
