#include "apps/peel/video/video_command.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "apps/peel/cut/cut_options.h"
#include "apps/peel/video/video_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Results go beside the input as NAME.cut.webm (VP9 with alpha) unless -o or -O says otherwise; with --background
as NAME.cut.mp4, with --side-by-side too, with --mask as NAME.mask.mp4. The format is that of FILE's extension:
webm, mov (ProRes 4444), mp4, mkv, gif, webp, or a folder of PNG frames (a name without extension). Films are
read and written by ffmpeg, which has to be installed; a film appears when it is whole and has been read back.)";

void AddVideoOutput(Command& video, VideoArguments& a) {
  const char* const group = "Output";
  video.AddOption("-o", a.cut.output_file, "Write to FILE, or PNG frames into the folder FILE")
      .TypeName("FILE")
      .Group(group);
  video
      .AddOption("-O", a.cut.output_folder, "Write into the folder DIR; it is created if necessary")
      .TypeName("DIR")
      .Group(group);
  video
      .AddOption("--format", a.cut.format,
                 "webm, mov, mp4, mkv, gif, webp or png (a folder of frames); default: the "
                 "extension of FILE, else webm, for opaque films mp4. With --frames: png or jpg")
      .Group(group);
  video
      .AddOption("--codec", a.codec,
                 "vp9, prores, h264, hevc, av1, ffv1, qtrle, gif, webp or png; default: what the "
                 "format is best known for")
      .TypeName("NAME")
      .Group(group);
  video
      .AddOption("--quality", a.quality,
                 "The codec's own scale: for vp9 and av1 0 (best) to 63, h264 and hevc 0 to 51, "
                 "webp 0 to 100 (best). With --frames: 1 to 100 for JPEG")
      .Range(0, 100)
      .Group(group);
  video.AddOption("--audio", a.audio, "keep the sound where the format takes any, or none")
      .OneOf({"keep", "none"})
      .Group(group);
  video
      .AddFlag("--skip-existing", a.cut.skip_existing,
               "Skip outputs whose source, model and options have not changed")
      .Group(group);
  video
      .AddOption("--report", a.cut.report,
                 "Write a report on each input: FILE.json at the end, FILE.jsonl line by line "
                 "during the run")
      .TypeName("FILE.json|FILE.jsonl")
      .Group(group);
}

void AddVideoPicture(Command& video, VideoArguments& a) {
  const char* const group = "Picture";
  video
      .AddOption("--background", a.background,
                 "An opaque film: a CSS colour, a picture, another film, blur or blur:RADIUS "
                 "behind the subject")
      .TypeName("COLOR|FILE|blur[:R]")
      .Group(group);
  video.AddFlag("--mask", a.mask, "Write only the matte, as a grey film").Group(group);
  video
      .AddFlag("--side-by-side", a.side_by_side,
               "The colours left and the matte right, in one opaque film of twice the width")
      .Group(group);
  video
      .AddOption("--steady", a.steady,
                 "How mattes are smoothed in time, along the motion and only where they are "
                 "uncertain; off: each frame by itself")
      .OneOf({"off", "auto", "strong"})
      .Group(group);
  video
      .AddOption("--edges", a.cut.edges,
                 "How to bring the matte to full resolution: auto, off or refine")
      .OneOf({"auto", "off", "refine"})
      .Group(group);
  video
      .AddOption("--max-size", a.max_size,
                 "Scale down so that the longer side has at most PX pixels")
      .TypeName("PX")
      .Range(16, 16384)
      .Group(group);
  video
      .AddFlag("--tone-map", a.tone_map,
               "Turn HDR (HDR10, HLG) into BT.709; without it the samples stay as they are")
      .Group(group);
}

void AddVideoTime(Command& video, VideoArguments& a) {
  const char* const group = "Time";
  video.AddOption("--from", a.from, "Begin at T: seconds, mm:ss or hh:mm:ss")
      .TypeName("T")
      .Group(group);
  video.AddOption("--to", a.to, "End at T").TypeName("T").Group(group);
  video
      .AddOption("--fps", a.fps,
                 "A constant rate, such as 25 or 30000/1001, instead of the film's own time stamps")
      .TypeName("N")
      .Group(group);
}

void AddVideoQuestions(Command& video, VideoArguments& a) {
  const char* const group = "Instead of cutting out";
  video
      .AddFlag("--info", a.info,
               "Print what the film's headers tell as JSON: container, streams, duration, rate, "
               "rotation, colour, HDR, when and where it was taken")
      .Group(group);
  video
      .AddOption("--frames", a.frames,
                 "Take frames out as pictures, NAME-000001.png … with NAME.frames.jsonl beside "
                 "them: one every 1s (or every 30 frames), N of them spread over the film, the "
                 "first of each scene, or the key frames")
      .TypeName("every=1s|every=N|N|scene|key")
      .Group(group);
}

// The first option given that is none of these.
std::string FirstBut(const Command& command, std::initializer_list<std::string_view> allowed) {
  for (const auto& [name, values] : command.GivenOptions()) {
    if (std::ranges::find(allowed, name) == allowed.end()) return name;
  }
  return "";
}

}  // namespace

void AddVideoCommand(Command& app, int* exit_code) {
  Command video = app.AddCommand("video", "Remove the background from films");
  video.Footer(kFooter);
  auto arguments = std::make_shared<VideoArguments>();
  video
      .AddOption("INPUT", arguments->cut.inputs,
                 "Films (whatever ffmpeg reads), folders or quoted patterns")
      .Required();
  AddVideoOutput(video, *arguments);
  AddVideoPicture(video, *arguments);
  AddVideoTime(video, *arguments);
  AddVideoQuestions(video, *arguments);
  AddModelOptions(video, arguments->cut);
  AddFolderOptions(video, arguments->cut, /*watch=*/false);
  video.OnParsed([video, arguments, exit_code] {
    arguments->cut.settings = OptionsThatCount(video);
    arguments->not_with_info =
        FirstBut(video, {"--info", "INPUT", "--recursive", "--quiet", "--verbose"});
    arguments->not_with_frames = FirstBut(
        video, {"--frames", "INPUT", "-O", "--format", "--quality", "--skip-existing", "--report",
                "--max-size", "--tone-map", "--from", "--to", "--fps", "--threads", "--recursive",
                "--shard", "--shards", "--progress", "--quiet", "--verbose"});
    if (ApplyConfig(video, arguments->cut, exit_code)) *exit_code = RunVideo(*arguments);
  });
}

}  // namespace peel
