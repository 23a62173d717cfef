#pragma once

#include <string>
#include <string_view>

#include "src/video/media/frame.h"

namespace peel::video {

// What ffmpeg's pixel formats are made of, by their names (libavutil/pixfmt.h).
struct PixelFormat {
  bool is_rgb = false;         // or a palette
  bool is_grey = false;        // no colours
  bool is_full_range = false;  // by its name: the yuvj… ones
  bool alpha = false;
  int depth = 8;  // bits a sample
  int chroma_shift_x = 0, chroma_shift_y = 0;
};
PixelFormat ParsePixelFormat(std::string_view name);

// What frames of such a film are read as: 8 bits or 10, as much chroma as it has (4:2:0 for less
// than that and for grey), 4:4:4 for RGB.
FrameLayout LayoutFor(const PixelFormat& format, bool alpha);

// The name that ffmpeg has for a layout: "yuva420p", "yuv444p10le" (be on such a machine).
std::string PixelFormatName(const FrameLayout& layout);

// The mark of such raw frames in NUT.
uint32_t NutFourcc(const FrameLayout& layout);

}  // namespace peel::video
