#include <webp/demux.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "src/codec/canvas.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/webp/webp.h"

namespace peel {
namespace {

constexpr int kMaxDelay = UINT32_MAX / 1000;  // milliseconds that fit as microseconds

struct FreeDecoder {
  void operator()(WebPAnimDecoder* d) const { WebPAnimDecoderDelete(d); }
};

class WebpFrames final : public FrameReader {
 public:
  // `first` is the still decoder's first frame, whose facts hold for all.
  WebpFrames(WebPAnimDecoder* decoder, Picture first, const DecodeOptions& options)
      : decoder_(decoder), first_(std::move(first)), options_(options) {
    WebPAnimInfo info;
    if (WebPAnimDecoderGetInfo(decoder, &info)) plays_ = info.loop_count;
  }

  int count() const override { return first_.frames; }

  Result<Picture> Next() override {
    uint8_t* canvas = nullptr;
    int timestamp = 0;
    if (!WebPAnimDecoderGetNext(decoder_.get(), &canvas, &timestamp) || canvas == nullptr) {
      return Corrupt("the WebP is damaged: frame " + std::to_string(at_ + 1) + " of " +
                     std::to_string(count()) + " cannot be decoded");
    }
    delay_ms_ = timestamp - std::exchange(timestamp_, timestamp);
    if (at_++ == 0) return Take(std::move(*first_.u8()));
    const int w = first_.stored_width, h = first_.stored_height;
    PEEL_ASSIGN_OR_RETURN(ImageU8 copy, ImageU8::Allocate(w, h, 4));
    for (int y = 0; y < h; ++y) {
      std::memcpy(copy.row(y), canvas + static_cast<size_t>(y) * static_cast<size_t>(w) * 4,
                  static_cast<size_t>(w) * 4);
    }
    PEEL_ASSIGN_OR_RETURN(copy, CopyCanvas(copy, /*keep_alpha=*/false));
    if (options_.apply_orientation && first_.orientation != 1) {
      PEEL_ASSIGN_OR_RETURN(copy, Upright<uint8_t>(std::as_const(copy).view(), first_.orientation));
    }
    return Take(std::move(copy));
  }

 private:
  Picture Take(ImageU8 pixels) const {
    Picture picture;
    picture.format = first_.format;
    picture.stored_width = first_.stored_width;
    picture.stored_height = first_.stored_height;
    picture.orientation = first_.orientation;
    picture.orientation_applied = first_.orientation_applied;
    picture.frames = first_.frames;
    picture.metadata = first_.metadata;
    picture.delay_us = static_cast<uint32_t>(std::clamp(delay_ms_, 0, kMaxDelay)) * 1000;
    picture.plays = plays_;
    picture.has_alpha = pixels.channels() == 4;
    picture.pixels = std::move(pixels);
    return picture;
  }

  std::unique_ptr<WebPAnimDecoder, FreeDecoder> decoder_;
  Picture first_;
  const DecodeOptions options_;
  int at_ = 0;
  int timestamp_ = 0, delay_ms_ = 0;
  uint32_t plays_ = 1;
};

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenWebpFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options) {
  // Checks limits and chunks, too.
  PEEL_ASSIGN_OR_RETURN(Picture first, DecodeWebp(bytes, options));
  WebPAnimDecoderOptions animation;
  if (!WebPAnimDecoderOptionsInit(&animation)) return Internal("libwebp does not fit its header");
  animation.color_mode = MODE_RGBA;
  const WebPData data = {bytes.data(), bytes.size()};
  WebPAnimDecoder* decoder = WebPAnimDecoderNew(&data, &animation);
  if (decoder == nullptr) return Corrupt("the WebP is damaged: its animation cannot be read");
  return std::unique_ptr<FrameReader>(
      std::make_unique<WebpFrames>(decoder, std::move(first), options));
}

}  // namespace peel
