#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/pipeline/cut/background.h"
#include "src/video/matte/compose_frame.h"
#include "src/video/matte/frame_matting.h"
#include "src/video/media/frame_reader.h"
#include "src/video/media/frame_writer.h"

// What to make of a film. The command line, the C interface and through it Python fill in this one
// tree.
namespace peel::video {

// What stands behind the subject of an opaque film.
struct Behind {
  Background still{};  // none: the film is not opaque
  std::string film{};  // or this film: from its beginning, and again from there when it ends

  bool is_none() const { return still.is_none() && film.empty(); }
};

// Which frames, and how they are read.
struct FrameChoices {
  std::optional<double> from{}, to{};  // seconds; `to` is not included
  std::optional<Rational> fps{};       // a constant rate instead of the film's own time stamps
  int max_size = 0;                    // the longer side is at most this; 0: as it is
  bool tone_map = false;               // HDR becomes BT.709
};

// What a reader makes of them.
ReadOptions ReadOptionsFor(const FrameChoices& frames, const CancelToken* cancel);

struct VideoOptions {
  FrameChoices frames{};
  MattingChoices matting{};
  Composed composed = Composed::kAlpha;  // kOver where there is something behind, and only there
  Behind behind{};
  // What is written; nullopt: what the output's name and `composed` ask for.
  std::optional<Container> container{};
  std::optional<VideoCodec> codec{};
  std::optional<int> quality{};  // the codec's own scale
  bool sound = true;             // kept where the film has any and the container takes it
  uint64_t memory = 0;           // bytes that frames at hand may take together; 0: a gigabyte
  const CancelToken* cancel = nullptr;
  // Told by the thread of the call after every frame. False stops the run: kCancelled. Must not
  // throw.
  std::function<bool(const struct VideoProgress&)> progress{};
};

// Where a run stands.
struct VideoProgress {
  int64_t frames = 0;            // that are done
  std::optional<int64_t> all;    // as far as the film tells
  double seconds = 0;            // since the first one was begun
  double frames_per_second = 0;  // of the last few seconds
  std::optional<double> left;    // seconds
};

using StageSeconds = std::vector<std::pair<std::string_view, double>>;

// What became of a film.
struct VideoResult {
  int64_t frames = 0;
  double seconds = 0;         // how long it plays
  int width = 0, height = 0;  // of the frames written
  uint64_t output_bytes = 0;
  bool has_alpha = false;
  bool has_sound = false;
  Steady steady = Steady::kAuto;
  Container container = Container::kWebm;
  VideoCodec codec = VideoCodec::kVp9;
  // Of all frames: whether any has a subject, the best score, the mean share that it covers.
  bool has_subject = false;
  double subject_score = 0, coverage = 0;
  std::string warning;  // what the user should know; "" for nothing
  // Seconds that threads were in a stage, "decode" to "encode"; stages overlap, and of decode and
  // encode it is the waiting for ffmpeg.
  StageSeconds stages;
  double total_seconds = 0;
};

// "auto", "off" or "strong". kInvalidArgument names them.
Result<Steady> ParseSteady(std::string_view text);
const char* SteadyName(Steady steady);
// "webm", "mov", "mp4", "mkv", "gif", "webp", or "png" for a folder of frames.
Result<Container> ParseContainer(std::string_view text);
const char* ContainerWord(Container container);
// As ParseVideoCodec takes it.
const char* VideoCodecName(VideoCodec codec);
// Seconds, mm:ss or hh:mm:ss, each with a fraction or without.
Result<double> ParseTime(std::string_view text);
// "25", "29.97", "30000/1001": up to 1000 frames a second.
Result<Rational> ParseRate(std::string_view text);

// What a film of this name holds unless something else is asked for: alpha, a matte alone … kOver
// for whoever has something behind. kInvalidArgument for what cannot go together, with the way out:
// no alpha in this container or codec, a mask on a background, nothing between `from` and `to`.
struct VideoFormat {
  Container container = Container::kWebm;
  VideoCodec codec = VideoCodec::kVp9;
};
Result<VideoFormat> FormatFor(const std::string& output, const VideoOptions& options);

}  // namespace peel::video
