#include <cstring>

#include "src/codec/decode.h"
#include "src/codec/encode.h"

// The input's first bytes choose a picture's shape, the rest are its pixels, repeated: it must come
// back from PNG as it was.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const int width = 1 + data[0], height = 1 + data[1];
  const int channels = data[2] % 3 == 0 ? 1 : data[2] % 3 == 1 ? 3 : 4;
  peel::EncodeOptions options;
  options.png_effort = static_cast<peel::PngEffort>(data[2] / 3 % 2);
  data += 3;
  size -= 3;
  auto image = *peel::ImageU8::Allocate(width, height, channels);
  size_t at = 0;
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels; ++i) image.row(y)[i] = data[at++ % size];
  }
  const auto file = peel::Encode(image.view(), options);
  if (!file.ok()) __builtin_trap();
  const auto back = peel::Decode(*file);
  if (!back.ok() || back->width() != width || back->height() != height) __builtin_trap();
  const peel::ImageU8& got = *back->u8();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < got.channels(); ++c) {
        const int from = channels == 1 ? x : x * channels + c;
        if (got.row(y)[x * got.channels() + c] != image.row(y)[from]) __builtin_trap();
      }
    }
  }
  return 0;
}
