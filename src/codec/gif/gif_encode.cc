#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "src/codec/gif/gif.h"
#include "src/codec/gif/reduce_colours.h"
#include "src/codec/lazy/gif_library.h"
#include "src/codec/lazy/library_text.h"

namespace peel {
namespace {

constexpr int kMaxSide = 0xFFFF;

class GifEncoder final : public AnimationEncoder {
 public:
  GifEncoder(const GifLibrary& lib, uint32_t plays) : lib_(lib), plays_(plays) {}
  ~GifEncoder() override { (void)Close(); }
  GifEncoder(const GifEncoder&) = delete;
  GifEncoder& operator=(const GifEncoder&) = delete;

  Result<std::vector<uint8_t>> Finish() override {
    if (frames() == 0) return InvalidArgument("there is no frame to write");
    PEEL_RETURN_IF_ERROR(Close());
    return std::move(out_);
  }

 protected:
  uint8_t LeastAlpha() const override { return kOpaqueFrom; }

  Status AddPart(ImageView<const uint8_t> frame, Box box, uint32_t delay_us) override {
    if (frames() == 0) PEEL_RETURN_IF_ERROR(Open(frame.width, frame.height));
    PEEL_ASSIGN_OR_RETURN(IndexedPicture few, ReduceColours(Crop(frame, box), 256));
    PEEL_RETURN_IF_ERROR(PutControl(few.transparent, delay_us));
    // A palette has 2, 4, 8 … 256 colours.
    int colours = 2;
    const int wanted = static_cast<int>(few.palette.size()) + (few.transparent >= 0);
    while (colours < wanted) colours *= 2;
    const std::unique_ptr<ColorMapObject, decltype(lib_.GifFreeMapObject)> map(
        lib_.GifMakeMapObject(colours, nullptr), lib_.GifFreeMapObject);
    if (!map) return OutOfMemory("no memory left for writing the GIF");
    for (size_t i = 0; i < few.palette.size(); ++i) {
      map->Colors[i] = {few.palette[i][0], few.palette[i][1], few.palette[i][2]};
    }
    if (lib_.EGifPutImageDesc(gif_, box.x, box.y, box.width, box.height, /*interlace=*/false,
                              map.get()) == GIF_ERROR) {
      return Failure();
    }
    for (int y = 0; y < box.height; ++y) {
      if (lib_.EGifPutLine(gif_, few.indices.row(y), box.width) == GIF_ERROR) return Failure();
    }
    return OkStatus();
  }

 private:
  static int Write(GifFileType* gif, const GifByteType* bytes, int count) {
    auto& out = static_cast<GifEncoder*>(gif->UserData)->out_;
    out.insert(out.end(), bytes, bytes + count);
    return count;
  }

  Status Failure() const {
    const char* text = gif_ != nullptr ? lib_.GifErrorString(gif_->Error) : nullptr;
    return Internal("giflib could not write the GIF" + InParentheses(text != nullptr ? text : ""));
  }

  Status Open(int width, int height) {
    if (width > kMaxSide || height > kMaxSide) {
      return Unsupported("a GIF holds at most " + std::to_string(kMaxSide) +
                         " pixels a side; write PNG instead");
    }
    int error = 0;
    gif_ = lib_.EGifOpen(this, Write, &error);
    if (gif_ == nullptr) return OutOfMemory("no memory left for writing the GIF");
    lib_.EGifSetGifVersion(gif_, true);
    if (lib_.EGifPutScreenDesc(gif_, width, height, 8, 0, nullptr) == GIF_ERROR) return Failure();
    if (plays_ == 1) return OkStatus();
    // How often again; 0 is for ever.
    const auto again = static_cast<uint16_t>(plays_ == 0 ? 0 : std::min(plays_ - 1, 0xFFFFu));
    const std::array<uint8_t, 3> loop = {1, static_cast<uint8_t>(again),
                                         static_cast<uint8_t>(again >> 8)};
    if (lib_.EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
        lib_.EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0") == GIF_ERROR ||
        lib_.EGifPutExtensionBlock(gif_, 3, loop.data()) == GIF_ERROR ||
        lib_.EGifPutExtensionTrailer(gif_) == GIF_ERROR) {
      return Failure();
    }
    return OkStatus();
  }

  Status PutControl(int transparent, uint32_t delay_us) {
    // Frames end at whole hundredths of a second, and roundings do not add up. One hundredth alone
    // is what viewers slow down to ten of them: it is left to those who asked for it.
    constexpr uint32_t kHundredth = 10'000;
    end_us_ += delay_us;
    const uint64_t end = (end_us_ + kHundredth / 2) / kHundredth;
    uint64_t delay = end > end_ ? end - end_ : 0;
    if (delay_us > kHundredth) delay = std::max<uint64_t>(delay, 2);
    delay = std::min<uint64_t>(delay, 0xFFFF);
    end_ += delay;
    const uint8_t disposal = transparent >= 0 ? 2 : 1;
    const std::array<uint8_t, 4> control = {
        static_cast<uint8_t>(disposal << 2 | (transparent >= 0)), static_cast<uint8_t>(delay),
        static_cast<uint8_t>(delay >> 8), static_cast<uint8_t>(std::max(transparent, 0))};
    if (lib_.EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, 4, control.data()) == GIF_ERROR) {
      return Failure();
    }
    return OkStatus();
  }

  Status Close() {
    if (gif_ == nullptr) return OkStatus();
    int error = 0;
    if (lib_.EGifCloseFile(std::exchange(gif_, nullptr), &error) == GIF_ERROR) return Failure();
    return OkStatus();
  }

  const GifLibrary& lib_;
  const uint32_t plays_;
  GifFileType* gif_ = nullptr;
  std::vector<uint8_t> out_;
  uint64_t end_us_ = 0, end_ = 0;
};

}  // namespace

Result<std::unique_ptr<AnimationEncoder>> StartGif(uint32_t plays) {
  PEEL_ASSIGN_OR_RETURN(const GifLibrary* lib, OpenGifLibrary());
  return std::unique_ptr<AnimationEncoder>(std::make_unique<GifEncoder>(*lib, plays));
}

Result<std::vector<uint8_t>> EncodeGif(ImageView<const uint8_t> pixels) {
  PEEL_ASSIGN_OR_RETURN(const auto gif, StartGif(1));
  PEEL_RETURN_IF_ERROR(gif->Add(pixels, 0));
  return gif->Finish();
}

}  // namespace peel
