#include "src/codec/limits.h"

#include <string>

namespace peel {
namespace {

std::string SizeText(uint64_t width, uint64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

// "250 megapixels", or the plain number where it is less than one.
std::string PixelText(uint64_t pixels) {
  return pixels < 1'000'000 ? std::to_string(pixels) + " pixels"
                            : std::to_string(pixels / 1'000'000) + " megapixels";
}

}  // namespace

Status CheckBytes(const Limits& limits, uint64_t bytes) {
  if (bytes <= limits.max_bytes) return OkStatus();
  return LimitExceeded("the file has " + std::to_string(bytes) + " bytes, more than the limit of " +
                       std::to_string(limits.max_bytes) +
                       "; raise the byte limit if the file can be trusted");
}

Status CheckSize(const Limits& limits, uint64_t width, uint64_t height, uint64_t frames) {
  if (width == 0 || height == 0) {
    return Corrupt("the header says " + SizeText(width, height) +
                   " pixels: there is no picture in this file");
  }
  if (width > static_cast<uint64_t>(limits.max_width) ||
      height > static_cast<uint64_t>(limits.max_height)) {
    return LimitExceeded("the picture is " + SizeText(width, height) +
                         " pixels, more than the limit of " +
                         SizeText(limits.max_width, limits.max_height) +
                         "; raise the size limit if the file can be trusted");
  }
  // Neither factor is above 2^31 here.
  if (width * height > limits.max_pixels) {
    return LimitExceeded("the picture is " + SizeText(width, height) + " = " +
                         PixelText(width * height) + ", more than the limit of " +
                         PixelText(limits.max_pixels) +
                         "; raise the pixel limit if the file can be trusted");
  }
  if (frames > static_cast<uint64_t>(limits.max_frames)) {
    return LimitExceeded("the animation has " + std::to_string(frames) +
                         " frames, more than the limit of " + std::to_string(limits.max_frames) +
                         "; raise the frame limit if the file can be trusted");
  }
  return OkStatus();
}

}  // namespace peel
