#include "src/codec/png/png_expand.h"

#include <cstring>
#include <type_traits>

#include "src/codec/bytes.h"

namespace peel {
namespace {

template <typename T>
constexpr T kOpaque = static_cast<T>(~T{0});

// Sample i of a row of 16-bit samples, whole and as T.
template <typename T>
T Narrow16(uint16_t v) {
  return std::is_same_v<T, uint16_t> ? static_cast<T>(v) : static_cast<T>(v >> 8);
}

template <typename T>
void ExpandGrey(const PngFile& png, const uint8_t* row, int count, T* out) {
  const int depth = png.depth;
  const bool alpha = png.has_transparency;
  const int step = alpha ? 4 : 3;
  const int scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  for (int x = 0; x < count; ++x, out += step) {
    uint16_t raw;
    T value;
    if (depth == 16) {
      raw = ReadBig16(row + ptrdiff_t{2} * x);
      value = Narrow16<T>(raw);
    } else if (depth == 8) {
      raw = row[x];
      value = static_cast<T>(raw);
    } else {
      const int64_t bit = int64_t{x} * depth;
      raw = static_cast<uint16_t>((row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1));
      value = static_cast<T>(raw * scale);
    }
    out[0] = out[1] = out[2] = value;
    if (alpha) out[3] = raw == png.transparent[0] ? T{0} : kOpaque<T>;
  }
}

template <typename T>
void ExpandPalette(const PngFile& png, const uint8_t* row, int count, T* out) {
  const int depth = png.depth;
  const int mask = (1 << depth) - 1;
  const int step = png.has_transparency ? 4 : 3;
  for (int x = 0; x < count; ++x, out += step) {
    const int64_t bit = int64_t{x} * depth;
    const auto& entry = png.palette[(row[bit >> 3] >> (8 - depth - (bit & 7))) & mask];
    for (int c = 0; c < step; ++c) out[c] = entry[c];
  }
}

template <typename T>
void ExpandRgb(const PngFile& png, const uint8_t* row, int count, T* out) {
  const bool wide = png.depth == 16, alpha = png.has_transparency;
  for (int x = 0; x < count; ++x, out += alpha ? 4 : 3) {
    bool key = true;
    for (int c = 0; c < 3; ++c) {
      const uint16_t raw = wide ? ReadBig16(row + ptrdiff_t{2} * (3 * x + c)) : row[3 * x + c];
      out[c] = wide ? Narrow16<T>(raw) : static_cast<T>(raw);
      key = key && raw == png.transparent[c];
    }
    if (alpha) out[3] = key ? T{0} : kOpaque<T>;
  }
}

template <typename T>
void ExpandWithAlpha(const PngFile& png, const uint8_t* row, int count, T* out) {
  const int channels = png.channels();  // 2 or 4
  const auto sample = [&](int i) -> T {
    return png.depth == 16 ? Narrow16<T>(ReadBig16(row + ptrdiff_t{2} * i))
                           : static_cast<T>(row[i]);
  };
  for (int x = 0; x < count; ++x, out += 4) {
    for (int c = 0; c < 3; ++c) out[c] = sample(x * channels + (channels == 4 ? c : 0));
    out[3] = sample(x * channels + channels - 1);
  }
}

}  // namespace

template <typename T>
void ExpandPngRow(const PngFile& png, const uint8_t* row, int count, T* out) {
  const bool same = sizeof(T) == 1 && png.depth == 8;
  switch (png.colour) {
    case kPngGrey:
      return ExpandGrey(png, row, count, out);
    case kPngPalette:
      return ExpandPalette(png, row, count, out);
    case kPngRgb:
      if (same && !png.has_transparency) {
        std::memcpy(out, row, static_cast<size_t>(count) * 3);
        return;
      }
      return ExpandRgb(png, row, count, out);
    default:
      if (same && png.colour == kPngRgba) {
        std::memcpy(out, row, static_cast<size_t>(count) * 4);
        return;
      }
      return ExpandWithAlpha(png, row, count, out);
  }
}

template void ExpandPngRow(const PngFile&, const uint8_t*, int, uint8_t*);
template void ExpandPngRow(const PngFile&, const uint8_t*, int, uint16_t*);

}  // namespace peel
