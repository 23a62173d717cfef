#pragma once

#include <cstdint>
#include <span>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/limits.h"
#include "src/codec/picture.h"

namespace peel {

struct DecodeOptions {  // how Decode reads, and its limits
  Limits limits = {};
  // A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, many times faster, as long as both sides
  // (of the upright picture) stay at least this long. 0: full size. Other formats take no notice.
  int min_width = 0;
  int min_height = 0;
  bool apply_orientation = true;
  // 16-bit samples are cut to their high byte, as Pillow does it.
  bool reduce_to_8_bits = false;
  bool keep_metadata = true;
  // JPEG XL is decoded on it. The libraries of AVIF, HEIC and WebP, which cannot be given one,
  // start at most as many threads as it has instead (LibraryThreads). Must outlive readers of
  // frames; null: the calling thread alone. The pixels do not depend on it.
  ThreadPool* pool = nullptr;
  // Ends the wait for a decoder in another process (codec/decoder.h); others take no notice.
  const CancelToken* cancel = nullptr;
};

// Decodes a picture of any format that IsDecodable names (codec/sniff.h), whichever the bytes are;
// of several frames or pages the first. Errors: kCorrupt (truncated or damaged, with how far it
// got), kUnsupported (another format, or a variant that is not supported), kLimit, kOutOfMemory.
Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options = {});

// Reads the header only; no limit applies and no pixel is decoded. Errors as Decode's.
Result<PictureInfo> Probe(std::span<const uint8_t> bytes);

}  // namespace peel
