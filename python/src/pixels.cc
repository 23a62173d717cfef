#include "python/src/pixels.h"

#include <cstring>
#include <limits>
#include <utility>

namespace peel::python {
namespace {

// What peel.h says a max_pixels of 0 stands for.
constexpr uint64_t kMaxPixels = 250'000'000;

template <int kChannels>
void SwapRow(uint8_t* row, int width) {
  for (int x = 0; x < width; ++x) std::swap(row[kChannels * x], row[kChannels * x + 2]);
}

int ToInt(size_t v) {
  constexpr int kMost = std::numeric_limits<int>::max();
  return v > static_cast<size_t>(kMost) ? kMost : static_cast<int>(v);  // the library refuses it
}

}  // namespace

void SwapRedAndBlue(uint8_t* data, int width, int height, int channels, size_t stride) {
  if (channels < 3) return;
  for (int y = 0; y < height; ++y) {
    uint8_t* row = data + static_cast<size_t>(y) * stride;
    channels == 3 ? SwapRow<3>(row, width) : SwapRow<4>(row, width);
  }
}

PixelsIn::PixelsIn(const ArrayIn& array, bool bgr, uint64_t max_pixels) {
  const size_t height = array.shape(0), width = array.shape(1);
  const size_t channels = array.ndim() == 3 ? array.shape(2) : 1;
  pixels_.data = array.data();
  pixels_.height = ToInt(height);
  pixels_.width = ToInt(width);
  pixels_.channels = ToInt(channels);
  if (height == 0 || width == 0 || channels == 0 || channels > 4) return;  // refused later
  if (max_pixels == 0) max_pixels = kMaxPixels;
  if (width > max_pixels || height > max_pixels / width) return;
  const int64_t down = array.stride(0), right = array.stride(1);
  const int64_t deep = array.ndim() == 3 ? array.stride(2) : 1;
  const size_t row_bytes = width * channels;
  const bool rows_contiguous = deep == 1 && right == static_cast<int64_t>(channels) &&
                               down >= static_cast<int64_t>(row_bytes);
  if (rows_contiguous && !(bgr && channels >= 3)) {
    pixels_.stride = static_cast<size_t>(down);
    return;
  }
  copy_.resize(row_bytes * height);
  for (size_t y = 0; y < height; ++y) {
    const uint8_t* from = array.data() + static_cast<int64_t>(y) * down;
    uint8_t* to = copy_.data() + y * row_bytes;
    if (deep == 1 && right == static_cast<int64_t>(channels)) {
      std::memcpy(to, from, row_bytes);
      continue;
    }
    for (size_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < channels; ++c) {
        to[x * channels + c] =
            from[static_cast<int64_t>(x) * right + static_cast<int64_t>(c) * deep];
      }
    }
  }
  if (bgr) SwapRedAndBlue(copy_.data(), pixels_.width, pixels_.height, pixels_.channels, row_bytes);
  pixels_.data = copy_.data();
  pixels_.stride = row_bytes;
}

}  // namespace peel::python
