#include "src/video/media/read_back.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "src/base/os/files.h"
#include "src/video/media/complaints.h"
#include "src/video/media/frame_reader.h"
#include "src/video/media/media_json.h"
#include "src/video/media/png_frames.h"
#include "src/video/media/webp_frames.h"

namespace peel::video {
namespace {

constexpr uint64_t kMaxWebp = uint64_t{4} << 30;
constexpr double kAlphaSlack = 0.03;  // what lossy codecs make of a mean

std::string Number(double value) {
  std::string text = std::to_string(value);
  return text.substr(0, text.find('.') + 4);
}

Status Differs(const std::string& what, const std::string& found, const std::string& written) {
  return Corrupt("the result was read back and is not what was written: " + what + " " + found +
                 " instead of " + written);
}

Status CheckCount(const Written& written, int64_t found) {
  // GIF and WebP join frames that are alike.
  const bool joins = written.container == Container::kGif || written.container == Container::kWebp;
  if (found == written.frames || (joins && found > 0 && found < written.frames)) return OkStatus();
  return Differs("frames:", std::to_string(found), std::to_string(written.frames));
}

Status CheckSize(const Written& written, int width, int height) {
  if (width == written.width && height == written.height) return OkStatus();
  return Differs("size:", std::to_string(width) + " x " + std::to_string(height),
                 std::to_string(written.width) + " x " + std::to_string(written.height));
}

// Containers end with the last frame's beginning or its end, count from the first frame or from 0,
// and in their own units.
Status CheckDuration(const Written& written, double found) {
  const double slack = 0.25 + 2 * written.frame_seconds + written.seconds / 50;
  for (const double expected : {written.seconds, written.start + written.seconds}) {
    if (std::abs(found - expected) <= slack) return OkStatus();
  }
  return Differs("seconds:", Number(found), Number(written.seconds + written.frame_seconds));
}

// As Probe, but through the whole file.
Result<MediaInfo> ProbeAll(const std::string& path, const FfmpegTools& tools,
                           const CancelToken* cancel) {
  std::vector<std::string> arguments = {"-v",           "error",         "-of",           "json",
                                        "-show_format", "-show_streams", "-count_packets"};
  for (std::string& option : SafeInput()) arguments.push_back(std::move(option));
  arguments.insert(arguments.end(), {"-i", FfmpegName(path)});
  PEEL_ASSIGN_OR_RETURN(const ToolRun run,
                        RunTool(tools.ffprobe, arguments, size_t{1} << 24, cancel));
  auto info = ParseMedia(run.output);
  if (!run.good() || !info.ok()) {
    return Corrupt("the result cannot be read back (" + PlainWords(run.last_words, path) + ")");
  }
  info->path = path;
  return info;
}

Status CheckFirstFrames(const MediaInfo& info, const Written& written, const CancelToken* cancel) {
  ReadOptions options;
  options.cancel = cancel;
  PEEL_ASSIGN_OR_RETURN(const auto reader, FrameReader::Open(info, options));
  const auto first = std::min(static_cast<int64_t>(Written::kFirst), written.frames);
  for (int64_t i = 0; i < first; ++i) {
    PEEL_ASSIGN_OR_RETURN(const auto frame, reader->Next());
    if (!frame) {
      if (i > 0 && written.container == Container::kGif) return OkStatus();  // alike, joined
      return Differs("frames that can be decoded:", std::to_string(i), std::to_string(first));
    }
    if (!written.alpha) continue;
    const double covered = MeanAlpha(*frame, written.container == Container::kGif);
    const double expected = written.covered[static_cast<size_t>(i)];
    if (std::abs(covered - expected) > kAlphaSlack && written.container != Container::kGif) {
      return Differs("opaque share of frame " + std::to_string(i + 1) + ":", Number(covered),
                     Number(expected));
    }
    if (i == 0 && std::abs(covered - expected) > kAlphaSlack) {
      return Differs("opaque share of frame 1:", Number(covered), Number(expected));
    }
  }
  return OkStatus();
}

Status ReadBackFilm(const std::string& path, const Written& written, const FfmpegTools& tools,
                    const CancelToken* cancel) {
  PEEL_ASSIGN_OR_RETURN(const MediaInfo info, ProbeAll(path, tools, cancel));
  if (!info.video) return Corrupt("the result was read back and has no pictures in it");
  const VideoStream& video = *info.video;
  PEEL_RETURN_IF_ERROR(CheckSize(written, video.width, video.height));
  if (video.alpha != written.alpha && written.container != Container::kGif) {
    return Differs("transparency:", video.alpha ? "some" : "none", written.alpha ? "some" : "none");
  }
  if (info.audio.size() != written.sound_streams) {
    return Differs("streams of sound:", std::to_string(info.audio.size()),
                   std::to_string(written.sound_streams));
  }
  PEEL_RETURN_IF_ERROR(CheckCount(written, video.frames.value_or(0)));
  // With sound the file may be longer than its pictures.
  const auto& duration = video.duration ? video.duration : info.duration;
  if (duration && written.sound_streams == 0) {
    PEEL_RETURN_IF_ERROR(CheckDuration(written, *duration));
  }
  return CheckFirstFrames(info, written, cancel);
}

Status ReadBackWebp(const std::string& path, const Written& written) {
  PEEL_ASSIGN_OR_RETURN(const auto bytes, ReadWholeFile(path, kMaxWebp));
  PEEL_ASSIGN_OR_RETURN(const WebpFrames found, ReadWebpFrames(bytes));
  PEEL_RETURN_IF_ERROR(CheckSize(written, found.width, found.height));
  PEEL_RETURN_IF_ERROR(CheckCount(written, found.frames));
  if (found.frames > 1) {
    PEEL_RETURN_IF_ERROR(CheckDuration(written, static_cast<double>(found.milliseconds) / 1000));
  }
  const bool opaque = std::ranges::all_of(written.covered, [](double c) { return c == 1; });
  if (written.alpha && !opaque && !found.alpha) return Differs("transparency:", "none", "some");
  return OkStatus();
}

}  // namespace

double MeanAlpha(const Frame& frame, bool halved) {
  if (!frame.layout().alpha) return 1;
  const bool deep = frame.layout().depth > 8;
  const double most = (1 << frame.layout().depth) - 1;
  const size_t samples =
      static_cast<size_t>(frame.plane_width(3)) * static_cast<size_t>(frame.plane_height(3));
  uint64_t sum = 0;
  const uint8_t* const bytes = frame.plane(3);
  const auto* const words = reinterpret_cast<const uint16_t*>(bytes);
  const uint32_t half = 1U << (frame.layout().depth - 1);
  for (size_t i = 0; i < samples; ++i) {
    const uint32_t value = deep ? words[i] : bytes[i];
    sum += halved ? (value >= half ? 1 : 0) : value;
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(samples);
  return halved ? mean : mean / most;
}

Status ReadBack(const std::string& path, const Written& written, const FfmpegTools& tools,
                const CancelToken* cancel) {
  switch (written.container) {
    case Container::kPngFolder:
      return CheckPngFrames(path, written.frames, written.width, written.height, written.alpha);
    case Container::kWebp:
      return ReadBackWebp(path, written);
    default:
      return ReadBackFilm(path, written, tools, cancel);
  }
}

}  // namespace peel::video
