#include "src/video/media/write_plan.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "src/video/media/ffmpeg_abilities.h"
#include "src/video/media/pixel_format.h"

namespace peel::video {
namespace {

std::string Text(const Rational& ratio) {
  return std::to_string(ratio.num) + "/" + std::to_string(ratio.den);
}

std::string Seconds(double seconds) {
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%.6f", seconds);
  return text.data();
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// What browsers and players take there.
bool CanCopy(Container container, std::string_view codec) {
  switch (container) {
    case Container::kWebm:
      return IsOneOf(codec, {"opus", "vorbis"});
    case Container::kMp4:
      return IsOneOf(codec, {"aac", "mp3", "ac3", "eac3", "opus", "alac", "flac"});
    case Container::kMov:
      return IsOneOf(codec, {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be",
                             "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"});
    case Container::kMkv:
      return !codec.empty();
    default:
      return false;
  }
}

bool TakesSound(Container container) {
  return container == Container::kWebm || container == Container::kMov ||
         container == Container::kMp4 || container == Container::kMkv;
}

// How a codec is written.
struct Recipe {
  std::vector<std::string> encoders;  // of ffmpeg's, the best first
  std::string pixels;                 // the pixel format it is given
  std::vector<std::string> options;
  const char* quality_option = nullptr;
  int default_quality = 0, most_quality = 0;
  bool even = false;             // takes even sizes only
  bool full_range = true;        // can say that samples are of the full range
  const char* filter = nullptr;  // behind the conversion
};

std::string Planar(bool alpha, bool deep, const char* chroma) {
  return std::string(alpha ? "yuva" : "yuv") + chroma + (deep ? "p10le" : "p");
}

Recipe RecipeFor(const FrameFormat& format, const WriteOptions& options) {
  const FrameLayout& layout = format.layout;
  const bool deep = layout.depth > 8, alpha = layout.alpha;
  Recipe recipe;
  switch (options.codec) {
    case VideoCodec::kVp9:
      // "good" takes four times as long for files that are a fifth smaller.
      recipe = {EncodersOf(options.codec),
                Planar(alpha, deep && !alpha, "420"),
                {"-b:v", "0", "-row-mt", "1", "-tile-columns", "2", "-deadline", "realtime",
                 "-cpu-used", "5"},
                "-crf",
                30,
                63};
      // The encoder's hidden frames are what ffmpeg's way of keeping alpha beside cannot follow.
      if (alpha) {
        recipe.options.insert(recipe.options.end(),
                              {"-auto-alt-ref", "0", "-metadata:s:v:0", "alpha_mode=1"});
      }
      return recipe;
    case VideoCodec::kProres:
      recipe = {EncodersOf(options.codec),
                Planar(alpha, true, alpha || layout.chroma_shift_x == 0 ? "444" : "422"),
                {"-vendor", "apl0"},
                "-q:v",
                0,
                64};
      recipe.full_range = false;  // there is no word for it in MOV
      if (recipe.pixels.find("444") != std::string::npos) {
        recipe.options.insert(recipe.options.end(), {"-profile:v", "4"});
      } else {
        recipe.options.insert(recipe.options.end(), {"-profile:v", "3"});
      }
      if (alpha) recipe.options.insert(recipe.options.end(), {"-alpha_bits", "16"});
      return recipe;
    case VideoCodec::kH264:
      recipe = {EncodersOf(options.codec), "yuv420p", {"-preset", "medium"}, "-crf", 20, 51};
      recipe.even = true;
      return recipe;
    case VideoCodec::kHevc:
      recipe = {EncodersOf(options.codec),
                Planar(false, deep, "420"),
                {"-preset", "fast", "-x265-params", "log-level=error"},
                "-crf",
                23,
                51};
      if (options.container != Container::kMkv) {
        recipe.options.insert(recipe.options.end(), {"-tag:v", "hvc1"});  // as Apple wants it
      }
      recipe.even = true;
      return recipe;
    case VideoCodec::kAv1:
      recipe = {EncodersOf(options.codec), Planar(false, deep, "420"), {}, "-crf", 32, 63};
      // SVT takes nothing smaller.
      if (std::min(format.width, format.height) < 64) recipe.encoders = {"libaom-av1"};
      recipe.even = true;
      return recipe;
    case VideoCodec::kFfv1:
      return {EncodersOf(options.codec),
              PixelFormatName(layout),
              {"-level", "3", "-g", "1", "-slicecrc", "1"}};
    case VideoCodec::kQtrle:
      return {EncodersOf(options.codec), alpha ? "argb" : "rgb24", {}};
    case VideoCodec::kPng:
      return {EncodersOf(options.codec),
              deep ? (alpha ? "rgba64be" : "rgb48be") : (alpha ? "rgba" : "rgb24"),
              {"-pred", "mixed", "-compression_level", "6"}};
    case VideoCodec::kGif:
      // A palette for each frame: one for all of them would need the whole film in memory.
      recipe = {EncodersOf(options.codec), alpha ? "rgba" : "rgb24", {}};
      recipe.filter =
          "split[peel1][peel2];[peel1]palettegen=stats_mode=single:reserve_transparent=1[peel3];"
          "[peel2][peel3]paletteuse=new=1:dither=sierra2_4a:alpha_threshold=128";
      return recipe;
    case VideoCodec::kWebp:
      return {EncodersOf(options.codec),
              Planar(alpha, false, "420"),
              {"-compression_level", "4", "-loop", "0"},
              "-quality",
              80,
              100};
  }
  return recipe;
}

const char* MuxerOf(Container container) {
  switch (container) {
    case Container::kWebm:
      return "webm";
    case Container::kMov:
      return "mov";
    case Container::kMp4:
      return "mp4";
    case Container::kMkv:
      return "matroska";
    case Container::kGif:
      return "gif";
    case Container::kWebp:
      return "webp";
    case Container::kPngFolder:
      return "image2";
  }
  return "";
}

// The tags on frames that come without any, for the conversion and for the encoder.
std::string Tags(const ColourTags& colour) {
  std::string tags;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    tags += (tags.empty() ? "setparams=" : ":") + std::string(name) + "=" + value;
  };
  add("range", colour.range);
  add("colorspace", colour.matrix);
  add("color_primaries", colour.primaries);
  add("color_trc", colour.transfer);
  return tags.empty() ? "" : tags + ",";
}

std::string Filters(const FrameFormat& format, const Recipe& recipe) {
  std::string chain = Tags(format.colour) + "scale=flags=bicubic+accurate_rnd+full_chroma_int";
  const bool rgb = ParsePixelFormat(recipe.pixels).is_rgb;
  if (!rgb) {
    const bool full = format.colour.range == "pc";
    chain += std::string(":in_range=") + (full ? "full" : "limited") +
             ":out_range=" + (full && recipe.full_range ? "full" : "limited");
  }
  chain += ",format=" + recipe.pixels;
  if (!rgb && format.colour.range == "pc" && !recipe.full_range) chain += ",setparams=range=tv";
  if (recipe.filter != nullptr) chain += std::string(",") + recipe.filter;
  return chain;
}

Status CheckSizes(const FrameFormat& format, const WriteOptions& options, const Recipe& recipe) {
  if (recipe.even && (format.width % 2 != 0 || format.height % 2 != 0)) {
    return InvalidArgument(std::string(CodecName(options.codec)) + " takes even sizes only, not " +
                           std::to_string(format.width) + " x " + std::to_string(format.height));
  }
  if (!options.quality) return OkStatus();
  if (recipe.quality_option == nullptr) {
    return InvalidArgument(std::string(CodecName(options.codec)) + " has no quality to choose");
  }
  if (*options.quality < 0 || *options.quality > recipe.most_quality) {
    return InvalidArgument("the quality of " + std::string(CodecName(options.codec)) +
                           " lies between 0 and " + std::to_string(recipe.most_quality));
  }
  return OkStatus();
}

void AddSound(const WriteOptions& options, std::vector<std::string>* arguments) {
  for (std::string& option : SafeInput()) arguments->push_back(std::move(option));
  if (options.sound_from > 0) {
    arguments->insert(arguments->end(), {"-ss", Seconds(options.sound_from)});
  }
  if (options.sound_to) arguments->insert(arguments->end(), {"-to", Seconds(*options.sound_to)});
  arguments->insert(arguments->end(), {"-i", FfmpegName(options.sound_of)});
}

}  // namespace

SoundPlan PlanSound(Container container, const MediaInfo& film) {
  SoundPlan plan;
  if (!TakesSound(container)) {
    if (!film.audio.empty()) {
      plan.warning = std::string(ContainerName(container)) + " takes no sound; it is left out";
    }
    return plan;
  }
  for (const AudioStream& audio : film.audio) {
    if (CanCopy(container, audio.codec) && audio.channels > 0) {
      plan.streams.push_back({audio.index, "copy"});
    } else if (!audio.codec.empty() && audio.channels > 0) {
      plan.streams.push_back({audio.index, container == Container::kWebm ? "libopus" : "aac"});
    } else {
      if (!plan.warning.empty()) plan.warning += ". ";
      plan.warning +=
          "the sound of stream " + std::to_string(audio.index) + " cannot be read and is left out";
    }
  }
  return plan;
}

Result<WritePlan> PlanWrite(const FrameFormat& format, const WriteOptions& options,
                            const SoundPlan& sound, const FfmpegTools& tools,
                            const std::set<std::string>& encoders) {
  PEEL_RETURN_IF_ERROR(CheckWritable(options.container, options.codec, format.layout.alpha));
  const Recipe recipe = RecipeFor(format, options);
  PEEL_RETURN_IF_ERROR(CheckSizes(format, options, recipe));
  WritePlan plan;
  for (const std::string& encoder : recipe.encoders) {
    if (plan.encoder.empty() && encoders.contains(encoder)) plan.encoder = encoder;
  }
  if (plan.encoder.empty()) {
    return NotFound("this ffmpeg (" + tools.ffmpeg + ", " + tools.version +
                    ") was built without the encoder " + recipe.encoders.front() + " for " +
                    CodecName(options.codec) +
                    "; take another codec, or an ffmpeg that has it (Debian's has: `apt install "
                    "ffmpeg`)");
  }
  // Finer than a microsecond no container is; encoders trip over it.
  plan.time_base = format.time_base.value() >= 1e-6 ? format.time_base : Rational{1, 1'000'000};

  std::vector<std::string>& arguments = plan.arguments;
  arguments = {"-v",
               "error",
               "-hide_banner",
               "-nostats",
               "-progress",
               "pipe:1",
               "-stats_period",
               "1",
               "-y",
               "-protocol_whitelist",
               "pipe",
               "-f",
               "nut",
               "-analyzeduration",
               "0",
               "-fpsprobesize",
               "3",
               "-i",
               "pipe:0"};
  if (!sound.streams.empty()) AddSound(options, &arguments);
  arguments.insert(arguments.end(), {"-map", "0:v:0", "-vf", Filters(format, recipe)});
  for (const SoundPlan::Stream& stream : sound.streams) {
    arguments.insert(arguments.end(), {"-map", "1:" + std::to_string(stream.index)});
  }
  for (size_t i = 0; i < sound.streams.size(); ++i) {
    arguments.insert(arguments.end(), {"-c:a:" + std::to_string(i), sound.streams[i].encoder});
  }
  // Copied sound would begin where its film can be entered, with all pictures later by as much.
  if (!sound.streams.empty() && options.sound_from > 0) {
    arguments.insert(arguments.end(), {"-copypriorss:a", "0"});
  }
  arguments.insert(arguments.end(), {"-map_metadata", "-1", tools.PassTimesOption(), "passthrough",
                                     "-enc_time_base", Text(plan.time_base), "-c:v", plan.encoder});
  arguments.insert(arguments.end(), recipe.options.begin(), recipe.options.end());
  if (plan.encoder == "libsvtav1") arguments.insert(arguments.end(), {"-preset", "8"});
  if (plan.encoder == "libaom-av1") {
    arguments.insert(arguments.end(), {"-cpu-used", "6", "-row-mt", "1", "-b:v", "0"});
  }
  const bool has_default = recipe.quality_option != nullptr && recipe.default_quality > 0;
  if (options.quality || has_default) {
    arguments.insert(
        arguments.end(),
        {recipe.quality_option, std::to_string(options.quality.value_or(recipe.default_quality))});
  }
  if (options.threads > 0) {
    arguments.insert(arguments.end(), {"-threads", std::to_string(options.threads),
                                       "-filter_threads", std::to_string(options.threads)});
  }
  if (options.container == Container::kMp4 || options.container == Container::kMov) {
    arguments.insert(arguments.end(), {"-movflags", "+faststart"});
  }
  arguments.insert(arguments.end(), {"-f", MuxerOf(options.container)});
  return plan;
}

}  // namespace peel::video
