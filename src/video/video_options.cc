#include "src/video/video_options.h"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <system_error>
#include <utility>

namespace peel::video {
namespace {

constexpr std::array<std::pair<Container, const char*>, 7> kContainers = {
    {{Container::kWebm, "webm"},
     {Container::kMov, "mov"},
     {Container::kMp4, "mp4"},
     {Container::kMkv, "mkv"},
     {Container::kGif, "gif"},
     {Container::kWebp, "webp"},
     {Container::kPngFolder, "png"}}};

constexpr std::array<std::pair<VideoCodec, const char*>, 10> kCodecs = {
    {{VideoCodec::kVp9, "vp9"},
     {VideoCodec::kProres, "prores"},
     {VideoCodec::kH264, "h264"},
     {VideoCodec::kHevc, "hevc"},
     {VideoCodec::kAv1, "av1"},
     {VideoCodec::kGif, "gif"},
     {VideoCodec::kWebp, "webp"},
     {VideoCodec::kPng, "png"},
     {VideoCodec::kQtrle, "qtrle"},
     {VideoCodec::kFfv1, "ffv1"}}};

// A plain decimal number of zero or more, all of the text.
std::optional<double> Number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !(value >= 0)) return std::nullopt;
  return value;
}

Status NoTime(std::string_view text) {
  return InvalidArgument(std::string("\"").append(text).append(
      "\" is not a time; write seconds (12.5), mm:ss or hh:mm:ss"));
}

}  // namespace

ReadOptions ReadOptionsFor(const FrameChoices& frames, const CancelToken* cancel) {
  ReadOptions read;
  read.from = frames.from;
  read.to = frames.to;
  read.fps = frames.fps;
  read.max_size = frames.max_size;
  read.tone_map = frames.tone_map;
  read.cancel = cancel;
  return read;
}

Result<Steady> ParseSteady(std::string_view text) {
  if (text == "auto") return Steady::kAuto;
  if (text == "off") return Steady::kOff;
  if (text == "strong") return Steady::kStrong;
  return InvalidArgument(
      std::string("\"").append(text).append("\" is no way of steadying; use auto, strong or off"));
}

const char* SteadyName(Steady steady) {
  switch (steady) {
    case Steady::kOff:
      return "off";
    case Steady::kStrong:
      return "strong";
    case Steady::kAuto:
      break;
  }
  return "auto";
}

Result<Container> ParseContainer(std::string_view text) {
  for (const auto& [container, name] : kContainers) {
    if (text == name) return container;
  }
  return InvalidArgument(std::string("\"").append(text).append(
      "\" is no format that films are written in; use webm, mov, mp4, mkv, "
      "gif, webp or png (a folder of frames)"));
}

const char* ContainerWord(Container container) {
  for (const auto& [known, name] : kContainers) {
    if (known == container) return name;
  }
  return "";
}

const char* VideoCodecName(VideoCodec codec) {
  for (const auto& [known, name] : kCodecs) {
    if (known == codec) return name;
  }
  return "";
}

Result<double> ParseTime(std::string_view text) {
  constexpr double kMost = 1e7;
  double seconds = 0;
  std::string_view rest = text;
  for (int part = 0;; ++part) {
    const size_t colon = rest.find(':');
    const auto number = Number(rest.substr(0, colon));
    const bool last = colon == std::string_view::npos;
    // Below the first part there are sixty of each; whole ones but for the last.
    if (!number || part > 2 || (part > 0 && *number >= 60) ||
        (!last && *number != std::floor(*number))) {
      return NoTime(text);
    }
    seconds = seconds * 60 + *number;
    if (seconds > kMost) return NoTime(text);
    if (last) return seconds;
    rest.remove_prefix(colon + 1);
  }
}

Result<Rational> ParseRate(std::string_view text) {
  const auto refused = [&] {
    return InvalidArgument(std::string("\"").append(text).append(
        "\" is not a rate; write frames a second, such as 25, 29.97 or "
        "30000/1001, up to 1000"));
  };
  const size_t slash = text.find('/');
  const auto number = Number(text.substr(0, slash));
  if (!number || *number > 1e9) return refused();
  Rational rate;
  if (slash == std::string_view::npos) {
    rate = {std::llround(*number * 1000), 1000};
    // What is written 29.97 and the like is a multiple of 1/1.001.
    for (const int64_t nominal : {24, 30, 48, 60, 120}) {
      const double exact = static_cast<double>(nominal) * 1000 / 1001;
      if (std::abs(*number - exact) < 0.005) rate = {nominal * 1000, 1001};
    }
  } else {
    const auto den = Number(text.substr(slash + 1));
    if (!den || *den < 1 || *den > 1e9 || *number != std::floor(*number) ||
        *den != std::floor(*den)) {
      return refused();
    }
    rate = {static_cast<int64_t>(*number), static_cast<int64_t>(*den)};
  }
  if (!(rate.value() >= 0.001 && rate.value() <= 1000)) return refused();
  const int64_t common = std::gcd(rate.num, rate.den);
  return Rational{rate.num / common, rate.den / common};
}

Result<VideoFormat> FormatFor(const std::string& output, const VideoOptions& options) {
  if (options.frames.from && options.frames.to && *options.frames.from >= *options.frames.to) {
    return InvalidArgument("there is nothing between --from and --to: the end comes first");
  }
  const bool over = options.composed == Composed::kOver;
  if (over && options.behind.is_none()) {
    return InvalidArgument("an opaque film needs a background; give a colour, a file or blur");
  }
  if (!over && !options.behind.is_none()) {
    return InvalidArgument(
        "a background goes with neither the mask nor the side-by-side film; leave one out");
  }
  VideoFormat format;
  if (options.container) {
    format.container = *options.container;
  } else {
    PEEL_ASSIGN_OR_RETURN(format.container, ContainerFor(output));
  }
  format.codec = options.codec.value_or(DefaultCodec(format.container));
  const Status status =
      CheckWritable(format.container, format.codec, options.composed == Composed::kAlpha);
  if (status.ok()) return format;
  if (options.composed == Composed::kAlpha &&
      CheckWritable(format.container, format.codec, false).ok()) {
    return InvalidArgument(status.message() +
                           "; or give --background for an opaque film, --side-by-side for the "
                           "matte beside the colours, or --mask for the matte alone");
  }
  return status;
}

}  // namespace peel::video
