#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/picture.h"
#include "src/image/image.h"

namespace peel {

// kSmall takes several times as long for a few percent.
enum class PngEffort : uint8_t { kDefault, kSmall };

struct EncodeOptions {           // what Encode writes
  Format format = Format::kPng;  // one that has a FormatExtension (codec/sniff.h)
  // 1 to 100 for JPEG, AVIF and lossy WebP; 0 means 90, for AVIF 80. From 90 on JPEG and AVIF keep
  // full colour resolution.
  int quality = 0;
  bool lossless = false;  // WebP and AVIF; PNG and TIFF always are, GIF never is
  PngEffort png_effort = PngEffort::kDefault;
  // PNG of 8-bit grey pixels: 1 bit a pixel, white for 128 and above. Others are as without it.
  bool bilevel = false;
  // Written as given, into a GIF not at all; see MetadataForOutput. Not owned, may be null.
  const Metadata* metadata = nullptr;
  // PNG, TIFF, AVIF and WebP use it where given. The bytes do not depend on it nor on its size.
  ThreadPool* pool = nullptr;
};

// 1 (grey), 3 or 4 (straight alpha) channels. All formats take all of them but JPEG, which
// takes 1 and 3.
// Errors: kInvalidArgument (channels or quality), kUnsupported (larger than the format allows, or a
// format that cannot be written), kOutOfMemory.
Result<std::vector<uint8_t>> Encode(ImageView<const uint8_t> pixels, const EncodeOptions& options);

// Whether a format keeps more than 8 bits a sample: PNG and TIFF 16, AVIF 10.
bool HoldsDeepColour(Format format);

// 16-bit samples: only formats of which HoldsDeepColour is true.
Result<std::vector<uint8_t>> Encode(ImageView<const uint16_t> pixels, const EncodeOptions& options);

}  // namespace peel
