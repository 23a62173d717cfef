#include "src/codec/animation_encode.h"

#include <algorithm>
#include <string>

#include "src/codec/gif/gif.h"
#include "src/codec/png/png.h"
#include "src/codec/webp/webp.h"

namespace peel {
namespace {

// The part of an RGBA frame whose alpha is at least `least`; one pixel where there is none.
Box VisiblePart(ImageView<const uint8_t> frame, uint8_t least, int step) {
  int left = frame.width, right = 0, top = frame.height, bottom = 0;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* p = frame.row(y) + 3;
    int first = 0, last = frame.width;
    while (first < last && p[ptrdiff_t{4} * first] < least) ++first;
    while (last > first && p[ptrdiff_t{4} * (last - 1)] < least) --last;
    if (first == last) continue;
    left = std::min(left, first);
    right = std::max(right, last);
    top = std::min(top, y);
    bottom = y + 1;
  }
  if (right == 0) return {0, 0, 1, 1};
  left -= left % step;
  top -= top % step;
  return {left, top, right - left, bottom - top};
}

}  // namespace

Status AnimationEncoder::Add(ImageView<const uint8_t> frame, uint32_t delay_us) {
  if (frame.empty()) return InvalidArgument("there is no pixel to write");
  const Box whole = {0, 0, frame.width, frame.height};
  Box box = whole;
  if (frames_ == 0) {
    // All of the first frame: viewers without animation show only that one.
    width_ = frame.width;
    height_ = frame.height;
    channels_ = frame.channels;
  } else if (frame.width != width_ || frame.height != height_ || frame.channels != channels_) {
    return InvalidArgument("all frames of an animation must have one size and number of channels");
  } else if (channels_ == 4) {
    box = VisiblePart(frame, LeastAlpha(), Step());
  }
  PEEL_RETURN_IF_ERROR(AddPart(frame, box, delay_us));
  ++frames_;
  return OkStatus();
}

bool CanAnimate(Format format) {
  return format == Format::kPng || format == Format::kWebp || format == Format::kGif;
}

Result<std::unique_ptr<AnimationEncoder>> StartAnimation(const EncodeOptions& options,
                                                         uint32_t plays) {
  switch (options.format) {
    case Format::kPng:
      return StartPngAnimation(options, plays);
    case Format::kWebp:
      return StartWebpAnimation(options, plays);
    case Format::kGif:
      return StartGif(plays);
    default:
      return Unsupported("Peel writes no animations as " + std::string(FormatName(options.format)) +
                         "; choose png, webp or gif");
  }
}

}  // namespace peel
