#include "src/library/scan_pixels.h"

#include <algorithm>
#include <utility>

#include "src/base/os/source_file.h"
#include "src/base/sentences.h"
#include "src/codec/encode.h"
#include "src/codec/metadata/colour_transform.h"
#include "src/codec/picture.h"
#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/resize.h"

namespace peel::library {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr int kThumbnailQuality = 80;

// A side of the picture whose long side becomes `to`, rounded to the nearest.
int Scaled(int side, int long_side, int to) {
  return std::max(1, static_cast<int>((int64_t{side} * to + long_side / 2) / long_side));
}

// The long side after halving it as often as it stays kScanSide or more.
int ReducedSide(int long_side) {
  int divisor = 1;
  while (long_side / (divisor * 2) >= kScanSide) divisor *= 2;
  return divisor == 1 ? long_side : long_side / divisor;
}

Result<ImageU8> Opaque(Picture& picture) {
  ImageU8* const pixels = picture.u8();
  if (pixels == nullptr) return Internal("a picture of 8 bits was asked for and did not come");
  if (picture.has_alpha) return FlattenOver(std::as_const(*pixels).view(), {255, 255, 255, 255});
  return std::move(*pixels);
}

}  // namespace

Result<ScanPixels> DecodeForScan(std::span<const uint8_t> bytes, const ScanDecoding& options) {
  Decoder& decoder = DecoderOr(options.decoder);
  DecodeOptions decode;
  decode.limits = options.limits;
  decode.reduce_to_8_bits = true;
  decode.cancel = options.cancel;
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  if (Sniff(bytes) == Format::kJpeg && !options.full_size) {
    PEEL_ASSIGN_OR_RETURN(const PictureInfo info, decoder.Probe(bytes, options.cancel));
    const bool turned = info.orientation >= 5;
    const int width = turned ? info.height : info.width;
    const int height = turned ? info.width : info.height;
    const int long_side = std::max(width, height);
    if (long_side > kScanSide) {
      // Rounded down, so that a picture of just eight times the size still fits.
      decode.min_width = std::max(1, static_cast<int>(int64_t{width} * kScanSide / long_side));
      decode.min_height = std::max(1, static_cast<int>(int64_t{height} * kScanSide / long_side));
    }
  }
  PEEL_ASSIGN_OR_RETURN(Picture picture, decoder.Decode(bytes, decode));
  ScanPixels result;
  result.warning = picture.warning;
  PEEL_ASSIGN_OR_RETURN(result.rgb, Opaque(picture));
  const int long_side = std::max(result.rgb.width(), result.rgb.height());
  if (const int side = ReducedSide(long_side); side < long_side) {
    PEEL_ASSIGN_OR_RETURN(result.rgb, ResizeFast(std::as_const(result.rgb).view(),
                                                 Scaled(result.rgb.width(), long_side, side),
                                                 Scaled(result.rgb.height(), long_side, side)));
  }
  if (!picture.metadata.icc.empty()) {
    auto converted = ConvertColours(std::as_const(result.rgb).view(), picture.metadata.icc, {});
    if (converted.ok()) {
      result.rgb = *std::move(converted);
    } else if (converted.status().code() == StatusCode::kOutOfMemory) {
      return std::move(converted).status();
    } else {
      AddSentence("Its colour profile could not be used: " + converted.status().message(),
                  &result.warning);
    }
  }
  return result;
}

Result<ScanPixels> ReadForScan(const std::string& path, const ScanDecoding& options) {
  PEEL_ASSIGN_OR_RETURN(const auto file, SourceFile::Open(path));
  PEEL_ASSIGN_OR_RETURN(const auto bytes, file->ReadAll());
  return DecodeForScan(bytes->span(), options);
}

uint64_t ScanMemory(const PictureInfo& info, uint64_t file_bytes) {
  const auto width = static_cast<uint64_t>(std::clamp(info.width, 1, 1 << 20));
  const auto height = static_cast<uint64_t>(std::clamp(info.height, 1, 1 << 20));
  const uint64_t pixels = width * height;
  if (info.format == Format::kJpeg) {
    // At an eighth; progressive ones keep their coefficients, 16 bits a sample.
    return file_bytes + pixels * 4 + 16 * kMiB;
  }
  return file_bytes + pixels * (info.bits > 8 ? 16 : 9) + 16 * kMiB;
}

Result<std::vector<uint8_t>> MakeThumbnail(ImageView<const uint8_t> rgb) {
  const int long_side = std::max(rgb.width, rgb.height);
  EncodeOptions options;
  options.format = Format::kJpeg;
  options.quality = kThumbnailQuality;
  if (long_side <= kThumbnailSide) return Encode(rgb, options);
  PEEL_ASSIGN_OR_RETURN(
      const ImageU8 small,
      Resize(rgb, Scaled(rgb.width, long_side, kThumbnailSide),
             Scaled(rgb.height, long_side, kThumbnailSide), ResizeFilter::kBilinear));
  return Encode(small.view(), options);
}

}  // namespace peel::library
