#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"

namespace peel {

// Who decodes: this process, or others that may crash in its place (codec/isolated). All functions
// may be called by several threads at once, and mean what the free ones of the same names do.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // `cancel` as in DecodeOptions.
  virtual Result<PictureInfo> Probe(std::span<const uint8_t> bytes,
                                    const CancelToken* cancel = nullptr) = 0;
  virtual Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) = 0;
  // The reader must not outlive the decoder.
  virtual Result<std::unique_ptr<FrameReader>> OpenFrames(std::span<const uint8_t> bytes,
                                                          const DecodeOptions& options) = 0;
};

// The functions of decode.h and frames.h.
Decoder& InProcessDecoder();

// The one that was chosen, or where it is null this process.
inline Decoder& DecoderOr(Decoder* chosen) {
  return chosen != nullptr ? *chosen : InProcessDecoder();
}

}  // namespace peel
