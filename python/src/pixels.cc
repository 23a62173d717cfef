#include "python/src/pixels.h"

#include <cstring>
#include <limits>

namespace peel::python {
namespace {

// What peel.h says a max_pixels of 0 stands for.
constexpr uint64_t kMaxPixels = 250'000'000;

int ToInt(size_t v) {
  constexpr int kMost = std::numeric_limits<int>::max();
  return v > static_cast<size_t>(kMost) ? kMost : static_cast<int>(v);  // the library refuses it
}

}  // namespace

PixelsIn::PixelsIn(const ArrayIn& array, bool bgr, uint64_t max_pixels) {
  const size_t height = array.shape(0), width = array.shape(1);
  const size_t channels = array.ndim() == 3 ? array.shape(2) : 1;
  const size_t sample = array.itemsize();
  pixels_.data = static_cast<const uint8_t*>(array.data());
  pixels_.height = ToInt(height);
  pixels_.width = ToInt(width);
  pixels_.channels = ToInt(channels);
  if (height == 0 || width == 0 || channels == 0 || channels > 4) return;  // refused later
  if (bgr && channels >= 3) pixels_.channels |= PEEL_BGR;
  if (sample == 2) pixels_.channels |= PEEL_16_BIT;
  if (max_pixels == 0) max_pixels = kMaxPixels;
  if (width > max_pixels || height > max_pixels / width) return;
  const auto samples = static_cast<int64_t>(sample);  // in bytes from here on
  const int64_t down = array.stride(0) * samples, right = array.stride(1) * samples;
  const int64_t deep = array.ndim() == 3 ? array.stride(2) * samples : samples;
  const size_t pixel = channels * sample, row_bytes = width * pixel;
  const bool dense = (deep == samples || channels == 1) && right == static_cast<int64_t>(pixel);
  const bool even = reinterpret_cast<uintptr_t>(pixels_.data) % sample == 0;
  if (dense && even && down >= static_cast<int64_t>(row_bytes)) {
    pixels_.stride = static_cast<size_t>(down);
    return;
  }
  copy_.resize(row_bytes * height);
  for (size_t y = 0; y < height; ++y) {
    const uint8_t* from = pixels_.data + static_cast<int64_t>(y) * down;
    uint8_t* to = copy_.data() + y * row_bytes;
    if (dense) {
      std::memcpy(to, from, row_bytes);
      continue;
    }
    for (size_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < channels; ++c) {
        const uint8_t* at = from + static_cast<int64_t>(x) * right + static_cast<int64_t>(c) * deep;
        if (sample == 1) {
          to[x * channels + c] = *at;
        } else {
          std::memcpy(to + (x * channels + c) * 2, at, 2);
        }
      }
    }
  }
  pixels_.data = copy_.data();
  pixels_.stride = row_bytes;
}

}  // namespace peel::python
