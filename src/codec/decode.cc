#include "src/codec/decode.h"

#include "src/codec/jpeg.h"
#include "src/codec/png.h"
#include "src/codec/sniff.h"
#include "src/codec/tiff.h"
#include "src/codec/webp.h"

namespace peel {

Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  switch (Sniff(bytes)) {
    case Format::kJpeg:
      return DecodeJpeg(bytes, options);
    case Format::kPng:
      return DecodePng(bytes, options);
    case Format::kWebp:
      return DecodeWebp(bytes, options);
    case Format::kTiff:
      return DecodeTiff(bytes, options);
    default:
      return NotDecodable(bytes);
  }
}

Result<PictureInfo> Probe(std::span<const uint8_t> bytes) {
  switch (Sniff(bytes)) {
    case Format::kJpeg:
      return ProbeJpeg(bytes);
    case Format::kPng:
      return ProbePng(bytes);
    case Format::kWebp:
      return ProbeWebp(bytes);
    case Format::kTiff:
      return ProbeTiff(bytes);
    default:
      return NotDecodable(bytes);
  }
}

}  // namespace peel
