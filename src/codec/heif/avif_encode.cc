#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "src/codec/heif/avif.h"
#include "src/codec/lazy/avif_library.h"
#include "src/codec/metadata/icc.h"

namespace peel {
namespace {

constexpr int kDefaultQuality = 80;
constexpr int kFullChromaQuality = 90;
// A 12-megapixel cut-out takes seconds at 6 and hardly grows from 6 to 8.
constexpr int kSpeed = 8;
constexpr int kMaxSide = 65536;
// Larger pictures are packed in tiles that threads share; by size alone, so that the bytes do not
// depend on the threads.
constexpr int kTileSide = 1024;

template <typename T>
constexpr uint32_t kDepth = sizeof(T) == 1 ? 8 : 10;

Status Failure(const AvifLibrary& lib, avifResult result) {
  if (result == AVIF_RESULT_OUT_OF_MEMORY) return OutOfMemory("no memory left for the AVIF");
  if (result == AVIF_RESULT_NO_CODEC_AVAILABLE) {
    return Unsupported("libavif has no encoder here; write png or webp, or install libaom");
  }
  return Internal(std::string("libavif refused the picture: ") + lib.avifResultToString(result));
}

int Log2Tiles(int side) {
  int log2 = 0;
  while (log2 < 3 && side >> (log2 + 1) >= kTileSide) ++log2;
  return log2;
}

template <typename T>
Status FillGrey(const AvifLibrary& lib, ImageView<const T> pixels, avifImage& image) {
  const avifResult result = lib.avifImageAllocatePlanes(&image, AVIF_PLANES_YUV);
  if (result != AVIF_RESULT_OK) return Failure(lib, result);
  for (int y = 0; y < pixels.height; ++y) {
    uint8_t* to = image.yuvPlanes[0] + static_cast<size_t>(y) * image.yuvRowBytes[0];
    if constexpr (sizeof(T) == 1) {
      std::memcpy(to, pixels.row(y), static_cast<size_t>(pixels.width));
    } else {
      for (int x = 0; x < pixels.width; ++x) {
        const auto v = static_cast<uint16_t>((pixels.row(y)[x] * 1023u + 32767u) / 65535u);
        std::memcpy(to + 2 * static_cast<size_t>(x), &v, 2);
      }
    }
  }
  return OkStatus();
}

template <typename T>
Status FillColour(const AvifLibrary& lib, ImageView<const T> pixels, avifImage& image) {
  avifRGBImage rgb = {};
  lib.avifRGBImageSetDefaults(&rgb, &image);
  rgb.format = pixels.channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = 8 * sizeof(T);
  rgb.pixels = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(pixels.data));
  rgb.rowBytes = static_cast<uint32_t>(pixels.stride * static_cast<ptrdiff_t>(sizeof(T)));
  const avifResult result = lib.avifImageRGBToYUV(&image, &rgb);
  return result == AVIF_RESULT_OK ? OkStatus() : Failure(lib, result);
}

void SetMetadata(const AvifLibrary& lib, const Metadata* metadata, avifImage& image) {
  if (metadata == nullptr) return;
  const auto set = [&](const std::vector<uint8_t>& data, auto function) {
    if (!data.empty()) function(&image, data.data(), data.size());
  };
  set(metadata->icc, lib.avifImageSetProfileICC);
  set(metadata->exif, lib.avifImageSetMetadataExif);
  set(metadata->xmp, lib.avifImageSetMetadataXMP);
}

template <typename T>
Result<std::vector<uint8_t>> EncodeAny(ImageView<const T> pixels, const EncodeOptions& options) {
  if (pixels.width > kMaxSide || pixels.height > kMaxSide) {
    return Unsupported("an AVIF holds at most 65536 pixels a side; write PNG instead");
  }
  if (options.lossless && sizeof(T) > 1) {
    return Unsupported("a lossless AVIF has 8 bits a sample here; write PNG or TIFF instead");
  }
  PEEL_ASSIGN_OR_RETURN(const AvifLibrary* lib, OpenAvifLibrary());
  const int quality = options.quality == 0 ? kDefaultQuality : options.quality;
  const bool full_chroma = options.lossless || quality >= kFullChromaQuality;
  const avifPixelFormat format = pixels.channels == 1 ? AVIF_PIXEL_FORMAT_YUV400
                                 : full_chroma        ? AVIF_PIXEL_FORMAT_YUV444
                                                      : AVIF_PIXEL_FORMAT_YUV420;
  const std::unique_ptr<avifImage, decltype(lib->avifImageDestroy)> image(
      lib->avifImageCreate(static_cast<uint32_t>(pixels.width),
                           static_cast<uint32_t>(pixels.height), kDepth<T>, format),
      lib->avifImageDestroy);
  const std::unique_ptr<avifEncoder, decltype(lib->avifEncoderDestroy)> encoder(
      lib->avifEncoderCreate(), lib->avifEncoderDestroy);
  if (!image || !encoder) return OutOfMemory("no memory left for writing the AVIF");
  image->yuvRange = AVIF_RANGE_FULL;
  const bool profile = options.metadata != nullptr && !options.metadata->icc.empty();
  image->colorPrimaries = profile ? AVIF_COLOR_PRIMARIES_UNSPECIFIED : AVIF_COLOR_PRIMARIES_BT709;
  image->transferCharacteristics =
      profile ? AVIF_TRANSFER_CHARACTERISTICS_UNSPECIFIED : AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  image->matrixCoefficients = options.lossless && pixels.channels != 1
                                  ? AVIF_MATRIX_COEFFICIENTS_IDENTITY
                                  : AVIF_MATRIX_COEFFICIENTS_BT601;
  SetMetadata(*lib, options.metadata, *image);
  PEEL_RETURN_IF_ERROR(pixels.channels == 1 ? FillGrey(*lib, pixels, *image)
                                            : FillColour(*lib, pixels, *image));

  const int quantizer =
      options.lossless ? 0 : ((100 - quality) * AVIF_QUANTIZER_WORST_QUALITY + 50) / 100;
  encoder->minQuantizer = encoder->maxQuantizer = quantizer;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
  encoder->speed = kSpeed;
  encoder->tileColsLog2 = Log2Tiles(pixels.width);
  encoder->tileRowsLog2 = Log2Tiles(pixels.height);
  // libaom packs rows in parallel from two threads on, and then other bytes than with one.
  encoder->maxThreads = std::max(LibraryThreads(options.pool), 2);
  avifRWData packed = AVIF_DATA_EMPTY;
  const avifResult result = lib->avifEncoderWrite(encoder.get(), image.get(), &packed);
  std::vector<uint8_t> out;
  if (result == AVIF_RESULT_OK) out.assign(packed.data, packed.data + packed.size);
  lib->avifRWDataFree(&packed);
  if (result != AVIF_RESULT_OK) return Failure(*lib, result);
  return out;
}

}  // namespace

Result<std::vector<uint8_t>> EncodeAvif(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

Result<std::vector<uint8_t>> EncodeAvif(ImageView<const uint16_t> pixels,
                                        const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

}  // namespace peel
