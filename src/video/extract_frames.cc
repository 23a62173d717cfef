#include "src/video/extract_frames.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "src/base/caught.h"
#include "src/base/os/files.h"
#include "src/base/sentences.h"
#include "src/codec/encode.h"
#include "src/video/frame_picture.h"
#include "src/video/media/frame_reader.h"
#include "src/video/video_cutter.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string NumberedName(const std::string& stem, int64_t number, Format format) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return stem + "-" + digits + "." + std::string(FormatExtension(format));
}

Result<std::vector<uint8_t>> EncodeFrame(const Frame& frame, const FrameFormat& format,
                                         const ExtractOptions& options) {
  EncodeOptions encode;
  encode.format = options.format;
  encode.quality = options.quality;
  encode.pool = options.pool;
  if (format.layout.depth > 8 && options.format == Format::kPng) {
    PEEL_ASSIGN_OR_RETURN(const ImageU16 picture, DeepPictureOf(frame, format, options.pool));
    return Encode(picture.view(), encode);
  }
  PEEL_ASSIGN_OR_RETURN(const ImageU8 picture, PictureOf(frame, format, options.pool));
  if (picture.channels() == 3 || options.format != Format::kJpeg) {
    return Encode(picture.view(), encode);
  }
  // JPEG has no alpha: over white, as `cut` has it.
  PEEL_ASSIGN_OR_RETURN(const ImageU8 opaque,
                        FlattenOver(picture.view(), Rgba{255, 255, 255, 255}, options.pool));
  return Encode(opaque.view(), encode);
}

Result<ExtractResult> Extract(const std::string& input, const std::string& folder,
                              const std::string& stem, const ExtractOptions& options) {
  const Clock::time_point start = Clock::now();
  PEEL_ASSIGN_OR_RETURN(const MediaInfo info, ProbeFilm(input));
  const auto at = [](const std::string& name, Status status) {
    return std::move(status).WithContext(name);
  };
  const double from = options.frames.from.value_or(0);
  std::optional<double> to = options.frames.to;
  const std::optional<double> whole = info.video->duration ? info.video->duration : info.duration;
  if (whole) to = to ? std::min(*to, *whole) : *whole;
  auto chooser = FrameChooser::Create(options.which, from, to);
  if (!chooser.ok()) return at(input, std::move(chooser).status());
  ReadOptions read = ReadOptionsFor(options.frames, options.cancel);
  read.key_frames = options.which.kind == FrameChoice::Kind::kKey;
  auto opened = FrameReader::Open(info, read);
  if (!opened.ok()) return at(input, std::move(opened).status());
  FrameReader& reader = **opened;
  const FrameFormat& format = reader.format();

  ExtractResult result;
  result.width = format.width;
  result.height = format.height;
  result.list = (fs::path(folder) / (stem + ".frames.jsonl")).string();
  VideoProgress now;
  if (!read.key_frames) now.all = FramesExpected(info, options.frames);
  std::string lines;
  for (;; ++result.read) {
    auto next = reader.Next();
    if (!next.ok()) return at(input, std::move(next).status());
    if (!*next) break;
    const Frame& frame = **next;
    const double time = from + static_cast<double>(frame.pts) * format.time_base.value();
    now.frames = result.read + 1;
    now.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    now.frames_per_second = static_cast<double>(now.frames) / std::max(now.seconds, 1e-6);
    if (now.all) now.left = static_cast<double>(*now.all - now.frames) / now.frames_per_second;
    if (options.progress && !options.progress(now)) return Cancelled("stopped before it was done");
    if (!chooser->Takes(frame, time)) continue;
    const std::string name = NumberedName(stem, result.frames + 1, options.format);
    const std::string path = (fs::path(folder) / name).string();
    auto bytes = EncodeFrame(frame, format, options);
    if (!bytes.ok()) return at(path, std::move(bytes).status());
    if (Status status = WriteFileAtomically(path, *bytes); !status.ok()) {
      return at(path, std::move(status));
    }
    ++result.frames;
    result.output_bytes += bytes->size();
    nlohmann::ordered_json line;
    line["file"] = name;
    line["input"] = input;
    line["frame"] = result.read;
    line["pts"] = frame.pts;
    line["time"] = std::round(time * 1e6) / 1e6;
    line["width"] = frame.width();
    line["height"] = frame.height();
    lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  if (result.read == 0) {
    return Corrupt(input + ": not one of its frames could be decoded" +
                   (reader.warning().empty() ? "" : " (" + reader.warning() + ")"));
  }
  AddSentence(reader.warning(), &result.warning);
  const std::span<const uint8_t> text(reinterpret_cast<const uint8_t*>(lines.data()), lines.size());
  if (Status status = WriteFileAtomically(result.list, text); !status.ok()) {
    return at(result.list, std::move(status));
  }
  result.total_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

}  // namespace

Result<ExtractResult> ExtractFrames(const std::string& input, const std::string& folder,
                                    const std::string& stem, const ExtractOptions& options) {
  return Caught(input, [&] { return Extract(input, folder, stem, options); });
}

}  // namespace peel::video
