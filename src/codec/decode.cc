#include "src/codec/decode.h"

#include "src/codec/bmp/bmp.h"
#include "src/codec/gif/gif.h"
#include "src/codec/heif/avif.h"
#include "src/codec/heif/heif.h"
#include "src/codec/jpeg/jpeg.h"
#include "src/codec/jxl/jxl.h"
#include "src/codec/png/png.h"
#include "src/codec/raw/raw.h"
#include "src/codec/sniff.h"
#include "src/codec/tiff/tiff.h"
#include "src/codec/webp/webp.h"

namespace peel {

Result<Picture> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  switch (FormatOf(bytes)) {
    case Format::kJpeg:
      return DecodeJpeg(bytes, options);
    case Format::kPng:
      return DecodePng(bytes, options);
    case Format::kWebp:
      return DecodeWebp(bytes, options);
    case Format::kTiff:
      return DecodeTiff(bytes, options);
    case Format::kGif:
      return DecodeGif(bytes, options);
    case Format::kBmp:
      return DecodeBmp(bytes, options);
    case Format::kAvif:
      return DecodeAvif(bytes, options);
    case Format::kHeic:
      return DecodeHeif(bytes, options);
#ifdef PEEL_HAVE_JXL
    case Format::kJxl:
      return DecodeJxl(bytes, options);
#endif
#ifdef PEEL_HAVE_RAW
    case Format::kRaw:
      return DecodeRawPreview(bytes, options);
#endif
    default:
      return NotDecodable(bytes);
  }
}

Result<PictureInfo> Probe(std::span<const uint8_t> bytes) {
  switch (FormatOf(bytes)) {
    case Format::kJpeg:
      return ProbeJpeg(bytes);
    case Format::kPng:
      return ProbePng(bytes);
    case Format::kWebp:
      return ProbeWebp(bytes);
    case Format::kTiff:
      return ProbeTiff(bytes);
    case Format::kGif:
      return ProbeGif(bytes);
    case Format::kBmp:
      return ProbeBmp(bytes);
    case Format::kAvif:
      return ProbeAvif(bytes);
    case Format::kHeic:
      return ProbeHeif(bytes);
#ifdef PEEL_HAVE_JXL
    case Format::kJxl:
      return ProbeJxl(bytes);
#endif
#ifdef PEEL_HAVE_RAW
    case Format::kRaw:
      return ProbeRawPreview(bytes);
#endif
    default:
      return NotDecodable(bytes);
  }
}

}  // namespace peel
