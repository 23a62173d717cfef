#include "src/library/labels/resize_linear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/image/resize.h"

namespace peel::library {
namespace {

constexpr int kChannels = 3;
constexpr int kWeightBits = 11;

// Two neighbours of an output sample and the second's weight.
struct Tap {
  int first, second;
  int weight;  // of 1 << kWeightBits
};

std::vector<Tap> MakeTaps(int from, int to) {
  std::vector<Tap> taps(static_cast<size_t>(to));
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double at = (i + 0.5) * step - 0.5;
    const double below = std::floor(at);
    Tap& tap = taps[static_cast<size_t>(i)];
    tap.first = std::clamp(static_cast<int>(below), 0, from - 1);
    tap.second = std::clamp(static_cast<int>(below) + 1, 0, from - 1);
    tap.weight = static_cast<int>(std::lrint((at - below) * (1 << kWeightBits)));
  }
  return taps;
}

void Horizontal(const uint8_t* in, const std::vector<Tap>& taps, int* out) {
  for (const Tap& tap : taps) {
    const uint8_t* a = in + ptrdiff_t{tap.first} * kChannels;
    const uint8_t* b = in + ptrdiff_t{tap.second} * kChannels;
    for (int c = 0; c < kChannels; ++c) {
      *out++ = (a[c] << kWeightBits) + (b[c] - a[c]) * tap.weight;
    }
  }
}

// Rounds as OpenCV does: four bits go before the product, sixteen behind it, two at the end.
void Vertical(const int* above, const int* below, int weight, size_t count, uint8_t* out) {
  const int rest = (1 << kWeightBits) - weight;
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint8_t>(
        (((rest * (above[i] >> 4)) >> 16) + ((weight * (below[i] >> 4)) >> 16) + 2) >> 2);
  }
}

template <typename T>
void Planes(ImageView<const uint8_t> rgb, bool backwards, T fill, int width, int height,
            T* planes) {
  const size_t plane = static_cast<size_t>(width) * static_cast<size_t>(height);
  std::array<T*, kChannels> to = {planes, planes + plane, planes + 2 * plane};
  if (backwards) std::swap(to[0], to[2]);
  const auto inside = static_cast<size_t>(rgb.width);
  for (int y = 0; y < height; ++y) {
    const size_t row = static_cast<size_t>(y) * static_cast<size_t>(width);
    if (y >= rgb.height) {
      for (T* p : to) std::fill_n(p + row, width, fill);
      continue;
    }
    const uint8_t* in = rgb.row(y);
    for (size_t c = 0; c < kChannels; ++c) {
      T* out = to[c] + row;
      for (size_t x = 0; x < inside; ++x) out[x] = static_cast<T>(in[x * kChannels + c]);
      std::fill(out + inside, out + width, fill);
    }
  }
}

}  // namespace

Result<ImageU8> ResizeLinear(ImageView<const uint8_t> rgb, int width, int height) {
  if (rgb.empty() || rgb.channels != kChannels || width < 1 || height < 1) {
    return InvalidArgument("networks look at RGB pictures of at least one pixel");
  }
  if (rgb.width >= 2 * int64_t{width} && rgb.height >= 2 * int64_t{height}) {
    return Resize(rgb, width, height, ResizeFilter::kBox);
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(width, height, kChannels));
  const std::vector<Tap> columns = MakeTaps(rgb.width, width), rows = MakeTaps(rgb.height, height);
  const size_t count = static_cast<size_t>(width) * kChannels;
  // Interpolated rows are kept until the window has passed them.
  std::array<std::vector<int>, 2> kept = {std::vector<int>(count), std::vector<int>(count)};
  std::array<int, 2> which = {-1, -1};
  for (int y = 0; y < height; ++y) {
    const Tap& tap = rows[static_cast<size_t>(y)];
    if (which[1] == tap.first) {
      std::swap(kept[0], kept[1]);
      std::swap(which[0], which[1]);
    }
    const std::array<int, 2> wanted = {tap.first, tap.second};
    for (size_t i = 0; i < 2; ++i) {
      if (which[i] == wanted[i]) continue;
      Horizontal(rgb.row(wanted[i]), columns, kept[i].data());
      which[i] = wanted[i];
    }
    Vertical(kept[0].data(), kept[1].data(), tap.weight, count, out.row(y));
  }
  return out;
}

void ToPlanes(ImageView<const uint8_t> rgb, bool backwards, float fill, int width, int height,
              float* planes) {
  Planes(rgb, backwards, fill, width, height, planes);
}

void ToPlanes(ImageView<const uint8_t> rgb, bool backwards, uint8_t fill, int width, int height,
              uint8_t* planes) {
  Planes(rgb, backwards, fill, width, height, planes);
}

}  // namespace peel::library
