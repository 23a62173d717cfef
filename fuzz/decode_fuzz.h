#pragma once

#include <cstddef>
#include <cstdint>

#include "src/codec/decode.h"
#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/metadata.h"

namespace peel {

// Decodes with options that the last byte picks, and uses the result.
inline void FuzzDecode(const uint8_t* data, size_t size,
                       Result<Picture> (*decode)(std::span<const uint8_t>, const DecodeOptions&),
                       Result<PictureInfo> (*probe)(std::span<const uint8_t>)) {
  const std::span<const uint8_t> bytes(data, size);
  const uint8_t choice = size == 0 ? 0 : data[size - 1];
  DecodeOptions options;
  options.limits.max_pixels = 1 << 18;
  options.limits.max_width = options.limits.max_height = 1 << 14;
  options.apply_orientation = (choice & 1) == 0;
  options.reduce_to_8_bits = (choice & 2) != 0;
  options.min_width = (choice & 4) != 0 ? 16 : 0;
  const auto info = probe(bytes);
  const auto picture = decode(bytes, options);
  if (!picture.ok()) return;
  // What can be decoded can be probed, and both tell the same.
  if (!info.ok() || info->width != picture->stored_width ||
      info->height != picture->stored_height || info->has_alpha != picture->has_alpha ||
      info->orientation != picture->orientation) {
    __builtin_trap();
  }
  uint64_t sum = 0;
  std::visit(
      [&](const auto& image) {
        if (image.channels() != (picture->has_alpha ? 4 : 3)) __builtin_trap();
        for (int y = 0; y < image.height(); ++y) {
          for (int i = 0; i < image.width() * image.channels(); ++i) sum += image.row(y)[i];
        }
      },
      picture->pixels);
  const Metadata out = MetadataForOutput(picture->metadata, picture->width(), picture->height());
  volatile uint64_t sink = sum + out.exif.size() + out.icc.size() + out.xmp.size();
  (void)sink;
}

}  // namespace peel
