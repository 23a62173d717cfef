#include "src/codec/encode.h"

#include <string>

#include "src/base/block_cache.h"
#include "src/codec/gif/gif.h"
#include "src/codec/heif/avif.h"
#include "src/codec/jpeg/jpeg.h"
#include "src/codec/png/png.h"
#include "src/codec/tiff/tiff.h"
#include "src/codec/webp/webp.h"

namespace peel {
namespace {

Status CheckArguments(int width, int height, int channels, const EncodeOptions& options) {
  if (width < 1 || height < 1) return InvalidArgument("there is no pixel to write");
  if (channels != 1 && channels != 3 && channels != 4) {
    return InvalidArgument("a picture to write has 1, 3 or 4 channels, not " +
                           std::to_string(channels));
  }
  if (options.quality < 0 || options.quality > 100) {
    return InvalidArgument("the quality must lie between 1 and 100, not " +
                           std::to_string(options.quality));
  }
  return OkStatus();
}

// Their libraries hold the picture in a form of their own: so many bytes a pixel.
size_t LibraryBytes(Format format) {
  return format == Format::kJpeg   ? 6
         : format == Format::kWebp ? 24
         : format == Format::kAvif ? 32
                                   : 0;
}

template <typename T>
void MakeRoom(ImageView<const T> pixels, Format format) {
  BlockCache::Process().MakeRoom(LibraryBytes(format) * static_cast<size_t>(pixels.width) *
                                 static_cast<size_t>(pixels.height));
}

bool IsWritable(Format format) { return !FormatExtension(format).empty(); }

Status NotWritable(Format format) {
  return Unsupported("Peel does not write " + std::string(FormatName(format)) +
                     " files; choose png, jpg, webp, avif, tiff or gif");
}

}  // namespace

bool HoldsDeepColour(Format format) {
  return format == Format::kPng || format == Format::kTiff || format == Format::kAvif;
}

Result<std::vector<uint8_t>> Encode(ImageView<const uint8_t> pixels, const EncodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckArguments(pixels.width, pixels.height, pixels.channels, options));
  MakeRoom(pixels, options.format);
  switch (options.format) {
    case Format::kPng:
      return EncodePng(pixels, options);
    case Format::kJpeg:
      return EncodeJpeg(pixels, options);
    case Format::kWebp:
      return EncodeWebp(pixels, options);
    case Format::kTiff:
      return EncodeTiff(pixels, options);
    case Format::kAvif:
      return EncodeAvif(pixels, options);
    case Format::kGif:
      return EncodeGif(pixels);
    default:
      return NotWritable(options.format);
  }
}

Result<std::vector<uint8_t>> Encode(ImageView<const uint16_t> pixels,
                                    const EncodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckArguments(pixels.width, pixels.height, pixels.channels, options));
  MakeRoom(pixels, options.format);
  if (options.format == Format::kPng) return EncodePng(pixels, options);
  if (options.format == Format::kTiff) return EncodeTiff(pixels, options);
  if (options.format == Format::kAvif) return EncodeAvif(pixels, options);
  if (!IsWritable(options.format)) return NotWritable(options.format);
  return InvalidArgument(std::string(FormatName(options.format)) +
                         " holds 8 bits a sample; bring the picture to 8 bits first, or write PNG");
}

}  // namespace peel
