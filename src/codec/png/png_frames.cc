#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/canvas.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/png/png.h"
#include "src/codec/png/png_chunks.h"
#include "src/codec/png/png_write.h"
#include "src/image/composite.h"
#include "src/image/geometry.h"

namespace peel {
namespace {

// An fcTL chunk and the data that follows it.
struct Frame {
  Box box;
  uint8_t dispose = 0;  // 0 keep, 1 clear, 2 restore
  bool over = false;    // blended, else put in place of what was there
  uint32_t delay_us = 0;
  std::vector<std::span<const uint8_t>> data;
};

struct Animation {
  std::span<const uint8_t> header;                // of IHDR
  std::vector<std::span<const uint8_t>> colours;  // whole chunks that pixels need: PLTE, tRNS
  std::vector<Frame> frames;
  uint32_t plays = 0;
};

// No frames where anything does not fit; the PNG has been decoded, so its own chunks are sound.
Animation ReadAnimation(std::span<const uint8_t> bytes, int width, int height) {
  Animation animation;
  bool data_seen = false;
  for (size_t at = 8; bytes.size() - at >= 12;) {
    const size_t length = ReadBig32(bytes.data() + at);
    if (bytes.size() - at - 12 < length) break;
    const auto whole = bytes.subspan(at, length + 12);
    const auto data = whole.subspan(8, length);
    const std::string_view type(reinterpret_cast<const char*>(whole.data()) + 4, 4);
    at += whole.size();
    if (type == "IHDR") {
      animation.header = data;
    } else if ((type == "PLTE" || type == "tRNS") && !data_seen) {
      animation.colours.push_back(whole);
    } else if (type == "fcTL" && length >= 26) {
      Frame frame;
      const auto number = [&](size_t i) { return ReadBig32(data.data() + i); };
      const uint64_t w = number(4), h = number(8), x = number(12), y = number(16);
      if (w == 0 || h == 0 || x + w > static_cast<uint64_t>(width) ||
          y + h > static_cast<uint64_t>(height)) {
        return {};
      }
      frame.box = {static_cast<int>(x), static_cast<int>(y), static_cast<int>(w),
                   static_cast<int>(h)};
      frame.dispose = data[24];
      frame.over = data[25] == 1;
      const uint32_t parts = ReadBig16(data.data() + 22);
      frame.delay_us = static_cast<uint32_t>(uint64_t{ReadBig16(data.data() + 20)} * 1'000'000 /
                                             (parts == 0 ? 100 : parts));
      animation.frames.push_back(std::move(frame));
    } else if (type == "acTL" && length >= 8) {
      animation.plays = ReadBig32(data.data() + 4);
    } else if (type == "IDAT") {
      data_seen = true;
      if (!animation.frames.empty()) animation.frames.back().data.push_back(data);
    } else if (type == "fdAT" && length > 4 && !animation.frames.empty()) {
      animation.frames.back().data.push_back(data.subspan(4));
    } else if (type == "IEND") {
      break;
    }
  }
  std::erase_if(animation.frames, [](const Frame& frame) { return frame.data.empty(); });
  return animation;
}

class PngFrames final : public FrameReader {
 public:
  PngFrames(Picture still, Animation animation, const DecodeOptions& options)
      : still_(std::move(still)), animation_(std::move(animation)), options_(options) {}

  Status Start() {
    PEEL_ASSIGN_OR_RETURN(canvas_, ImageU8::Allocate(still_.stored_width, still_.stored_height, 4));
    Clear({0, 0, canvas_.width(), canvas_.height()});
    return OkStatus();
  }

  int count() const override { return static_cast<int>(animation_.frames.size()); }

  Result<Picture> Next() override {
    const size_t index = std::min(at_++, animation_.frames.size() - 1);
    const Frame& frame = animation_.frames[index];
    ImageU8 saved;
    // What the first frame would restore is an empty canvas.
    if (frame.dispose == 2 && index > 0) {
      PEEL_ASSIGN_OR_RETURN(saved, Clone(std::as_const(canvas_).view()));
    }
    PEEL_RETURN_IF_ERROR(Draw(frame, index));
    Picture picture;
    picture.format = Format::kPng;
    picture.stored_width = still_.stored_width;
    picture.stored_height = still_.stored_height;
    picture.frames = count();
    picture.orientation = still_.orientation;
    picture.orientation_applied = still_.orientation_applied;
    picture.metadata = still_.metadata;
    picture.delay_us = frame.delay_us;
    picture.plays = animation_.plays;
    PEEL_ASSIGN_OR_RETURN(ImageU8 shown, CopyCanvas(canvas_, still_.has_alpha));
    if (options_.apply_orientation && picture.orientation != 1) {
      PEEL_ASSIGN_OR_RETURN(shown,
                            Upright<uint8_t>(std::as_const(shown).view(), picture.orientation));
    }
    picture.has_alpha = shown.channels() == 4;
    picture.pixels = std::move(shown);
    if (frame.dispose == 1 || (frame.dispose == 2 && saved.empty())) Clear(frame.box);
    if (!saved.empty()) canvas_ = std::move(saved);
    return picture;
  }

 private:
  void Clear(const Box& box) {
    for (int y = box.y; y < box.y + box.height; ++y) {
      std::memset(canvas_.row(y) + ptrdiff_t{4} * box.x, 0, static_cast<size_t>(box.width) * 4);
    }
  }

  // Decoded as a PNG of its own, and put on the canvas.
  Status Draw(const Frame& frame, size_t index) {
    std::vector<uint8_t> file(kPngSignature.begin(), kPngSignature.end());
    std::vector<uint8_t> header(animation_.header.begin(), animation_.header.end());
    WriteBig32(header.data(), static_cast<uint32_t>(frame.box.width));
    WriteBig32(header.data() + 4, static_cast<uint32_t>(frame.box.height));
    AppendPngChunk("IHDR", header, &file);
    for (const auto& chunk : animation_.colours) {
      file.insert(file.end(), chunk.begin(), chunk.end());
    }
    for (const auto& data : frame.data) AppendPngChunk("IDAT", data, &file);
    AppendPngChunk("IEND", {}, &file);
    DecodeOptions options = options_;
    options.reduce_to_8_bits = true;
    options.keep_metadata = false;
    options.apply_orientation = false;
    auto decoded = DecodePng(file, options);
    if (!decoded.ok()) {
      return std::move(decoded).status().WithContext("frame " + std::to_string(index + 1) +
                                                     " of the animation");
    }
    const ImageU8& pixels = *decoded->u8();
    const int channels = pixels.channels();
    for (int y = 0; y < frame.box.height; ++y) {
      const uint8_t* from = pixels.row(y);
      uint8_t* to = canvas_.row(frame.box.y + y) + ptrdiff_t{4} * frame.box.x;
      for (int x = 0; x < frame.box.width; ++x, from += channels, to += 4) {
        const uint8_t alpha = channels == 4 ? from[3] : 255;
        if (!frame.over || alpha == 255 || to[3] == 0) {
          std::memcpy(to, from, 3);
          to[3] = alpha;
        } else if (alpha > 0) {
          const uint32_t below = MulDiv255(to[3], 255u - alpha), all = alpha + below;
          for (int c = 0; c < 3; ++c) {
            to[c] = static_cast<uint8_t>((from[c] * alpha + to[c] * below + all / 2) / all);
          }
          to[3] = static_cast<uint8_t>(all);
        }
      }
    }
    return OkStatus();
  }

  Picture still_;
  Animation animation_;
  const DecodeOptions options_;
  ImageU8 canvas_;
  size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenPngFrames(std::span<const uint8_t> bytes,
                                                   const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(Picture still, DecodePng(bytes, options));
  Animation animation;
  if (still.frames > 1) animation = ReadAnimation(bytes, still.stored_width, still.stored_height);
  const auto frames = static_cast<size_t>(std::max(still.frames, 1));
  if (animation.frames.size() > frames) animation.frames.resize(frames);
  if (animation.frames.size() < 2) {
    still.frames = 1;
    return OneFrame(std::move(still));
  }
  still.frames = static_cast<int>(animation.frames.size());
  auto reader = std::make_unique<PngFrames>(std::move(still), std::move(animation), options);
  PEEL_RETURN_IF_ERROR(reader->Start());
  return std::unique_ptr<FrameReader>(std::move(reader));
}

}  // namespace peel
