#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "src/base/dispatch.h"
#include "src/image/image.h"

// What the tests of this component and the next share: repeatable pixels, checksums, golden tables,
// and running something under every instruction set.
namespace peel::testing {

// The bytes that tools/make_image_goldens.py makes from the same seed.
inline ImageU8 Noise(uint32_t seed, int width, int height, int channels) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, channels));
  uint32_t state = seed;
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels; ++i) {
      state = state * 1664525u + 1013904223u;
      image.row(y)[i] = static_cast<uint8_t>(state >> 24);
    }
  }
  return image;
}

// zlib's CRC-32 over the pixels row by row, without the padding between rows.
template <typename T>
uint32_t Crc(ImageView<const T> image) {
  static const auto table = [] {
    std::array<uint32_t, 256> t;
    for (uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit) t[i] = t[i] >> 1 ^ (0xedb88320u & (~(t[i] & 1) + 1));
    }
    return t;
  }();
  uint32_t crc = ~0u;
  for (int y = 0; y < image.height; ++y) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(image.row(y));
    const size_t n =
        static_cast<size_t>(image.width) * static_cast<size_t>(image.channels) * sizeof(T);
    for (size_t i = 0; i < n; ++i) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
  }
  return ~crc;
}

inline uint32_t Crc(const ImageU8& image) { return Crc(image.view()); }

// The lines of a table, each split at blanks.
inline std::vector<std::vector<std::string>> ReadTable(const std::string& path) {
  std::vector<std::vector<std::string>> table;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    table.emplace_back();
    for (std::string field; fields >> field;) table.back().push_back(field);
  }
  return table;
}

// Runs body(name) once for every instruction set that is compiled in and that this machine has.
template <typename F>
void ForEveryTarget(F body) {
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    const ScopedTarget held(rest & -rest);
    body(std::string(hwy::TargetName(rest & -rest)));
  }
}

}  // namespace peel::testing
