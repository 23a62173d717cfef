#include "apps/peel/video/video_plan.h"

#include <algorithm>
#include <utility>

#include "apps/peel/cut/cut_plan.h"
#include "apps/peel/shard_auto.h"
#include "src/video/backdrop.h"
#include "src/video/video_cutter.h"

namespace peel {
namespace {

using video::Composed;
using video::Container;

// Where a codec is at home.
Container HomeOf(video::VideoCodec codec) {
  using video::VideoCodec;
  switch (codec) {
    case VideoCodec::kVp9:
      return Container::kWebm;
    case VideoCodec::kProres:
    case VideoCodec::kQtrle:
      return Container::kMov;
    case VideoCodec::kH264:
    case VideoCodec::kHevc:
    case VideoCodec::kAv1:
      return Container::kMp4;
    case VideoCodec::kGif:
      return Container::kGif;
    case VideoCodec::kWebp:
      return Container::kWebp;
    case VideoCodec::kPng:
      return Container::kPngFolder;
    case VideoCodec::kFfv1:
      return Container::kMkv;
  }
  return Container::kWebm;
}

template <typename Parser, typename To>
Status Parse(const std::string& text, const char* option, const Parser& parser, To& to) {
  if (text.empty()) return OkStatus();
  auto value = parser(text);
  if (!value.ok()) return std::move(value).status().WithContext(option);
  to = *std::move(value);
  return OkStatus();
}

// Which frames, and when.
Status PlanTimes(const VideoArguments& a, video::FrameChoices& frames) {
  PEEL_RETURN_IF_ERROR(Parse(a.from, "--from", video::ParseTime, frames.from));
  PEEL_RETURN_IF_ERROR(Parse(a.to, "--to", video::ParseTime, frames.to));
  PEEL_RETURN_IF_ERROR(Parse(a.fps, "--fps", video::ParseRate, frames.fps));
  frames.max_size = a.max_size;
  frames.tone_map = a.tone_map;
  if (frames.to && *frames.to <= frames.from.value_or(0)) {
    return InvalidArgument("--to: there is nothing before it; it has to be after " +
                           (frames.from ? "--from" : std::string("0")));
  }
  return OkStatus();
}

Status PlanFrames(const VideoArguments& a, VideoPlan& plan) {
  if (!a.not_with_frames.empty()) {
    return InvalidArgument("--frames takes frames out as they are; it goes without " +
                           a.not_with_frames);
  }
  if (a.cut.output_folder.empty()) {
    return InvalidArgument("--frames writes many pictures; give their folder with -O DIR");
  }
  PEEL_RETURN_IF_ERROR(Parse(a.frames, "--frames", video::ParseFrameChoice, plan.frames));
  const std::string& format = a.cut.format;
  if (format == "jpg" || format == "jpeg") {
    plan.frame_format = Format::kJpeg;
  } else if (!format.empty() && format != "png") {
    return InvalidArgument("--format: frames are written as png or jpg, not as " + format);
  }
  if (a.quality) {
    if (plan.frame_format != Format::kJpeg) {
      return InvalidArgument("--quality: PNG frames lose nothing; it is for --format jpg");
    }
    if (*a.quality < 1) return InvalidArgument("--quality: of JPEG frames it is 1 to 100");
    plan.frame_quality = *a.quality;
  }
  plan.output.suffix = ".frames.jsonl";
  return OkStatus();
}

// What is in the film and what it is written as.
Status PlanFilm(const VideoArguments& a, VideoPlan& plan) {
  video::VideoOptions& options = plan.video;
  if (a.mask && a.side_by_side) {
    return InvalidArgument("--mask and --side-by-side exclude each other");
  }
  if (!a.background.empty() && (a.mask || a.side_by_side)) {
    return InvalidArgument(std::string(a.mask ? "--mask" : "--side-by-side") +
                           " has no background; leave --background out");
  }
  if (a.mask) options.composed = Composed::kMask;
  if (a.side_by_side) options.composed = Composed::kSideBySide;
  if (!a.background.empty()) {
    options.composed = Composed::kOver;
    PEEL_RETURN_IF_ERROR(Parse(a.background, "--background", video::ParseBehind, options.behind));
  }
  PEEL_RETURN_IF_ERROR(Parse(a.steady, "--steady", video::ParseSteady, options.matting.steady));
  PEEL_RETURN_IF_ERROR(Parse(a.cut.edges, "--edges", ParseEdges, options.matting.edges));
  PEEL_RETURN_IF_ERROR(Parse(a.codec, "--codec", video::ParseVideoCodec, options.codec));
  PEEL_RETURN_IF_ERROR(Parse(a.cut.format, "--format", video::ParseContainer, options.container));
  options.quality = a.quality;
  options.sound = a.audio != "none";
  PEEL_ASSIGN_OR_RETURN(options.memory, PlanMemory(a.cut));

  const std::string& file = a.cut.output_file;
  if (!options.container && !file.empty() && file != video::kNullDevice) {
    PEEL_RETURN_IF_ERROR(Parse(file, "-o", video::ContainerFor, options.container));
  }
  if (!options.container) {
    const Container usual =
        options.composed == Composed::kAlpha ? Container::kWebm : Container::kMp4;
    options.container = options.codec ? HomeOf(*options.codec) : usual;
  }
  auto format = video::FormatFor(file, options);
  if (!format.ok()) return std::move(format).status();
  options.codec = format->codec;
  plan.output.suffix = a.mask ? ".mask" : ".cut";
  if (format->container != Container::kPngFolder) {
    *plan.output.suffix += std::string(".") + video::ContainerWord(format->container);
  }
  return OkStatus();
}

}  // namespace

Result<VideoPlan> MakeVideoPlan(const VideoArguments& a) {
  VideoPlan plan;
  if (a.cut.quiet && a.cut.verbose) return InvalidArgument("-q and -v exclude each other");
  if (a.info && !a.not_with_info.empty()) {
    return InvalidArgument("--info makes no film; it goes without " + a.not_with_info);
  }
  if (!a.cut.output_file.empty() && !a.cut.output_folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  if (a.cut.output_file == "-") {
    return InvalidArgument(
        "a film is read back before it counts as done, so it cannot go to "
        "standard output; give -o a file");
  }
  if (std::ranges::find(a.cut.inputs, "-") != a.cut.inputs.end()) {
    return InvalidArgument(
        "a film is read more than once, so it cannot come from standard input; "
        "give a file");
  }
  if (a.cut.backend == "native" && a.cut.ort_typed) {
    return InvalidArgument("--ort is about ONNX Runtime, --backend native goes without it");
  }
  PEEL_RETURN_IF_ERROR(PlanTimes(a, plan.video.frames));
  plan.output.folder = a.cut.output_folder;
  plan.output.format = Format::kPng;  // never written: `suffix` has the name's end
  // A folder of frames may be written with a slash behind it.
  std::string file = a.cut.output_file;
  while (file.size() > 1 && file.ends_with('/')) file.pop_back();
  plan.output.file = file;
  if (!a.frames.empty()) {
    PEEL_RETURN_IF_ERROR(PlanFrames(a, plan));
  } else if (!a.info) {
    PEEL_RETURN_IF_ERROR(PlanFilm(a, plan));
  }
  PEEL_ASSIGN_OR_RETURN(plan.shard, ReadShard(a.cut.shard, a.cut.shards));
  PEEL_ASSIGN_OR_RETURN(plan.model, PlanModel(a.cut));
  plan.model.jobs = a.cut.jobs;
  if (a.cut.progress == "always") plan.progress = Console::Progress::kAlways;
  if (a.cut.progress == "never") plan.progress = Console::Progress::kNever;
  return plan;
}

}  // namespace peel
