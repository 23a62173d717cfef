#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "src/image/image.h"

namespace peel::testing {

// A repeatable picture with something to see in it at any size: sixty ellipses of one colour each,
// in whole numbers, so that bench/scan/scene.py can make it too. channels: 1 or 3.
inline ImageU8 Scene(uint32_t seed, int width, int height, int channels) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, channels));
  uint32_t state = seed;
  const auto next = [&state](uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
  };
  for (int y = 0; y < height; ++y) {
    std::fill_n(image.row(y), width * channels, uint8_t{96});
  }
  for (int i = 0; i < 60; ++i) {
    // In thousandths of either side.
    const int64_t cx = next(1000), cy = next(1000), rx = 20 + next(180), ry = 20 + next(180);
    uint8_t colour[3];
    for (uint8_t& c : colour) c = static_cast<uint8_t>(next(256));
    for (int y = 0; y < height; ++y) {
      const int64_t dy = (int64_t{y} * 2 + 1) * 500 / height - cy;
      for (int x = 0; x < width; ++x) {
        const int64_t dx = (int64_t{x} * 2 + 1) * 500 / width - cx;
        if (dx * dx * ry * ry + dy * dy * rx * rx > rx * rx * ry * ry) continue;
        for (int c = 0; c < channels; ++c) image.row(y)[x * channels + c] = colour[c];
      }
    }
  }
  return image;
}

}  // namespace peel::testing
