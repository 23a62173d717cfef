#include "src/video/matte/backdrop.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/matte/edges/guided_kernels.h"
#include "src/video/matte/reduce_frame.h"

namespace peel::video {
namespace {

FrameLayout Opaque(FrameLayout layout) {
  layout.alpha = false;
  return layout;
}

// One row of a plane from floats.
void PutRow(const float* from, int y, int plane, Frame& frame) {
  uint8_t* row = frame.plane(plane) + static_cast<size_t>(y) * frame.row_bytes(plane);
  const int width = frame.plane_width(plane);
  const auto top = static_cast<float>((1 << frame.layout().depth) - 1);
  if (frame.layout().depth > 8) {
    auto* to = reinterpret_cast<uint16_t*>(row);
    for (int x = 0; x < width; ++x) {
      to[x] = static_cast<uint16_t>(std::min(std::max(from[x], 0.0f), top) + 0.5f);
    }
  } else {
    for (int x = 0; x < width; ++x) {
      row[x] = static_cast<uint8_t>(std::min(std::max(from[x], 0.0f), top) + 0.5f);
    }
  }
}

// Three box means of radius 2 have this deviation, with a little for the scaling before and after.
constexpr double kBoxes = 2.52;

void BlurPlane(ImageF32& plane, int radius, int passes) {
  const int width = plane.width(), height = plane.height();
  const auto w = static_cast<size_t>(width);
  std::vector<float> dense(w * static_cast<size_t>(height));
  std::vector<float> scratch(BoxMeanScratch(width, height, radius));
  for (int y = 0; y < height; ++y) std::copy_n(plane.row(y), w, &dense[static_cast<size_t>(y) * w]);
  for (int i = 0; i < passes; ++i) BoxMean(dense.data(), scratch.data(), width, height, radius);
  for (int y = 0; y < height; ++y) std::copy_n(&dense[static_cast<size_t>(y) * w], w, plane.row(y));
}

}  // namespace

Result<Frame> ColourFrame(const FrameFormat& format, const std::array<uint8_t, 3>& rgb) {
  PEEL_ASSIGN_OR_RETURN(Frame frame,
                        Frame::Allocate(Opaque(format.layout), format.width, format.height));
  const std::array<float, 3> samples = SamplesOf(ColourCodeOf(format), rgb);
  for (int p = 0; p < 3; ++p) {
    const std::vector<float> row(static_cast<size_t>(format.width),
                                 samples[static_cast<size_t>(p)]);
    for (int y = 0; y < frame.plane_height(p); ++y) PutRow(row.data(), y, p, frame);
  }
  return frame;
}

Result<Frame> PictureFrame(const FrameFormat& format, ImageView<const uint8_t> rgb,
                           ThreadPool* pool) {
  if (rgb.channels != 3 || rgb.width != format.width || rgb.height != format.height) {
    return InvalidArgument("the picture behind a film is RGB of the film's size");
  }
  PEEL_ASSIGN_OR_RETURN(Frame frame,
                        Frame::Allocate(Opaque(format.layout), format.width, format.height));
  const ColourCode code = ColourCodeOf(format);
  for (int p = 0; p < 3; ++p) {
    const int sx = p == 0 ? 0 : format.layout.chroma_shift_x;
    const int sy = p == 0 ? 0 : format.layout.chroma_shift_y;
    ForRowBands(frame.plane_height(p), pool, [&](int first, int last, int) {
      std::vector<float> row(static_cast<size_t>(frame.plane_width(p)));
      for (int y = first; y < last; ++y) {
        for (int x = 0; x < frame.plane_width(p); ++x) {
          float sum = 0;
          int count = 0;
          for (int v = y << sy; v < std::min((y + 1) << sy, rgb.height); ++v) {
            for (int u = x << sx; u < std::min((x + 1) << sx, rgb.width); ++u, ++count) {
              const uint8_t* pixel = rgb.row(v) + ptrdiff_t{3} * u;
              sum += SamplesOf(code, {pixel[0], pixel[1], pixel[2]})[static_cast<size_t>(p)];
            }
          }
          row[static_cast<size_t>(x)] = sum / static_cast<float>(count);
        }
        PutRow(row.data(), y, p, frame);
      }
    });
  }
  return frame;
}

Result<Frame> BlurredFrame(const Frame& frame, double sigma, ThreadPool* pool) {
  if (!(sigma > 0)) return InvalidArgument("a blur needs a sigma above 0");
  PEEL_ASSIGN_OR_RETURN(Frame out,
                        Frame::Allocate(Opaque(frame.layout()), frame.width(), frame.height()));
  for (int p = 0; p < 3; ++p) {
    const int width = frame.plane_width(p), height = frame.plane_height(p);
    const double sx = sigma * width / frame.width(), sy = sigma * height / frame.height();
    const auto reduced = [](int side, double s) {
      return std::clamp(static_cast<int>(std::lround(side * kBoxes / s)), 1, side);
    };
    const bool little = std::min(sx, sy) < kBoxes;
    const int w = little ? width : reduced(width, sx), h = little ? height : reduced(height, sy);
    PEEL_ASSIGN_OR_RETURN(ImageF32 plane, ReducePlane(frame, p, w, h, pool));
    if (little) {  // a box mean of radius 1 has a variance of 2/3
      BlurPlane(plane, 1, std::max(1, static_cast<int>(std::lround(1.5 * sx * sy))));
    } else {
      BlurPlane(plane, 2, 3);
    }
    PEEL_ASSIGN_OR_RETURN(plane, ResizeF32(std::as_const(plane).view(), width, height,
                                           ResizeFilter::kBilinear, pool));
    for (int y = 0; y < height; ++y) PutRow(plane.row(y), y, p, out);
  }
  out.pts = frame.pts;
  return out;
}

}  // namespace peel::video
