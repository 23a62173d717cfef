#include <span>

#include "src/codec/frames.h"

// Every frame of whatever the bytes are.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::DecodeOptions options;
  options.limits.max_pixels = 1 << 16;
  options.limits.max_width = options.limits.max_height = 1 << 12;
  options.limits.max_frames = 64;
  const auto frames = peel::OpenFrames(std::span(data, size), options);
  if (!frames.ok()) return 0;
  for (int i = 0; i < (*frames)->count(); ++i) {
    const auto picture = (*frames)->Next();
    if (!picture.ok()) break;
    if (picture->width() < 1 || picture->height() < 1 || picture->frames < 1) __builtin_trap();
    const int channels =
        std::visit([](const auto& image) { return image.channels(); }, picture->pixels);
    if (channels != (picture->has_alpha ? 4 : 3)) __builtin_trap();
  }
  return 0;
}
