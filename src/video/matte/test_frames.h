#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "src/video/media/frame_reader.h"

// Frames that the tests of this component draw.
namespace peel::video::testing {

inline FrameFormat Format(int width, int height, int depth = 8, int shift_x = 1, int shift_y = 1,
                          bool alpha = false) {
  FrameFormat format;
  format.layout = {depth, shift_x, shift_y, alpha};
  format.width = width;
  format.height = height;
  format.colour = {"tv", "bt709", "bt709", "bt709"};
  return format;
}

inline int Sample(const Frame& frame, int plane, int x, int y) {
  const uint8_t* row = frame.plane(plane) + static_cast<size_t>(y) * frame.row_bytes(plane);
  return frame.layout().depth > 8 ? reinterpret_cast<const uint16_t*>(row)[x] : row[x];
}

inline void SetSample(Frame& frame, int plane, int x, int y, int value) {
  uint8_t* row = frame.plane(plane) + static_cast<size_t>(y) * frame.row_bytes(plane);
  if (frame.layout().depth > 8) {
    reinterpret_cast<uint16_t*>(row)[x] = static_cast<uint16_t>(value);
  } else {
    row[x] = static_cast<uint8_t>(value);
  }
}

// value(plane, x, y): of each sample, 8 bits; scaled to the format's depth.
inline Frame Draw(const FrameFormat& format, const std::function<double(int, int, int)>& value) {
  Frame frame = std::move(*Frame::Allocate(format.layout, format.width, format.height));
  const double unit = 1 << (format.layout.depth - 8);
  for (int p = 0; p < format.layout.planes(); ++p) {
    for (int y = 0; y < frame.plane_height(p); ++y) {
      for (int x = 0; x < frame.plane_width(p); ++x) {
        SetSample(frame, p, x, y, static_cast<int>(std::lround(value(p, x, y) * unit)));
      }
    }
  }
  return frame;
}

// Smooth patterns without a period that a search could mistake, moved by (dx, dy) luma pixels.
inline double Pattern(const FrameFormat& format, int plane, int x, int y, double dx, double dy) {
  const int sx = plane == 1 || plane == 2 ? format.layout.chroma_shift_x : 0;
  const int sy = plane == 1 || plane == 2 ? format.layout.chroma_shift_y : 0;
  const double u = (x << sx) - dx, v = (y << sy) - dy;
  const double wave = std::sin(u * 0.071 + v * 0.031) + std::sin(v * 0.093 - u * 0.017) +
                      std::sin((u + 1.7 * v) * 0.193) * 0.7 + std::sin(0.53 * u + 0.31 * v) * 0.4 +
                      std::sin(0.47 * v - 0.39 * u) * 0.4;
  return plane == 3 ? 255 : 126 + (plane == 0 ? 26 : 15) * wave;
}

}  // namespace peel::video::testing
