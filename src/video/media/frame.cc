#include "src/video/media/frame.h"

#include <cstring>
#include <string>
#include <utility>

namespace peel::video {

int Frame::plane_width(int plane) const {
  const bool chroma = plane == 1 || plane == 2;
  const int shift = chroma ? layout_.chroma_shift_x : 0;
  return (width_ + (1 << shift) - 1) >> shift;
}

int Frame::plane_height(int plane) const {
  const bool chroma = plane == 1 || plane == 2;
  const int shift = chroma ? layout_.chroma_shift_y : 0;
  return (height_ + (1 << shift) - 1) >> shift;
}

size_t Frame::row_bytes(int plane) const {
  return static_cast<size_t>(plane_width(plane)) * static_cast<size_t>(layout_.bytes_per_sample());
}

Result<Frame> Frame::Allocate(const FrameLayout& layout, int width, int height,
                              bool room_for_alpha) {
  if (width < 1 || height < 1) return InvalidArgument("a frame without pixels");
  if (width > kMaxSide || height > kMaxSide) {
    return LimitExceeded("frames of " + std::to_string(width) + " x " + std::to_string(height) +
                         " pixels are beyond the limit of " + std::to_string(kMaxSide) +
                         " a side; give --max-size to have them smaller");
  }
  Frame frame;
  frame.layout_ = layout;
  frame.width_ = width;
  frame.height_ = height;
  for (int plane = 0; plane < layout.planes(); ++plane) {
    frame.offset_[static_cast<size_t>(plane)] = frame.bytes_;
    // At most 2^14 * 2^14 * 2 * 4 bytes: no overflow.
    frame.bytes_ += frame.row_bytes(plane) * static_cast<size_t>(frame.plane_height(plane));
  }
  const size_t room = room_for_alpha && !layout.alpha ? frame.AlphaBytes() : 0;
  PEEL_ASSIGN_OR_RETURN(frame.buffer_, AlignedBuffer::Allocate(frame.bytes_ + room));
  return frame;
}

size_t Frame::AlphaBytes() const { return row_bytes(3) * static_cast<size_t>(plane_height(3)); }

Status Frame::AddAlpha() {
  if (layout_.alpha) return OkStatus();
  const size_t all = bytes_ + AlphaBytes();
  if (all > buffer_.size()) {
    PEEL_ASSIGN_OR_RETURN(AlignedBuffer larger, AlignedBuffer::Allocate(all));
    std::memcpy(larger.data(), buffer_.data(), bytes_);
    buffer_ = std::move(larger);
  }
  layout_.alpha = true;
  offset_[3] = bytes_;
  bytes_ = all;
  return OkStatus();
}

void Frame::DropAlpha() {
  if (!layout_.alpha) return;
  bytes_ = offset_[3];
  layout_.alpha = false;
}

}  // namespace peel::video
