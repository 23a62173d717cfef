#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"

namespace peel::video {

// How a frame's samples lie: planes Y, Cb, Cr and perhaps alpha (of the luma's size, full range,
// not multiplied into the colours). Names as ffmpeg's pixel formats, yuv420p10le and the like.
struct FrameLayout {
  int depth = 8;           // bits a sample: 8 in bytes, 10 in uint16_t of this machine's byte order
  int chroma_shift_x = 1;  // 4:2:0: 1, 1; 4:2:2: 1, 0; 4:4:4: 0, 0
  int chroma_shift_y = 1;
  bool alpha = false;

  int planes() const { return alpha ? 4 : 3; }
  int bytes_per_sample() const { return depth > 8 ? 2 : 1; }
  bool operator==(const FrameLayout&) const = default;
};

// A picture of a film. Rows stand one after another without padding, planes one after another, as
// ffmpeg's rawvideo has them. Move-only.
class Frame {
 public:
  static constexpr int kMaxSide = 16384;

  Frame() = default;
  // kLimit beyond kMaxSide, kOutOfMemory. Uninitialised. With room for alpha, AddAlpha() need not
  // move anything.
  static Result<Frame> Allocate(const FrameLayout& layout, int width, int height,
                                bool room_for_alpha = false);

  // Gives it an alpha plane, uninitialised, where it has none. kOutOfMemory.
  Status AddAlpha();
  // Takes it away.
  void DropAlpha();

  const FrameLayout& layout() const { return layout_; }
  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return width_ == 0; }
  // Of plane 0 to 3; chroma is rounded up.
  int plane_width(int plane) const;
  int plane_height(int plane) const;
  // Bytes of a row, and the plane's first one.
  size_t row_bytes(int plane) const;
  uint8_t* plane(int plane) { return buffer_.as<uint8_t>() + offset_[static_cast<size_t>(plane)]; }
  const uint8_t* plane(int plane) const {
    return buffer_.as<uint8_t>() + offset_[static_cast<size_t>(plane)];
  }
  uint8_t* data() { return buffer_.as<uint8_t>(); }
  const uint8_t* data() const { return buffer_.as<uint8_t>(); }
  size_t bytes() const { return bytes_; }

  int64_t pts = 0;  // when it is shown, in units of the stream's time base; rising

 private:
  size_t AlphaBytes() const;
  FrameLayout layout_;
  int width_ = 0, height_ = 0;
  std::array<size_t, 4> offset_{};
  size_t bytes_ = 0;
  AlignedBuffer buffer_;
};

}  // namespace peel::video
