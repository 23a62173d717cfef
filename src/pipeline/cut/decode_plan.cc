#include "src/pipeline/cut/decode_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/codec/animation_encode.h"
#include "src/codec/encode.h"
#include "src/codec/frames.h"

namespace peel {

namespace {

// Scaled down to at most so many pixels, aspect kept.
Size FitPixels(Size size, uint64_t most) {
  const double all = static_cast<double>(size.width) * size.height;
  if (most == 0 || all <= static_cast<double>(most)) return size;
  const double factor = std::sqrt(static_cast<double>(most) / all);
  // Rounded down, a very thin picture's short side to 1: then the long one alone has to give way.
  const auto side = [&](int length, int other) {
    const double fits =
        std::min(length * factor, static_cast<double>(most) / std::max(1.0, other * factor));
    return std::max(1, static_cast<int>(fits));
  };
  return {side(size.width, size.height), side(size.height, size.width)};
}

}  // namespace

Size TargetSize(int width, int height, const CutOptions& options) {
  return FitPixels(FitWithin({width, height}, options.decode.max_size),
                   options.decode.output_pixels);
}

DecodeOptions PlanDecoding(const CutOptions& options, ThreadPool& pool) {
  DecodeOptions decode;
  decode.pool = &pool;
  decode.limits = options.decode.limits;
  decode.cancel = options.control.cancel;
  decode.reduce_to_8_bits = options.compose.mask_only || options.rembg() ||
                            !HoldsDeepColour(options.encode.format) ||
                            (options.rectify && options.rectify->draw);
  decode.keep_metadata = options.encode.keep_metadata && !options.rembg();
  return decode;
}

DecodeOptions PlanDecodingOf(std::span<const uint8_t> bytes, const CutOptions& options,
                             ThreadPool& pool) {
  DecodeOptions decode = PlanDecoding(options, pool);
  const bool scales = options.decode.max_size > 0 || options.decode.output_pixels > 0;
  // What is straightened is scaled by the one resampling that it goes through.
  if (!scales || options.rembg() || options.rectify) return decode;
  const auto info = DecoderOr(options.decode.decoder).Probe(bytes, options.control.cancel);
  if (!info.ok()) return decode;  // Decode says what is wrong
  Size size = {info.value().width, info.value().height};
  if (info.value().orientation >= 5) std::swap(size.width, size.height);
  const Size target = TargetSize(size.width, size.height, options);
  if (target == size) return decode;
  decode.min_width = target.width;
  decode.min_height = target.height;
  return decode;
}

int AnimationFrames(std::span<const uint8_t> bytes, const CutOptions& options) {
  const Format format = Sniff(bytes);
  if (!CanAnimate(format) && format != Format::kAvif) return 1;
  const auto info = DecoderOr(options.decode.decoder).Probe(bytes, options.control.cancel);
  return info.ok() && IsAnimation(*info) ? info->frames : 1;
}

std::string FirstOf(int frames, const CutOptions& options) {
  const char* why = options.rembg()   ? ", as rembg takes it"
                    : options.rectify ? "; --all-frames straightens each of them"
                                      : "; as png, webp or gif all of them would be cut out";
  return "this is the first of " + std::to_string(frames) + " frames" + why;
}

}  // namespace peel
