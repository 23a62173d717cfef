#include "src/video/matte/reduce_frame.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/image/resample_window.h"
#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/video/matte/reduce_kernels.h"

namespace peel::video {
namespace {

constexpr ResizeFilter kFilter = ResizeFilter::kHamming;

}  // namespace

Result<ImageF32> ReducePlane(const Frame& frame, int plane, int width, int height,
                             ThreadPool* pool) {
  const int rows = frame.plane_height(plane), columns = frame.plane_width(plane);
  PEEL_ASSIGN_OR_RETURN(const ResampleWindows windows,
                        MakeResampleWindows(rows, 0, rows, height, kFilter));
  std::vector<float> weights(windows.weights.size());
  std::transform(windows.weights.begin(), windows.weights.end(), weights.begin(),
                 [](double w) { return static_cast<float>(w); });
  PEEL_ASSIGN_OR_RETURN(ImageF32 tall, ImageF32::Allocate(columns, height, 1));
  const auto weigh = frame.layout().depth > 8 ? WeighRowsU16 : WeighRowsU8;
  const size_t stride = frame.row_bytes(plane);
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const auto i = static_cast<size_t>(y);
      weigh(frame.plane(plane) + static_cast<size_t>(windows.start[i]) * stride, stride,
            &weights[i * static_cast<size_t>(windows.stride)], windows.count[i],
            static_cast<size_t>(columns), tall.row(y));
    }
  });
  return ResizeF32(std::as_const(tall).view(), width, height, kFilter, pool);
}

Result<ImageU8> ReduceToRgb(const Frame& frame, const ColourCode& code, int width, int height,
                            ThreadPool* pool) {
  std::array<ImageF32, 3> planes;
  for (int p = 0; p < 3; ++p) {
    PEEL_ASSIGN_OR_RETURN(planes[static_cast<size_t>(p)],
                          ReducePlane(frame, p, width, height, pool));
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 rgb, ImageU8::Allocate(width, height, 3));
  const ToRgbMatrix matrix = ToRgbOf(code);
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const float* rows[3] = {planes[0].row(y), planes[1].row(y), planes[2].row(y)};
      uint8_t* to = rgb.row(y);
      for (int x = 0; x < width; ++x, to += 3) {
        const float luma = rows[0][x] - matrix.zero[0], cb = rows[1][x] - matrix.zero[1],
                    cr = rows[2][x] - matrix.zero[2];
        for (size_t c = 0; c < 3; ++c) {
          const auto& g = matrix.gain[c];
          const float v = g[0] * luma + g[1] * cb + g[2] * cr;
          to[c] = static_cast<uint8_t>(std::min(std::max(v, 0.0f), 1.0f) * 255.0f + 0.5f);
        }
      }
    }
  });
  return rgb;
}

}  // namespace peel::video
