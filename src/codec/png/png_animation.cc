#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "src/codec/bytes.h"
#include "src/codec/png/png.h"
#include "src/codec/png/png_write.h"

namespace peel {
namespace {

void WriteBig16(uint8_t* p, uint32_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}

// Seconds as a fraction of two 16-bit numbers: milliseconds where it is some, else the smallest
// numbers that are closest (33,333 us are 1/30 s).
std::pair<uint32_t, uint32_t> Fraction(uint32_t us) {
  constexpr uint64_t kSecond = 1'000'000;
  if (us % 1000 == 0 && us / 1000 <= 0xFFFF) return {us / 1000, 1000};
  std::pair<uint32_t, uint32_t> best = {0, 1};
  uint64_t least = UINT64_MAX;
  for (uint64_t parts = 1; parts <= 1000 && least > 1; ++parts) {
    const uint64_t count = (us * parts + kSecond / 2) / kSecond;
    if (count > 0xFFFF) break;
    const uint64_t made = count * kSecond / parts;
    const uint64_t off = made > us ? made - us : us - made;
    if (off < least) {
      least = off;
      best = {static_cast<uint32_t>(count), static_cast<uint32_t>(parts)};
    }
  }
  return best;
}

class PngAnimation final : public AnimationEncoder {
 public:
  PngAnimation(const EncodeOptions& options, uint32_t plays) : options_(options), plays_(plays) {}

  Result<std::vector<uint8_t>> Finish() override {
    if (frames() == 0) return InvalidArgument("there is no frame to write");
    WriteControl(out_.data() + control_at_);
    AppendPngChunk("IEND", {}, &out_);
    return std::move(out_);
  }

 protected:
  Status AddPart(ImageView<const uint8_t> frame, Box box, uint32_t delay_us) override {
    if (frames() == 0) {
      AppendPngHead(frame.width, frame.height, frame.channels, options_.metadata, &out_);
      control_at_ = out_.size();
      AppendPngChunk("acTL", std::array<uint8_t, 8>(), &out_);
    }
    std::array<uint8_t, 26> control = {};
    WriteBig32(control.data(), sequence_++);
    WriteBig32(control.data() + 4, static_cast<uint32_t>(box.width));
    WriteBig32(control.data() + 8, static_cast<uint32_t>(box.height));
    WriteBig32(control.data() + 12, static_cast<uint32_t>(box.x));
    WriteBig32(control.data() + 16, static_cast<uint32_t>(box.y));
    const auto [count, parts] = Fraction(delay_us);
    WriteBig16(control.data() + 20, count);
    WriteBig16(control.data() + 22, parts);
    control[24] = frame.channels == 4;  // cleared before the next one is drawn
    AppendPngChunk("fcTL", control, &out_);
    PEEL_ASSIGN_OR_RETURN(const auto pieces,
                          PackPng(Crop(frame, box), options_.png_effort, options_.pool));
    for (const std::vector<uint8_t>& piece : pieces) {
      if (frames() == 0) {
        AppendPngChunk("IDAT", piece, &out_);
        continue;
      }
      std::vector<uint8_t> numbered(4);
      WriteBig32(numbered.data(), sequence_++);
      numbered.insert(numbered.end(), piece.begin(), piece.end());
      AppendPngChunk("fdAT", numbered, &out_);
    }
    return OkStatus();
  }

 private:
  // How many frames there are is known at the end: written over what was left for it.
  void WriteControl(uint8_t* at) const {
    std::array<uint8_t, 8> data = {};
    WriteBig32(data.data(), static_cast<uint32_t>(frames()));
    WriteBig32(data.data() + 4, plays_);
    std::vector<uint8_t> chunk;
    AppendPngChunk("acTL", data, &chunk);
    std::copy(chunk.begin(), chunk.end(), at);
  }

  const EncodeOptions options_;
  const uint32_t plays_;
  std::vector<uint8_t> out_;
  size_t control_at_ = 0;
  uint32_t sequence_ = 0;
};

}  // namespace

Result<std::unique_ptr<AnimationEncoder>> StartPngAnimation(const EncodeOptions& options,
                                                            uint32_t plays) {
  return std::unique_ptr<AnimationEncoder>(std::make_unique<PngAnimation>(options, plays));
}

}  // namespace peel
