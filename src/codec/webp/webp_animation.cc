#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "src/codec/webp/webp.h"

namespace peel {
namespace {

struct FreeMux {
  void operator()(WebPMux* m) const { WebPMuxDelete(m); }
};

class WebpAnimation final : public AnimationEncoder {
 public:
  WebpAnimation(const EncodeOptions& options, uint32_t plays)
      : options_(options), plays_(plays), mux_(WebPMuxNew()) {
    frame_options_ = options;
    frame_options_.metadata = nullptr;
  }

  Result<std::vector<uint8_t>> Finish() override {
    if (frames() == 0) return InvalidArgument("there is no frame to write");
    WebPMux* mux = mux_.get();
    if (mux == nullptr) return OutOfMemory("no memory left for writing the WebP");
    for (Frame& frame : frames_) {
      frame.info.bitstream = {packed_.data() + frame.at, frame.size};
      if (WebPMuxPushFrame(mux, &frame.info, /*copy_data=*/0) != WEBP_MUX_OK) {
        return OutOfMemory("no memory left for writing the WebP");
      }
    }
    WebPMuxAnimParams params = {};  // a transparent background
    params.loop_count = static_cast<int>(std::min<uint32_t>(plays_, 0xFFFF));
    WebPData assembled = {};
    if (WebPMuxSetAnimationParams(mux, &params) != WEBP_MUX_OK ||
        WebPMuxSetCanvasSize(mux, width(), height()) != WEBP_MUX_OK || !SetMetadata() ||
        WebPMuxAssemble(mux, &assembled) != WEBP_MUX_OK) {
      return OutOfMemory("the frames could not be put together to a WebP");
    }
    std::vector<uint8_t> out(assembled.bytes, assembled.bytes + assembled.size);
    WebPDataClear(&assembled);
    return out;
  }

 protected:
  int Step() const override { return 2; }

  Status AddPart(ImageView<const uint8_t> frame, Box box, uint32_t delay_us) override {
    PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> packed,
                          EncodeWebp(Crop(frame, box), frame_options_));
    WebPMuxFrameInfo info = {};
    info.x_offset = box.x;
    info.y_offset = box.y;
    // Frames end at whole milliseconds, and roundings do not add up.
    end_us_ += delay_us;
    const uint64_t end_ms = (end_us_ + 500) / 1000;
    constexpr uint64_t kMost = (1 << 24) - 1;
    info.duration = static_cast<int>(std::min(end_ms - std::exchange(end_ms_, end_ms), kMost));
    info.id = WEBP_CHUNK_ANMF;
    info.dispose_method = channels() == 4 ? WEBP_MUX_DISPOSE_BACKGROUND : WEBP_MUX_DISPOSE_NONE;
    info.blend_method = WEBP_MUX_NO_BLEND;
    frames_.push_back({info, packed_.size(), packed.size()});
    packed_.insert(packed_.end(), packed.begin(), packed.end());
    return OkStatus();
  }

 private:
  bool SetMetadata() {
    if (options_.metadata == nullptr) return true;
    const auto set = [&](const char* fourcc, const std::vector<uint8_t>& bytes) {
      const WebPData data = {bytes.data(), bytes.size()};
      return bytes.empty() || WebPMuxSetChunk(mux_.get(), fourcc, &data, 1) == WEBP_MUX_OK;
    };
    return set("ICCP", options_.metadata->icc) && set("EXIF", options_.metadata->exif) &&
           set("XMP ", options_.metadata->xmp);
  }

  struct Frame {
    WebPMuxFrameInfo info;
    size_t at, size;  // in packed_
  };

  const EncodeOptions options_;
  const uint32_t plays_;
  EncodeOptions frame_options_;
  // All frames' data in one piece: many small ones would lie between the encoder's large blocks and
  // keep what is freed of these from being used again.
  std::vector<uint8_t> packed_;
  std::vector<Frame> frames_;
  std::unique_ptr<WebPMux, FreeMux> mux_;
  uint64_t end_us_ = 0, end_ms_ = 0;
};

}  // namespace

Result<std::unique_ptr<AnimationEncoder>> StartWebpAnimation(const EncodeOptions& options,
                                                             uint32_t plays) {
  return std::unique_ptr<AnimationEncoder>(std::make_unique<WebpAnimation>(options, plays));
}

}  // namespace peel
