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

struct EncodeOptions {
  Format format = Format::kPng;  // kPng, kJpeg or kWebp
  // 1 to 100 for JPEG and lossy WebP; 0 means 90. From 90 on JPEG keeps full colour resolution.
  int quality = 0;
  bool lossless = false;  // WebP only; PNG always is
  PngEffort png_effort = PngEffort::kDefault;
  // Written as given; see MetadataForOutput. Not owned, may be null.
  const Metadata* metadata = nullptr;
  // PNG and WebP use it where given. The bytes do not depend on it nor on its size.
  ThreadPool* pool = nullptr;
};

// 1 (grey), 3 or 4 (straight alpha) channels. PNG takes all, JPEG 1 and 3, WebP all.
// Errors: kInvalidArgument (channels or quality), kUnsupported (larger than the format allows, or a
// format that cannot be written), kOutOfMemory.
Result<std::vector<uint8_t>> Encode(ImageView<const uint8_t> pixels, const EncodeOptions& options);

// 16-bit samples: PNG only.
Result<std::vector<uint8_t>> Encode(ImageView<const uint16_t> pixels, const EncodeOptions& options);

}  // namespace peel
