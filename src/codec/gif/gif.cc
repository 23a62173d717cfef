#include "src/codec/gif/gif.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/canvas.h"
#include "src/codec/gif/gif_blocks.h"
#include "src/codec/lazy/gif_library.h"
#include "src/codec/lazy/library_text.h"
#include "src/image/geometry.h"

namespace peel {
namespace {

// What happens to a frame before the next one is drawn.
enum class Disposal : uint8_t { kKeep, kClear, kRestore };

class GifFrames final : public FrameReader {
 public:
  GifFrames(const GifLibrary& lib, std::span<const uint8_t> bytes, const GifBlocks& blocks,
            const DecodeOptions& options)
      : lib_(lib), bytes_(bytes), blocks_(blocks), options_(options) {}
  ~GifFrames() override {
    if (gif_ != nullptr) lib_.DGifCloseFile(gif_, nullptr);
  }
  GifFrames(const GifFrames&) = delete;
  GifFrames& operator=(const GifFrames&) = delete;

  Status Open() {
    int error = 0;
    gif_ = lib_.DGifOpen(this, Read, &error);
    if (gif_ == nullptr) return Damaged(error, "its header cannot be read");
    PEEL_ASSIGN_OR_RETURN(canvas_, ImageU8::Allocate(blocks_.width, blocks_.height, 4));
    Clear({0, 0, blocks_.width, blocks_.height});
    return OkStatus();
  }

  int count() const override { return blocks_.frames; }

  Result<Picture> Next() override {
    PEEL_RETURN_IF_ERROR(Dispose());
    PEEL_RETURN_IF_ERROR(FindFrame());
    if (disposal_ == Disposal::kRestore) {
      PEEL_ASSIGN_OR_RETURN(saved_, Clone(std::as_const(canvas_).view()));
    }
    PEEL_RETURN_IF_ERROR(Draw());
    Picture picture;
    picture.format = Format::kGif;
    picture.stored_width = blocks_.width;
    picture.stored_height = blocks_.height;
    picture.frames = count();
    PEEL_ASSIGN_OR_RETURN(picture.pixels,
                          CopyCanvas(canvas_, drawn_ == 0 && blocks_.first_has_alpha));
    picture.has_alpha = picture.u8()->channels() == 4;
    if (options_.keep_metadata) picture.metadata = metadata_;
    picture.delay_us = delay_us_;
    picture.plays = plays_;
    ++drawn_;
    return picture;
  }

 private:
  static int Read(GifFileType* gif, GifByteType* to, int count) {
    auto& self = *static_cast<GifFrames*>(gif->UserData);
    const size_t n =
        std::min<size_t>(static_cast<size_t>(std::max(count, 0)), self.bytes_.size() - self.at_);
    if (n > 0) std::memcpy(to, self.bytes_.data() + self.at_, n);
    self.at_ += n;
    return static_cast<int>(n);
  }

  Status Damaged(int error, const std::string& where) const {
    if (error == D_GIF_ERR_NOT_ENOUGH_MEM) return OutOfMemory("no memory left for the GIF");
    const char* text = lib_.GifErrorString(error);
    return Corrupt("the GIF is damaged or truncated: " + where +
                   InParentheses(text != nullptr ? text : ""));
  }
  Status Damaged() const {
    return Damaged(gif_->Error, "frame " + std::to_string(drawn_ + 1) + " of " +
                                    std::to_string(count()) + " cannot be read");
  }

  void Clear(const Box& box) {
    for (int y = box.y; y < box.y + box.height; ++y) {
      std::memset(canvas_.row(y) + ptrdiff_t{4} * box.x, 0, static_cast<size_t>(box.width) * 4);
    }
  }

  Status Dispose() {
    if (disposal_ == Disposal::kClear) Clear(box_);
    if (disposal_ == Disposal::kRestore && !saved_.empty()) canvas_ = std::move(saved_);
    disposal_ = Disposal::kKeep;
    transparent_ = -1;
    delay_us_ = 0;
    return OkStatus();
  }

  // Up to the next frame's header, with what the blocks before it say of it.
  Status FindFrame() {
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      if (lib_.DGifGetRecordType(gif_, &type) == GIF_ERROR) return Damaged();
      if (type == TERMINATE_RECORD_TYPE) return Damaged();
      if (type == IMAGE_DESC_RECORD_TYPE) {
        return lib_.DGifGetImageDesc(gif_) == GIF_ERROR ? Damaged() : OkStatus();
      }
      if (type != EXTENSION_RECORD_TYPE) continue;
      int label = 0;
      GifByteType* block = nullptr;
      if (lib_.DGifGetExtension(gif_, &label, &block) == GIF_ERROR) return Damaged();
      if (label == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4) {
        const int how = block[1] >> 2 & 7;
        disposal_ = how == 2 ? Disposal::kClear : how == 3 ? Disposal::kRestore : Disposal::kKeep;
        transparent_ = (block[1] & 1) != 0 ? block[4] : -1;
        delay_us_ = 10'000u * ReadLittle16(block + 2);
      }
      const bool repeats = label == APPLICATION_EXT_FUNC_CODE && block != nullptr &&
                           block[0] == 11 &&
                           (std::memcmp(block + 1, "NETSCAPE2.0", 11) == 0 ||
                            std::memcmp(block + 1, "ANIMEXTS1.0", 11) == 0);
      const bool xmp = label == APPLICATION_EXT_FUNC_CODE && block != nullptr && block[0] == 11 &&
                       std::memcmp(block + 1, "XMP DataXMP", 11) == 0;
      std::vector<uint8_t> data;
      while (block != nullptr) {
        if (lib_.DGifGetExtensionNext(gif_, &block) == GIF_ERROR) return Damaged();
        // How often after the first time; 0 is for ever.
        if (repeats && block != nullptr && block[0] >= 3 && block[1] == 1) {
          const uint32_t times = ReadLittle16(block + 2);
          plays_ = times == 0 ? 0 : times + 1;
        }
        // XMP is not cut into blocks: what looks like a block's length is text.
        if (xmp && block != nullptr && data.size() < (size_t{16} << 20)) {
          data.insert(data.end(), block, block + block[0] + 1);
        }
      }
      // Behind the text stands a trailer that makes the text look like blocks: 1, 0xFF … 0.
      if (const auto end = std::find(data.begin(), data.end(), uint8_t{1}); xmp) {
        metadata_.xmp.assign(data.begin(), end);
      }
    }
  }

  using Palette = std::array<std::array<uint8_t, 3>, 256>;

  Palette Colours() const {
    Palette palette = {};
    const ColorMapObject* map =
        gif_->Image.ColorMap != nullptr ? gif_->Image.ColorMap : gif_->SColorMap;
    for (int i = 0; i < 256; ++i) {
      auto& colour = palette[static_cast<size_t>(i)];
      if (map == nullptr) {
        colour.fill(static_cast<uint8_t>(i));  // no palette at all: shades of grey
      } else if (i < map->ColorCount) {
        colour = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
      }
    }
    return palette;
  }

  Status Draw() {
    const GifImageDesc& frame = gif_->Image;
    const int x0 = std::clamp(frame.Left, 0, blocks_.width);
    const int y0 = std::clamp(frame.Top, 0, blocks_.height);
    box_ = {x0, y0, std::clamp(frame.Width, 0, blocks_.width - x0),
            std::clamp(frame.Height, 0, blocks_.height - y0)};
    if (frame.Width <= 0 || frame.Height <= 0) return OkStatus();
    const Palette palette = Colours();
    std::vector<GifPixelType> line(static_cast<size_t>(frame.Width));
    constexpr int kStart[] = {0, 4, 2, 1}, kStep[] = {8, 8, 4, 2};
    const int passes = frame.Interlace ? 4 : 1;
    for (int pass = 0; pass < passes; ++pass) {
      const int start = frame.Interlace ? kStart[pass] : 0,
                step = frame.Interlace ? kStep[pass] : 1;
      for (int y = start; y < frame.Height; y += step) {
        if (lib_.DGifGetLine(gif_, line.data(), frame.Width) == GIF_ERROR) return Damaged();
        if (y < box_.height) DrawLine(line, palette, box_.y + y);
      }
    }
    return OkStatus();
  }

  void DrawLine(const std::vector<GifPixelType>& line, const Palette& palette, int y) {
    uint8_t* to = canvas_.row(y) + ptrdiff_t{4} * box_.x;
    for (int x = 0; x < box_.width; ++x, to += 4) {
      const uint8_t index = line[static_cast<size_t>(x)];
      if (index == transparent_) continue;
      std::memcpy(to, palette[index].data(), 3);
      to[3] = 255;
    }
  }

  const GifLibrary& lib_;
  const std::span<const uint8_t> bytes_;
  const GifBlocks blocks_;
  const DecodeOptions options_;
  GifFileType* gif_ = nullptr;
  size_t at_ = 0;
  int drawn_ = 0;
  ImageU8 canvas_, saved_;
  Box box_;  // the last frame's part of the canvas
  Disposal disposal_ = Disposal::kKeep;
  int transparent_ = -1;
  uint32_t delay_us_ = 0, plays_ = 1;
  Metadata metadata_;
};

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenGifFrames(std::span<const uint8_t> bytes,
                                                   const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const GifBlocks blocks, WalkGif(bytes));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, static_cast<uint64_t>(blocks.width),
                                 static_cast<uint64_t>(blocks.height),
                                 static_cast<uint64_t>(blocks.frames)));
  PEEL_ASSIGN_OR_RETURN(const GifLibrary* lib, OpenGifLibrary());
  auto frames = std::make_unique<GifFrames>(*lib, bytes, blocks, options);
  PEEL_RETURN_IF_ERROR(frames->Open());
  return std::unique_ptr<FrameReader>(std::move(frames));
}

Result<Picture> DecodeGif(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto frames, OpenGifFrames(bytes, options));
  return frames->Next();
}

Result<PictureInfo> ProbeGif(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(const GifBlocks blocks, WalkGif(bytes));
  PictureInfo info;
  info.format = Format::kGif;
  info.width = blocks.width;
  info.height = blocks.height;
  info.channels = 1;
  info.has_alpha = blocks.first_has_alpha;
  info.is_palette = true;
  info.frames = blocks.frames;
  return info;
}

}  // namespace peel
