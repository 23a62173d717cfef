#include "src/codec/tiff/tiff_expand.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "src/image/composite.h"

namespace peel {
namespace {

template <typename T>
constexpr uint32_t kWhite = static_cast<T>(~T{0});

// A sample of `bits` bits spread over the whole of T; of 16 bits the high byte.
template <typename T>
uint32_t Scale(uint32_t value, int bits) {
  if (bits == 16) return std::is_same_v<T, uint16_t> ? value : value >> 8;
  const uint32_t most = (1u << bits) - 1;
  if (bits > 8 && std::is_same_v<T, uint8_t>) return value >> (bits - 8);
  return (value * kWhite<T> + most / 2) / most;
}

// Pillow's rounding of a product of two shares.
uint32_t Times(uint32_t a, uint32_t b, uint8_t) {
  const uint32_t t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}
uint32_t Times(uint32_t a, uint32_t b, uint16_t) { return (a * b + 32767u) / 65535u; }

}  // namespace

template <typename T>
TiffRowExpander<T>::TiffRowExpander(const TiffLayout& layout)
    : layout_(layout), used_(layout.used()) {
  line_.resize(static_cast<size_t>(layout.width) * static_cast<size_t>(used_));
}

// The first used_ of `samples` interleaved samples, or the one of a plane; `stride` values apart in
// the line.
template <typename T>
void TiffRowExpander<T>::Unpack(const uint8_t* row, int samples, int stride, uint16_t* to) const {
  const int take = std::min(samples, used_), bits = layout_.bits;
  const size_t width = layout_.width;
  if (bits == 8) {
    for (size_t x = 0; x < width; ++x, row += samples, to += stride) {
      for (int c = 0; c < take; ++c) to[c] = row[c];
    }
  } else if (bits == 16) {  // in the machine's order already
    for (size_t x = 0; x < width; ++x, row += size_t{2} * samples, to += stride) {
      for (int c = 0; c < take; ++c) std::memcpy(to + c, row + size_t{2} * c, 2);
    }
  } else {
    for (size_t x = 0; x < width; ++x, to += stride) {
      for (int c = 0; c < take; ++c) {
        uint32_t value = 0;
        uint64_t bit =
            (x * static_cast<size_t>(samples) + static_cast<size_t>(c)) * static_cast<size_t>(bits);
        for (int left = bits; left > 0;) {  // most significant bits first
          const int here = std::min(left, 8 - static_cast<int>(bit & 7));
          const uint32_t byte = row[bit >> 3];
          value = value << here |
                  (byte >> (8 - (bit & 7) - static_cast<uint64_t>(here)) & ((1u << here) - 1));
          bit += static_cast<uint64_t>(here);
          left -= here;
        }
        to[c] = static_cast<uint16_t>(value);
      }
    }
  }
}

template <typename T>
void TiffRowExpander<T>::Expand(std::span<const uint8_t* const> planes, T* out) {
  const int step = layout_.alpha != TiffAlpha::kNone ? 4 : 3;
  const size_t width = layout_.width;
  if constexpr (std::is_same_v<T, uint8_t>) {
    if (layout_.bits == 8 && layout_.colour == TiffColour::kRgb && !layout_.separate &&
        layout_.samples == step && layout_.alpha != TiffAlpha::kAssociated) {
      std::memcpy(out, planes[0], width * static_cast<size_t>(step));
      return;
    }
  }
  T* const row = out;
  if (layout_.separate) {
    for (int c = 0; c < used_; ++c)
      Unpack(planes[static_cast<size_t>(c)], 1, used_, &line_[static_cast<size_t>(c)]);
  } else {
    Unpack(planes[0], layout_.samples, used_, line_.data());
  }
  const int bits = layout_.bits;
  const uint16_t* from = line_.data();
  const int colours = layout_.colours();
  const size_t entries = size_t{1} << std::min(bits, 8);
  for (size_t x = 0; x < width; ++x, from += used_, out += step) {
    switch (layout_.colour) {
      case TiffColour::kGrey:
        out[0] = out[1] = out[2] = static_cast<T>(Scale<T>(from[0], bits));
        break;
      case TiffColour::kGreyInverted:
        out[0] = out[1] = out[2] = static_cast<T>(kWhite<T> - Scale<T>(from[0], bits));
        break;
      case TiffColour::kPalette:
        for (size_t c = 0; c < 3; ++c) {
          out[c] = static_cast<T>(Scale<T>(layout_.palette[c * entries + from[0]], 16));
        }
        break;
      case TiffColour::kRgb:
        for (int c = 0; c < 3; ++c) out[c] = static_cast<T>(Scale<T>(from[c], bits));
        break;
      case TiffColour::kLab: {
        const uint16_t none = layout_.lab == LabEncoding::kCie   ? 0
                              : layout_.lab == LabEncoding::kIcc ? (bits == 16 ? 0x8000 : 128)
                                                                 : 0;
        const uint16_t grey[3] = {from[0], none, none};
        float rgb[3];
        LabToSrgb(layout_.lab, bits, colours == 3 ? from : grey, rgb);
        for (int c = 0; c < 3; ++c) {
          out[c] = static_cast<T>(rgb[c] * static_cast<float>(kWhite<T>) + 0.5f);
        }
        break;
      }
      case TiffColour::kCmyk: {
        const uint32_t light = kWhite<T> - Scale<T>(from[3], bits);
        for (int c = 0; c < 3; ++c) {
          out[c] = static_cast<T>(light - Times(Scale<T>(from[c], bits), light, T{}));
        }
        break;
      }
    }
    if (step == 4) {
      out[3] = static_cast<T>(Scale<T>(from[colours], bits));
    }
  }
  if (layout_.alpha == TiffAlpha::kAssociated) {
    Unpremultiply(ImageView<T>{row, static_cast<int>(width), 1, 4, 0});
  }
}

template class TiffRowExpander<uint8_t>;
template class TiffRowExpander<uint16_t>;

}  // namespace peel
