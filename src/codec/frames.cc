#include "src/codec/frames.h"

#include <optional>
#include <utility>

#include "src/codec/gif/gif.h"
#include "src/codec/heif/avif.h"
#include "src/codec/heif/heif.h"
#include "src/codec/png/png.h"
#include "src/codec/raw/raw.h"
#include "src/codec/tiff/tiff.h"
#include "src/codec/webp/webp.h"

namespace peel {
namespace {

class OneFrameReader final : public FrameReader {
 public:
  explicit OneFrameReader(Picture picture) : picture_(std::move(picture)) {}
  int count() const override { return 1; }
  Result<Picture> Next() override {
    if (!picture_) return Internal("there is no further frame");
    Picture picture = *std::move(picture_);
    picture_.reset();
    return picture;
  }

 private:
  std::optional<Picture> picture_;
};

}  // namespace

bool IsAnimation(const PictureInfo& info) {
  return info.frames > 1 && (info.format == Format::kGif || info.format == Format::kWebp ||
                             info.format == Format::kPng || info.format == Format::kAvif);
}

std::unique_ptr<FrameReader> OneFrame(Picture picture) {
  return std::make_unique<OneFrameReader>(std::move(picture));
}

Result<std::unique_ptr<FrameReader>> OpenFrames(std::span<const uint8_t> bytes,
                                                const DecodeOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckBytes(options.limits, bytes.size()));
  switch (FormatOf(bytes)) {
    case Format::kPng:
      return OpenPngFrames(bytes, options);
    case Format::kWebp:
      return OpenWebpFrames(bytes, options);
    case Format::kGif:
      return OpenGifFrames(bytes, options);
    case Format::kAvif:
      return OpenAvifFrames(bytes, options);
    case Format::kHeic:
      return OpenHeifFrames(bytes, options);
    case Format::kTiff:
      return OpenTiffFrames(bytes, options);
    default: {
      PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, options));
      return OneFrame(std::move(picture));
    }
  }
}

}  // namespace peel
