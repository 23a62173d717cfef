#include "src/pipeline/folder/memory_budget.h"

#include <algorithm>

#include "src/codec/encode.h"
#include "src/codec/frames.h"
#include "src/codec/isolated/isolated_decoder.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/decode_plan.h"

namespace peel {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kNetwork = 32 * kMiB;  // activations of one inference

// What straightening holds beside picture and result, per pixel of the larger one: the copy with
// alpha, the matte to search in, and what enhancing needs.
constexpr uint64_t kStraightening = 14;

// Pixels of the straightened picture, as far as they do not depend on what is found: one seen from
// the front grows, sheets share the picture.
uint64_t StraightenedPixels(const RectifyChoices& rectify, uint64_t decoded) {
  const Size size = rectify.size.size;
  const auto side = [](int s) { return static_cast<uint64_t>(s); };
  if (size.width > 0 && size.height > 0)
    return std::max(decoded, side(size.width) * side(size.height));
  return decoded + decoded / 2;
}

// Bytes a pixel of the result, at the moment of most.
uint64_t BytesPerPixel(const CutOptions& options) {
  uint64_t bytes = options.compose.mask_only                ? 7
                   : options.encode.format == Format::kWebp ? 30
                   : options.encode.format == Format::kAvif ? 40
                   : options.encode.format == Format::kPng  ? 11
                                                            : 15;
  if (options.matte.model.edges == Edges::kMatting || options.matte.hints != nullptr) bytes += 32;
  if (options.compose.keep_matte) bytes += 1;
  const Background& background = options.compose.background;
  if (background.kind() != Background::Kind::kColour && !background.is_none()) bytes += 4;
  return bytes;
}

// The picture is decoded as it is, whatever the result's size.
uint64_t EstimateStraightening(const PictureInfo& info, uint64_t file_bytes, uint64_t decoded,
                               const CutOptions& options) {
  const uint64_t sample = info.bits > 8 ? 2 : 1;
  const uint64_t result = StraightenedPixels(*options.rectify, decoded);
  uint64_t total = file_bytes + kNetwork + decoded * 4 * sample + result * kStraightening * sample;
  total += result * BytesPerPixel(options) * sample;
  if (options.decode.decoder != nullptr && IsIsolated(info.format)) {
    total += file_bytes + decoded * 4 * sample;
  }
  return total;
}

}  // namespace

void MemoryBudget::Acquire(uint64_t bytes) {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return limit_ == 0 || used_ == 0 || used_ + bytes <= limit_; });
  used_ += bytes;
  peak_ = std::max(peak_, used_);
}

void MemoryBudget::Release(uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  freed_.notify_all();
}

uint64_t MemoryBudget::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

uint64_t EstimateMemory(const PictureInfo& info, uint64_t file_bytes, const CutOptions& options) {
  const auto width = static_cast<uint64_t>(std::max(info.width, 0));
  const auto height = static_cast<uint64_t>(std::max(info.height, 0));
  // Beyond the limit on pixels nothing is decoded. 2^40 of them keep the products in 64 bits.
  const uint64_t most = std::min(options.decode.limits.max_pixels, uint64_t{1} << 40);
  const uint64_t decoded = std::min(width * height, most);
  if (options.rectify) return EstimateStraightening(info, file_bytes, decoded, options);
  uint64_t result = decoded;
  uint64_t total = file_bytes + kNetwork;
  if (options.decode.max_size > 0 || options.decode.output_pixels > 0) {
    const Size target = TargetSize(std::max(info.width, 1), std::max(info.height, 1), options);
    result = std::min(static_cast<uint64_t>(target.width) * static_cast<uint64_t>(target.height),
                      decoded);
    // What is decoded before scaling; a JPEG's decoder scales down to twice the sides by itself.
    const uint64_t kept = info.format == Format::kJpeg ? std::min(decoded, result * 4) : decoded;
    if (kept > result) total += kept * 4;
  }
  total += result * BytesPerPixel(options);
  // Decoders that do not give rows one by one hold the picture in their own form as well.
  if (info.format == Format::kAvif || info.format == Format::kHeic || info.format == Format::kJxl ||
      info.frames > 1) {
    total += decoded * (info.bits > 8 ? 16 : 8);
  } else if (options.decode.decoder != nullptr && IsIsolated(info.format)) {
    // The memory through which a decode helper got the file and handed the picture over stays.
    total += file_bytes + decoded * (info.bits > 8 ? 8 : 4);
  }
  // The canvas, what it is put back to, and the frame itself.
  if (options.decode.animate && IsAnimation(info)) total += decoded * 12;
  if (info.bits > 8) {
    // 16-bit samples beside what is made of them; where they are kept, the cut-out and the encoder
    // have them too.
    const bool kept =
        HoldsDeepColour(options.encode.format) && !options.compose.mask_only && !options.rembg();
    total += decoded * 8 + (kept ? result * 15 : 0);
  }
  return total;
}

uint64_t EstimateBase(uint64_t model_bytes) { return 32 * kMiB + 3 * model_bytes; }

}  // namespace peel
