#pragma once

#include <peel/peel.h>

#include <variant>

#include "src/base/status.h"
#include "src/image/image.h"

// What peel_pixels says, as the library wants it.
namespace peel {

// Borrowed pixels: 3 or 4 channels in the order RGB, the caller's own where they are so already,
// else those of a copy that lives in here.
struct PicturePixels {
  std::variant<ImageView<const uint8_t>, ImageView<const uint16_t>> view;
  std::variant<ImageU8, ImageU16> copy;
  bool was_bgr = false, was_grey = false;

  int width() const {
    return std::visit([](const auto& v) { return v.width; }, view);
  }
  int height() const {
    return std::visit([](const auto& v) { return v.height; }, view);
  }
  bool is_16_bit() const { return std::holds_alternative<ImageView<const uint16_t>>(view); }
};
Result<PicturePixels> ReadPicture(const peel_pixels* pixels);

// 1 channel of 8 bits; `what` is for messages: "a matte".
Result<ImageView<const uint8_t>> ReadPlane(const peel_pixels* pixels, const char* what);

// A copy of 3 or 4 channels of 8 bits in the order RGB; `what` is for messages: "hints".
Result<ImageU8> ReadColours(const peel_pixels* pixels, const char* what);

// In place; nothing happens to 1 channel.
void SwapRedAndBlue(ImageView<uint8_t> pixels);
void SwapRedAndBlue(ImageView<uint16_t> pixels);

}  // namespace peel
