#include "src/video/media/read_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "src/base/checked.h"
#include "src/video/media/pixel_format.h"

namespace peel::video {
namespace {

std::string Seconds(double seconds) {
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%.6f", seconds);
  return text.data();
}

std::string Text(const Rational& ratio) {
  return std::to_string(ratio.num) + "/" + std::to_string(ratio.den);
}

Status CheckTimes(const MediaInfo& info, const ReadOptions& options) {
  for (const auto& time : {options.from, options.to}) {
    if (time && !(*time >= 0 && *time < 1e9)) {
      return InvalidArgument("a time must be 0 seconds or more");
    }
  }
  if (options.from && options.to && *options.to <= *options.from) {
    return InvalidArgument("the part to be read ends before it begins");
  }
  if (options.from && info.duration && *options.from >= *info.duration) {
    return InvalidArgument("the part to be read begins at " + Seconds(*options.from) +
                           " s, but the film is only " + Seconds(*info.duration) + " s long");
  }
  if (options.fps && !(options.fps->num > 0 && options.fps->den > 0 &&
                       options.fps->value() <= 1000 && options.fps->value() >= 1e-4)) {
    return InvalidArgument("a rate must lie between 0.0001 and 1000 frames a second");
  }
  if (options.max_size < 0) return InvalidArgument("a size must be 1 pixel or more");
  return OkStatus();
}

Status CheckDecodable(const MediaInfo& info, const FfmpegTools& tools) {
  if (!info.video) {
    return Unsupported(info.audio.empty() ? "has no pictures in it"
                                          : "has no pictures in it, sound alone");
  }
  const VideoStream& video = *info.video;
  if (video.pixel_format.empty()) {
    return Unsupported("FFmpeg " + tools.version + " cannot decode its pictures (codec " +
                       (video.codec.empty() ? "unknown" : video.codec) + "); a newer FFmpeg may");
  }
  if (video.width < 1 || video.height < 1) return Corrupt("does not tell how large it is");
  return OkStatus();
}

// What the frames are scaled to, and cut to behind that.
struct Sizes {
  int scaled_width = 0, scaled_height = 0, width = 0, height = 0;
};

Sizes SizesFor(const VideoStream& video, const ReadOptions& options, bool even) {
  Sizes sizes;
  double width = video.shown_width, height = video.shown_height;
  const double longer = std::max(width, height);
  if (options.max_size > 0 && longer > options.max_size) {
    width = std::max(1.0, std::round(width * options.max_size / longer));
    height = std::max(1.0, std::round(height * options.max_size / longer));
  }
  sizes.scaled_width = static_cast<int>(width);
  sizes.scaled_height = static_cast<int>(height);
  if (even) {  // what has one row alone is spread; elsewhere the odd one is cut off
    sizes.scaled_width = std::max(2, sizes.scaled_width);
    sizes.scaled_height = std::max(2, sizes.scaled_height);
  }
  const int mask = even ? ~1 : ~0;
  sizes.width = sizes.scaled_width & mask;
  sizes.height = sizes.scaled_height & mask;
  return sizes;
}

// PQ and HLG to BT.709: to linear light, the primaries, a curve for what is brighter than white.
// After FFmpeg's wiki on tone mapping; zscale is told what the film leaves untold.
std::string ToneMap(const ColourTags& colour) {
  const auto or_else = [](const std::string& tag, const char* fallback) {
    return tag.empty() ? fallback : tag;
  };
  return "zscale=rin=" + std::string(colour.range == "pc" ? "full" : "limited") +
         ":tin=" + colour.transfer + ":min=" + or_else(colour.matrix, "bt2020nc") +
         ":pin=" + or_else(colour.primaries, "bt2020") +
         ":t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
         "zscale=t=bt709:m=bt709:r=limited";
}

// What the filter scale calls a matrix; where it is untold the one that players take for the size.
std::string MatrixName(const FrameFormat& format) {
  const std::string& matrix = format.colour.matrix;
  if (matrix.starts_with("bt2020")) return "bt2020";
  if (matrix == "bt709" || matrix == "fcc" || matrix == "smpte240m") return matrix;
  const bool hd = format.width >= 1280 || format.height > 576;
  return matrix.empty() && hd ? "bt709" : "smpte170m";
}

std::string RangeName(const ColourTags& colour) {
  return colour.range == "pc" ? "full" : "limited";
}

// Scaled until they cover the other format, the middle taken, with its colours.
std::string Covering(const VideoStream& video, const PixelFormat& from, const FrameFormat& to) {
  const std::string size = std::to_string(to.width) + ":" + std::to_string(to.height);
  // Squeezed pixels are made square first, as the proportions are looked at here.
  std::string chain = "scale=" + std::to_string(video.shown_width) + ":" +
                      std::to_string(video.shown_height) + ",setsar=1,scale=" + size +
                      ":force_original_aspect_ratio=increase:flags=lanczos+accurate_rnd"
                      "+full_chroma_int";
  if (!from.is_rgb && !from.is_grey) {
    FrameFormat own;
    own.width = video.shown_width;
    own.height = video.shown_height;
    own.colour = video.colour;
    chain += ":in_range=" + RangeName(video.colour) + ":in_color_matrix=" + MatrixName(own);
  }
  return chain + ":out_range=" + RangeName(to.colour) + ":out_color_matrix=" + MatrixName(to) +
         ",crop=" + size;
}

std::string Filters(const VideoStream& video, const ReadOptions& options, const Sizes& sizes,
                    const PixelFormat& from, const FrameFormat& to, bool tone_map) {
  std::string chain;
  if (options.fps) chain += "fps=" + Text(*options.fps) + ",";
  if (options.cover) {
    if (tone_map) chain += ToneMap(video.colour) + ",";
    return chain + Covering(video, from, to) + ",format=" + PixelFormatName(to.layout) +
           ",setsar=1";
  }
  chain += "scale=" + std::to_string(sizes.scaled_width) + ":" +
           std::to_string(sizes.scaled_height) + ":flags=lanczos+accurate_rnd+full_chroma_int";
  if (from.is_rgb) {
    chain += ":out_color_matrix=bt709:out_range=limited";
  } else if (from.is_grey) {
    chain += ":out_range=limited";
  } else {
    // Told on both sides, so that neither the range nor what it is called makes it convert.
    const std::string range = video.colour.range == "pc" ? "full" : "limited";
    chain += ":in_range=" + range + ":out_range=" + range;
  }
  if (std::pair(sizes.width, sizes.height) != std::pair(sizes.scaled_width, sizes.scaled_height)) {
    chain += ",crop=" + std::to_string(sizes.width) + ":" + std::to_string(sizes.height) + ":0:0";
  }
  if (tone_map) chain += "," + ToneMap(video.colour);
  return chain + ",format=" + PixelFormatName(to.layout) + ",setsar=1";
}

}  // namespace

Result<int64_t> Rescale(int64_t pts, const Rational& from, const Rational& to) {
  if (from == to) return pts;
  // Each below 2^31, so that neither product overflows.
  int64_t num = from.num * to.den, den = from.den * to.num;
  const int64_t common = std::gcd(num, den);
  num /= common;
  den /= common;
  const auto scaled = CheckedMul(pts, num);
  const auto rounded = scaled ? CheckedAdd(*scaled, *scaled >= 0 ? den / 2 : -(den / 2)) : scaled;
  if (!rounded) return Corrupt("a time stamp is too large");
  return *rounded / den;
}

Result<ReadPlan> PlanRead(const MediaInfo& info, const ReadOptions& options,
                          const FfmpegTools& tools) {
  PEEL_RETURN_IF_ERROR(CheckDecodable(info, tools));
  PEEL_RETURN_IF_ERROR(CheckTimes(info, options));
  const VideoStream& video = *info.video;
  ReadPlan plan;
  plan.needs_tone_map = options.tone_map && video.hdr != HdrKind::kNone;
  const bool curve =
      video.colour.transfer == "smpte2084" || video.colour.transfer == "arib-std-b67";
  if (plan.needs_tone_map && !curve) {
    return Unsupported("its Dolby Vision has no layer of HDR10 or HLG that could be tone-mapped");
  }
  plan.needs_vpx = video.alpha && (video.codec == "vp8" || video.codec == "vp9");

  const PixelFormat pixels = ParsePixelFormat(video.pixel_format);
  FrameFormat& format = plan.format;
  format.layout = LayoutFor(pixels, video.alpha && !plan.needs_tone_map);
  // The filters of the tone curve take even sizes only where chroma is halved.
  const Sizes sizes = SizesFor(video, options, !options.keep_odd || plan.needs_tone_map);
  format.width = sizes.width;
  format.height = sizes.height;
  if (std::max(format.width, format.height) > Frame::kMaxSide) {
    return Frame::Allocate(format.layout, format.width, format.height).status();
  }
  format.time_base = options.fps ? Rational{options.fps->den, options.fps->num} : video.time_base;
  format.rate = options.fps.value_or(video.rate);
  format.colour = video.colour;
  if (pixels.is_rgb) {
    format.colour = {"tv", "bt709", video.colour.primaries, video.colour.transfer};
  } else if (pixels.is_grey) {
    format.colour.range = "tv";
  }
  if (plan.needs_tone_map) format.colour = {"tv", "bt709", "bt709", "bt709"};
  if (options.cover) {
    format.layout = options.cover->layout;
    format.layout.alpha = false;
    format.width = options.cover->width;
    format.height = options.cover->height;
    format.colour = options.cover->colour;
    plan.needs_vpx = false;
  }

  std::vector<std::string>& arguments = plan.arguments;
  arguments = {"-v", "error", "-nostdin", "-hide_banner", "-nostats", "-max_error_rate", "1"};
  for (std::string& option : SafeInput()) arguments.push_back(std::move(option));
  if (options.threads > 0) {
    arguments.insert(arguments.end(), {"-filter_threads", std::to_string(options.threads),
                                       "-threads", std::to_string(options.threads)});
  }
  if (plan.needs_vpx) {
    arguments.insert(arguments.end(), {"-c:v", video.codec == "vp8" ? "libvpx" : "libvpx-vp9"});
  }
  if (options.key_frames) arguments.insert(arguments.end(), {"-skip_frame", "nokey"});
  if (options.from) arguments.insert(arguments.end(), {"-ss", Seconds(*options.from)});
  if (options.to) arguments.insert(arguments.end(), {"-to", Seconds(*options.to)});
  arguments.insert(
      arguments.end(),
      {"-i", FfmpegName(info.path), "-map", "0:" + std::to_string(video.index), "-vf",
       Filters(video, options, sizes, pixels, format, plan.needs_tone_map), tools.PassTimesOption(),
       "passthrough", "-enc_time_base", Text(format.time_base), "-c:v", "rawvideo", "-f", "nut",
       "-write_index", "0", "-avioflags", "direct", "pipe:1"});
  return plan;
}

}  // namespace peel::video
