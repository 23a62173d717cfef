#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/block_cache.h"
#include "src/codec/heif/avif.h"
#include "src/codec/heif/avif_check.h"
#include "src/codec/lazy/avif_library.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/cicp.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"
#include "src/image/geometry.h"

namespace peel {
namespace {

std::vector<uint8_t> Copy(const avifRWData& data) {
  if (data.data == nullptr) return {};
  return {data.data, data.data + data.size};
}

Status Failure(const AvifLibrary& lib, avifResult result, const avifDecoder& decoder) {
  std::string text = LibraryText(lib.avifResultToString(result));
  // Some of its remarks are a line of its source.
  const std::string_view remark = decoder.diag.error;
  if (!remark.empty() && remark.find("->") == remark.npos) text.append(", ").append(remark);
  const std::string why = InParentheses(text);
  switch (result) {
    case AVIF_RESULT_OUT_OF_MEMORY:
      return OutOfMemory("no memory left while decoding the AVIF");
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
      return Unsupported("a kind of AVIF that cannot be read here" + why);
    case AVIF_RESULT_TRUNCATED_DATA:
    case AVIF_RESULT_IO_ERROR:
    case AVIF_RESULT_WAITING_ON_IO:
      return Corrupt("the AVIF is truncated" + why + "; get the whole file and try again");
    default:
      return Corrupt("the AVIF is damaged" + why);
  }
}

// As an EXIF orientation: first the turn (anticlockwise), then the mirror.
int OrientationOfAvif(const avifImage& image) {
  const int turn = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3 : 0;
  if ((image.transformFlags & AVIF_TRANSFORM_IMIR) == 0) {
    constexpr int kTurned[] = {1, 8, 3, 6};
    return kTurned[turn];
  }
  constexpr int kTopBottom[] = {4, 5, 2, 7};
  constexpr int kLeftRight[] = {2, 7, 4, 5};
  return image.imir.mode == 1 ? kLeftRight[turn] : kTopBottom[turn];
}

// The part of the stored picture that is shown.
Box VisiblePart(const AvifLibrary& lib, const avifImage& image) {
  const Box whole = {0, 0, static_cast<int>(image.width), static_cast<int>(image.height)};
  if ((image.transformFlags & AVIF_TRANSFORM_CLAP) == 0) return whole;
  avifCropRect rect = {};
  avifDiagnostics diagnostics = {};
  if (!lib.avifCropRectConvertCleanApertureBox(&rect, &image.clap, image.width, image.height,
                                               image.yuvFormat, &diagnostics)) {
    return whole;
  }
  if (rect.width == 0 || rect.height == 0 || rect.x > image.width - rect.width ||
      rect.y > image.height - rect.height || rect.width > image.width ||
      rect.height > image.height) {
    return whole;
  }
  return {static_cast<int>(rect.x), static_cast<int>(rect.y), static_cast<int>(rect.width),
          static_cast<int>(rect.height)};
}

Metadata CollectMetadata(const avifImage& image) {
  Metadata metadata;
  metadata.icc = image.icc.size > 0
                     ? Copy(image.icc)
                     : IccFromCicp({image.colorPrimaries, image.transferCharacteristics});
  metadata.exif = Copy(image.exif);
  if (metadata.exif.size() >= 6 && std::memcmp(metadata.exif.data(), "Exif\0\0", 6) == 0) {
    metadata.exif.erase(metadata.exif.begin(), metadata.exif.begin() + 6);
  }
  metadata.xmp = Copy(image.xmp);
  return metadata;
}

// Values of 0..65535 as libavif gives them for depth 16 are already spread over the whole range.
class AvifFrames final : public FrameReader {
 public:
  AvifFrames(const AvifLibrary& lib, const DecodeOptions& options)
      : lib_(lib), options_(options), decoder_(lib.avifDecoderCreate()) {}
  ~AvifFrames() override {
    if (decoder_ != nullptr) lib_.avifDecoderDestroy(decoder_);
  }
  AvifFrames(const AvifFrames&) = delete;
  AvifFrames& operator=(const AvifFrames&) = delete;

  Status Parse(std::span<const uint8_t> bytes) {
    if (decoder_ == nullptr) return OutOfMemory("no memory left for decoding the AVIF");
    decoder_->maxThreads = LibraryThreads(options_.pool);
    // Files of writers that forgot a box or two are still pictures.
    decoder_->strictFlags = AVIF_STRICT_DISABLED;
    decoder_->imageSizeLimit = static_cast<uint32_t>(
        std::min<uint64_t>(options_.limits.max_pixels, AVIF_DEFAULT_IMAGE_SIZE_LIMIT));
    decoder_->imageDimensionLimit =
        static_cast<uint32_t>(std::max(options_.limits.max_width, options_.limits.max_height));
    // Said by Peel's own limits, in its own words.
    decoder_->imageCountLimit = 0;
    PEEL_RETURN_IF_ERROR(CheckAvif(bytes));
    PEEL_ASSIGN_OR_RETURN(alpha_file_, AvifOfTileAlphas(bytes, lib_.avifVersion()));
    if (!alpha_file_.empty()) {
      alphas_ = std::make_unique<AvifFrames>(lib_, options_);
      PEEL_RETURN_IF_ERROR(alphas_->Parse(alpha_file_));
    }
    without_sound_ = AvifWithoutSound(bytes);
    if (!without_sound_.empty()) bytes = without_sound_;
    avifResult result = lib_.avifDecoderSetIOMemory(decoder_, bytes.data(), bytes.size());
    if (result == AVIF_RESULT_OK) result = lib_.avifDecoderParse(decoder_);
    if (result != AVIF_RESULT_OK) {
      // There is no code for it.
      const bool large = std::strstr(decoder_->diag.error, "too large") != nullptr;
      return large ? AvifTooLarge(bytes, options_.limits) : Failure(lib_, result, *decoder_);
    }
    header_ = {decoder_->image->width, decoder_->image->height, decoder_->image->depth};
    return OkStatus();
  }

  // For the library, which holds the picture in a form of its own.
  void MakeRoom() const {
    BlockCache::Process().MakeRoom(size_t{16} * decoder_->image->width * decoder_->image->height);
  }
  Status CheckLimits() const {
    return CheckSize(options_.limits, decoder_->image->width, decoder_->image->height,
                     static_cast<uint64_t>(count()));
  }

  int count() const override { return std::max(decoder_->imageCount, 1); }
  bool has_alpha() const { return decoder_->alphaPresent != 0 || alphas_ != nullptr; }
  const avifDecoder& decoder() const { return *decoder_; }

  Result<Picture> Next() override {
    const avifResult result = lib_.avifDecoderNextImage(decoder_);
    if (result != AVIF_RESULT_OK) return Failure(lib_, result, *decoder_);
    const avifImage& image = *decoder_->image;
    // The picture data may say other than the header did.
    if (image.width != header_.width || image.height != header_.height ||
        image.depth != header_.depth) {
      return Corrupt("the AVIF is damaged: its picture is not what its header says");
    }
    Picture picture;
    picture.format = Format::kAvif;
    const Box visible = VisiblePart(lib_, image);
    picture.stored_width = visible.width;
    picture.stored_height = visible.height;
    picture.has_alpha = has_alpha();
    if (alphas_ != nullptr) PEEL_RETURN_IF_ERROR(BorrowAlpha(*decoder_->image));
    picture.was_grey = image.yuvFormat == AVIF_PIXEL_FORMAT_YUV400;
    picture.frames = count();
    const double seconds = decoder_->imageTiming.duration;
    if (count() > 1 && seconds > 0 && seconds < 4000) {
      picture.delay_us = static_cast<uint32_t>(std::lround(seconds * 1e6));
    }
    // What it says of repetitions only libavif 1.0 tells; viewers repeat without end.
    picture.plays = count() > 1 ? 0 : 1;
    picture.orientation = OrientationOfAvif(image);
    picture.orientation_applied = options_.apply_orientation;
    if (image.depth > 8 && !options_.reduce_to_8_bits) {
      PEEL_ASSIGN_OR_RETURN(picture.pixels, Convert<uint16_t>(image, visible, picture));
    } else {
      PEEL_ASSIGN_OR_RETURN(picture.pixels, Convert<uint8_t>(image, visible, picture));
    }
    AdoptMetadata(CollectMetadata(image), options_, &picture);
    return picture;
  }

 private:
  // The tiles' alpha maps, decoded as a picture of their own, as the transparency of `image`. The
  // plane stays theirs.
  Status BorrowAlpha(avifImage& image) {
    const avifResult result = lib_.avifDecoderNextImage(alphas_->decoder_);
    if (result != AVIF_RESULT_OK) return Failure(lib_, result, *alphas_->decoder_);
    const avifImage& alpha = *alphas_->decoder_->image;
    if (alpha.width != image.width || alpha.height != image.height || alpha.depth != image.depth ||
        alpha.yuvPlanes[AVIF_CHAN_Y] == nullptr) {
      return Corrupt("the AVIF is damaged: its transparency is not of its picture's size");
    }
    image.alphaPlane = alpha.yuvPlanes[AVIF_CHAN_Y];
    image.alphaRowBytes = alpha.yuvRowBytes[AVIF_CHAN_Y];
    return OkStatus();
  }

  template <typename T>
  Result<Image<T>> Convert(const avifImage& image, const Box& visible,
                           const Picture& picture) const {
    const int channels = picture.has_alpha ? 4 : 3;
    PEEL_ASSIGN_OR_RETURN(Image<T> out,
                          Image<T>::Allocate(static_cast<int>(image.width),
                                             static_cast<int>(image.height), channels));
    avifRGBImage rgb = {};
    lib_.avifRGBImageSetDefaults(&rgb, &image);
    rgb.format = picture.has_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.depth = 8 * sizeof(T);
    rgb.alphaPremultiplied = AVIF_FALSE;
    rgb.pixels = reinterpret_cast<uint8_t*>(out.row(0));
    rgb.rowBytes = static_cast<uint32_t>(out.stride() * static_cast<ptrdiff_t>(sizeof(T)));
    const avifResult result = lib_.avifImageYUVToRGB(&image, &rgb);
    if (result != AVIF_RESULT_OK) return Failure(lib_, result, *decoder_);
    const int orientation = options_.apply_orientation ? picture.orientation : 1;
    if (visible == Box{0, 0, out.width(), out.height()} && orientation == 1) return out;
    return Upright<T>(Crop(std::as_const(out).view(), visible), orientation);
  }

  struct Header {
    uint32_t width = 0, height = 0, depth = 0;
  };

  const AvifLibrary& lib_;
  const DecodeOptions options_;
  std::vector<uint8_t> without_sound_;  // the decoder reads it, where it is not empty
  std::vector<uint8_t> alpha_file_;     // of tiles' alpha maps, which alphas_ reads
  std::unique_ptr<AvifFrames> alphas_;
  avifDecoder* const decoder_;
  Header header_;
};

Result<std::unique_ptr<AvifFrames>> Open(std::span<const uint8_t> bytes,
                                         const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const AvifLibrary* lib, OpenAvifLibrary());
  auto frames = std::make_unique<AvifFrames>(*lib, options);
  PEEL_RETURN_IF_ERROR(frames->Parse(bytes));
  return frames;
}

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenAvifFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<AvifFrames> frames, Open(bytes, options));
  PEEL_RETURN_IF_ERROR(frames->CheckLimits());
  frames->MakeRoom();
  return std::unique_ptr<FrameReader>(std::move(frames));
}

Result<Picture> DecodeAvif(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto frames, OpenAvifFrames(bytes, options));
  return frames->Next();
}

Result<PictureInfo> ProbeAvif(std::span<const uint8_t> bytes) {
  DecodeOptions options;
  options.limits.max_pixels = UINT64_MAX;
  options.limits.max_width = options.limits.max_height = INT32_MAX;
  PEEL_ASSIGN_OR_RETURN(const auto frames, Open(bytes, options));
  PEEL_ASSIGN_OR_RETURN(const AvifLibrary* lib, OpenAvifLibrary());
  const avifImage& image = *frames->decoder().image;
  const Box visible = VisiblePart(*lib, image);
  PictureInfo info;
  info.format = Format::kAvif;
  info.width = visible.width;
  info.height = visible.height;
  info.has_alpha = frames->has_alpha();
  info.channels = info.has_alpha ? 4 : 3;
  info.bits = static_cast<int>(image.depth);
  info.orientation = OrientationOfAvif(image);
  info.frames = frames->count();
  return info;
}

}  // namespace peel
