#include "src/codec/decoder.h"

namespace peel {
namespace {

class InProcess final : public Decoder {
 public:
  Result<PictureInfo> Probe(std::span<const uint8_t> bytes, const CancelToken*) override {
    return peel::Probe(bytes);
  }
  Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) override {
    return peel::Decode(bytes, options);
  }
  Result<std::unique_ptr<FrameReader>> OpenFrames(std::span<const uint8_t> bytes,
                                                  const DecodeOptions& options) override {
    return peel::OpenFrames(bytes, options);
  }
};

}  // namespace

Decoder& InProcessDecoder() {
  static InProcess decoder;
  return decoder;
}

}  // namespace peel
