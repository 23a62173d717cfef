#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/codec/animation_encode.h"
#include "src/codec/frames.h"

// What is written of any frames is read again: as many, of the same size, with the same alpha.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace peel;  // NOLINT(google-build-using-namespace)
  size_t at = 0;
  const auto next = [&] { return at < size ? data[at++] : uint8_t{0}; };
  constexpr Format kFormats[] = {Format::kPng, Format::kWebp, Format::kGif};
  EncodeOptions options;
  options.format = kFormats[next() % 3];
  options.lossless = options.format == Format::kWebp;
  const int channels = std::array{1, 3, 4}[next() % 3];
  const int width = 1 + next() % 40, height = 1 + next() % 40, count = 2 + next() % 3;
  auto encoder = StartAnimation(options, next());
  if (!encoder.ok()) return 0;
  std::vector<ImageU8> frames;
  for (int i = 0; i < count; ++i) {
    auto frame = ImageU8::Allocate(width, height, channels);
    if (!frame.ok()) return 0;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width * channels; ++x) frame->row(y)[x] = next();
    }
    const uint32_t delay = uint32_t{next()} << 24 | uint32_t{next()} << 12 | next();
    if (!(*encoder)->Add(frame->view(), delay).ok()) __builtin_trap();
    frames.push_back(*std::move(frame));
  }
  const auto file = (*encoder)->Finish();
  if (!file.ok()) __builtin_trap();
  const auto reader = OpenFrames(*file);
  if (!reader.ok() || (*reader)->count() != count) __builtin_trap();
  for (const ImageU8& frame : frames) {
    const auto picture = (*reader)->Next();
    if (!picture.ok() || picture->width() != width || picture->height() != height) __builtin_trap();
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int alpha = channels == 4 ? frame.row(y)[4 * x + 3] : 255;
        const int want = options.format == Format::kGif ? (alpha >= 128 ? 255 : 0) : alpha;
        const ImageU8& got = *picture->u8();
        if ((got.channels() == 4 ? got.row(y)[4 * x + 3] : 255) != want) __builtin_trap();
      }
    }
  }
  return 0;
}
