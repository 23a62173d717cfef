#include "src/video/media/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/video/media/pixel_format.h"
#include "src/video/media/test_films.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;

const std::string kClips = std::string(PEEL_SHARED_DIR) + "/data/video/";

#define PEEL_NEEDS_CLIPS() \
  PEEL_NEEDS_FFMPEG();     \
  if (!fs::exists(kClips)) GTEST_SKIP() << "needs the clips in " << kClips

// Clips that are long, and those with a reason not to be read.
constexpr double kPart = 0.6;
const std::map<std::string, std::pair<StatusCode, std::string>>& Refused() {
  static const std::map<std::string, std::pair<StatusCode, std::string>> refused = {
      {"sample_vvc.mp4", {StatusCode::kUnsupported, "vvc"}},
      {"vp9__invalid-bitstream.webm", {StatusCode::kCorrupt, "damaged"}}};
  return refused;
}

std::vector<std::string> Clips() {
  std::vector<std::string> names;
  if (!fs::exists(kClips)) return names;
  for (const auto& entry : fs::directory_iterator(kClips)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("LICENSE") && !name.starts_with("README")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

// Seconds of ffprobe's frames up to a time, from the file's start.
std::vector<double> ProbedTimes(const std::string& path, const MediaInfo& info, double to) {
  // It stops by the order in which frames are stored, which are shown up to some frames earlier.
  const double rate = info.video->rate.value();
  const double reordered = rate > 0 ? 0.2 + 6 / rate : 1;
  const std::string text =
      Printed((*FindFfmpeg())->ffprobe,
              {"-v", "quiet", "-select_streams", std::to_string(info.video->index), "-show_entries",
               "frame=best_effort_timestamp_time", "-of", "csv=p=0", "-read_intervals",
               "%+" + std::to_string(to + reordered), path});
  std::vector<double> times;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const double time = std::atof(line.c_str()) - info.start.value_or(0);
    if (!line.empty() && time < to) times.push_back(time);
  }
  return times;
}

// Every clip: its frames and their time stamps are those that ffprobe sees, or it says why not.
TEST(FrameReaderTest, EveryClip) {
  PEEL_NEEDS_CLIPS();
  for (const std::string& name : Clips()) {
    SCOPED_TRACE(name);
    const auto info = Probe(kClips + name);
    ASSERT_TRUE(info.ok()) << info.status().message();
    ReadOptions options;
    options.max_size = 96;
    options.to = kPart;
    const AllFrames all = ReadAll(kClips + name, options);
    if (const auto refused = Refused().find(name); refused != Refused().end()) {
      // A newer ffmpeg may well read it.
      if (all.status.ok()) continue;
      EXPECT_EQ(all.status.code(), refused->second.first);
      EXPECT_NE(all.status.message().find(refused->second.second), std::string::npos)
          << all.status.message();
      continue;
    }
    const std::vector<double> times = ProbedTimes(kClips + name, *info, kPart);
    if (times.empty()) {  // it begins later
      EXPECT_EQ(all.status.code(), StatusCode::kInvalidArgument) << all.status.message();
      continue;
    }
    ASSERT_TRUE(all.status.ok()) << all.status.message();
    const double unit = all.format.time_base.value();
    ASSERT_FALSE(all.frames.empty());
    // Where ffprobe finds none (AVI), and where the file's start is rounded to microseconds, half a
    // frame may fall on either side of the end.
    ASSERT_NEAR(static_cast<double>(all.frames.size()), static_cast<double>(times.size()), 2);
    for (size_t i = 0; i < std::min(times.size(), all.frames.size()); ++i) {
      ASSERT_NEAR(static_cast<double>(all.frames[i].pts) * unit, times[i], unit + 2e-6) << i;
      if (i > 0) {
        ASSERT_GT(all.frames[i].pts, all.frames[i - 1].pts);
      }
    }
    const bool damaged = name == "corrupted.mp4" || name == "sample_with_invalid_nalu.mp4";
    if (!damaged) {
      EXPECT_EQ(all.warning, "");
    }
  }
}

TEST(FrameReaderTest, WholeClipsHaveAllTheirFrames) {
  PEEL_NEEDS_CLIPS();
  // As `ffprobe -count_frames` has them.
  const std::pair<const char*, size_t> kFrames[] = {{"bbb_176x144_192kbps_15fps_mpeg4.mp4", 15},
                                                    {"transparent.webm", 150},
                                                    {"vp9__bear-vp9.webm", 82},
                                                    {"sample_sef_slow_motion.mp4", 63},
                                                    {"testvid_1022ms.mp4", 30},
                                                    {"ts__sample_h264.ts", 30},
                                                    {"unordered.mov", 4},
                                                    {"h264_10bits.mp4", 30}};
  for (const auto& [name, frames] : kFrames) {
    EXPECT_EQ(ReadAll(kClips + name).frames.size(), frames) << name;
  }
  // What could not be decoded is told.
  const AllFrames damaged = ReadAll(kClips + "corrupted.mp4");
  EXPECT_TRUE(damaged.status.ok());
  EXPECT_EQ(damaged.frames.size(), 49U);
  EXPECT_NE(damaged.warning.find("1 packet could not be decoded"), std::string::npos)
      << damaged.warning;
  EXPECT_EQ(damaged.warning.find("0x"), std::string::npos) << damaged.warning;
}

// Upright, as ffmpeg's own way out has it, in pixels.
TEST(FrameReaderTest, RotatedClipsComeUpright) {
  PEEL_NEEDS_CLIPS();
  for (const char* const name : {"video_0.mov", "video_90.mov", "video_270.mov",
                                 "sample_rotate_and_reflect.mp4", "h265_with_metadata_track.mp4"}) {
    ReadOptions options;
    options.to = 0.05;
    const AllFrames all = ReadAll(kClips + name, options);
    ASSERT_TRUE(all.status.ok()) << name << all.status.message();
    const Frame& frame = all.frames.at(0);
    const std::string own =
        Printed((*FindFfmpeg())->ffmpeg, {"-v", "error", "-i", kClips + name, "-map", "0:v:0",
                                          "-frames:v", "1", "-f", "rawvideo", "pipe:1"});
    ASSERT_EQ(own.size(), frame.bytes()) << name;
    EXPECT_EQ(own, std::string(reinterpret_cast<const char*>(frame.data()), frame.bytes())) << name;
    const auto info = Probe(kClips + name);
    EXPECT_EQ(info->video->shown_width, frame.width());
    EXPECT_EQ(info->video->shown_height, frame.height());
  }
  const auto mirrored = Probe(kClips + "sample_rotate_and_reflect.mp4");
  EXPECT_EQ(mirrored->video->rotation, 90);
  EXPECT_TRUE(mirrored->video->mirrored);
  EXPECT_EQ(Probe(kClips + "video_90.mov")->video->rotation, 90);
  EXPECT_EQ(Probe(kClips + "video_270.mov")->video->rotation, 270);
}

TEST(FrameReaderTest, SamplesAndTheirRangeStayAsTheyAre) {
  PEEL_NEEDS_CLIPS();
  for (const char* const name : {"bt709_full_range.mp4", "bt601.mp4", "h265_10bits.mp4"}) {
    ReadOptions options;
    options.to = 0.02;
    const AllFrames all = ReadAll(kClips + name, options);
    ASSERT_TRUE(all.status.ok()) << all.status.message();
    const Frame& frame = all.frames.at(0);
    // The decoder's own samples, of which nothing is made on the way out.
    const std::string own =
        Printed((*FindFfmpeg())->ffmpeg,
                {"-v", "error", "-i", kClips + name, "-frames:v", "1", "-f", "rawvideo", "pipe:1"});
    EXPECT_TRUE(own == std::string(reinterpret_cast<const char*>(frame.data()), frame.bytes()))
        << name;
  }
  EXPECT_EQ(Probe(kClips + "bt709_full_range.mp4")->video->colour.range, "pc");
}

TEST(FrameReaderTest, EachOptionChangesSomething) {
  PEEL_NEEDS_CLIPS();
  const std::string film = kClips + "sample.mp4";  // 1080 x 720, 30 frames of 1001/30000 s
  const auto read = [&](auto change, const std::string& name = "") {
    ReadOptions options;
    options.max_size = 100;
    change(options);
    AllFrames all = ReadAll(name.empty() ? film : kClips + name, options);
    EXPECT_TRUE(all.status.ok()) << all.status.message();
    return all;
  };
  const AllFrames whole = read([](ReadOptions&) {});
  EXPECT_EQ(whole.frames.size(), 30U);
  EXPECT_EQ(whole.format.width, 100);
  EXPECT_EQ(whole.format.height, 67);
  const AllFrames part = read([](ReadOptions& o) { o.from = 0.5, o.to = 0.75; });
  // Frames 15 to 22 begin in it; times count from its beginning.
  ASSERT_EQ(part.frames.size(), 8U);
  EXPECT_EQ(part.frames[0].pts, 15);
  EXPECT_EQ(part.frames[1].pts, 15 + 1001);
  EXPECT_EQ(0,
            std::memcmp(part.frames[0].data(), whole.frames[15].data(), whole.frames[15].bytes()));
  const AllFrames slow = read([](ReadOptions& o) { o.fps = Rational{10, 1}; });
  EXPECT_NEAR(static_cast<double>(slow.frames.size()), 10, 1);
  EXPECT_EQ(slow.format.time_base, (Rational{1, 10}));
  EXPECT_EQ(slow.frames[3].pts, 3);
  const AllFrames even = read([](ReadOptions& o) { o.keep_odd = false; });
  EXPECT_EQ(even.format.width, 100);
  EXPECT_EQ(even.format.height, 66);
  const AllFrames threads = read([](ReadOptions& o) { o.threads = 1; });
  EXPECT_EQ(0,
            std::memcmp(threads.frames[7].data(), whole.frames[7].data(), whole.frames[7].bytes()));
  const AllFrames large = read([](ReadOptions& o) { o.max_size = 0, o.to = 0.03; });
  EXPECT_EQ(large.format.width, 1080);

  const auto hdr = [](ReadOptions& o) { o.to = 0.04; };
  const AllFrames as_is = read(hdr, "hlg10-color-test.mp4");
  EXPECT_EQ(as_is.format.colour.transfer, "arib-std-b67");
  EXPECT_EQ(as_is.format.layout.depth, 10);
  const auto filters = ListFfmpeg(**FindFfmpeg(), "filters");
  if (!(*filters)->contains("zscale")) GTEST_SKIP() << "needs ffmpeg's filter zscale";
  const AllFrames mapped =
      read([&](ReadOptions& o) { hdr(o), o.tone_map = true; }, "hlg10-color-test.mp4");
  EXPECT_EQ(mapped.format.colour.transfer, "bt709");
  EXPECT_EQ(mapped.format.colour.matrix, "bt709");
  EXPECT_NE(0, std::memcmp(mapped.frames.at(0).data(), as_is.frames.at(0).data(),
                           as_is.frames[0].bytes()));
}

TEST(FrameReaderTest, AlphaOfVp9IsRead) {
  PEEL_NEEDS_CLIPS();
  ReadOptions options;
  options.to = 0.1;
  const AllFrames all = ReadAll(kClips + "transparent.webm", options);
  ASSERT_TRUE(all.status.ok()) << all.status.message();
  ASSERT_TRUE(all.format.layout.alpha);
  const Frame& frame = all.frames.at(0);
  const auto [least, most] = std::minmax_element(frame.plane(3), frame.plane(3) + 200 * 200);
  EXPECT_EQ(*least, 0);
  EXPECT_GT(*most, 200);
}

TEST(FrameReaderTest, WhatIsNoFilmSaysSo) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const auto tools = FindFfmpeg();
  const auto make = [&](const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-v", "error", "-f", "lavfi", "-i"});
    arguments.push_back(folder / name);
    Printed((*tools)->ffmpeg, arguments);
    return folder / name;
  };
  const auto refused = [&](const std::string& path, StatusCode code, const char* says) {
    const AllFrames all = ReadAll(path);
    EXPECT_EQ(all.status.code(), code) << path << ": " << all.status.message();
    EXPECT_NE(all.status.message().find(says), std::string::npos) << all.status.message();
  };
  const std::string sound = make("sound.mkv", {"sine=duration=0.2"});
  refused(sound, StatusCode::kUnsupported, "sound alone");
  const std::string still = make("still.png", {"testsrc=s=32x32", "-frames:v", "1"});
  refused(still, StatusCode::kUnsupported, "a still picture (png)");
  refused(folder.Put("empty.mp4", ""), StatusCode::kCorrupt, "is empty");
  refused(folder.Put("text.mp4", std::string(5000, 'x')), StatusCode::kCorrupt, "as a film");
  refused(folder / "none.mp4", StatusCode::kNotFound, "no such file");
  refused(folder / "", StatusCode::kInvalidArgument, "folder");
  refused("/dev/null", StatusCode::kInvalidArgument, "no regular file");
  // Lists of other files, which ffmpeg would open.
  const std::string film = make("film.mkv", {"testsrc=s=32x32:r=10:d=1", "-c:v", "ffv1"});
  refused(folder.Put("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + film + "\n"),
          StatusCode::kUnsupported, "(hls)");
  refused(folder.Put("list.txt", "ffconcat version 1.0\nfile '" + film + "'\n"),
          StatusCode::kUnsupported, "(concat)");
  // Torn in the middle: what there is, or a reason.
  std::string bytes = folder.Get("film.mkv");
  const AllFrames torn = ReadAll(folder.Put("torn.mkv", bytes.substr(0, bytes.size() / 2)));
  EXPECT_TRUE(!torn.status.ok() || torn.frames.size() < 10U);
  // A frame's beginning and nothing more.
  refused(folder.Put("head.mkv", bytes.substr(0, 700)), StatusCode::kCorrupt, "");

  const auto info = Probe(film);
  const auto open = [&](auto change) {
    ReadOptions options;
    change(options);
    const auto reader = FrameReader::Open(*info, options);
    EXPECT_EQ(reader.status().code(), StatusCode::kInvalidArgument);
    return reader.status().message();
  };
  EXPECT_NE(open([](ReadOptions& o) { o.from = 5; }).find("only 1.0"), std::string::npos);
  EXPECT_NE(open([](ReadOptions& o) { o.from = 0.5, o.to = 0.5; }).find("ends before"),
            std::string::npos);
  EXPECT_NE(open([](ReadOptions& o) { o.to = NAN; }).find("0 seconds"), std::string::npos);
  EXPECT_NE(open([](ReadOptions& o) { o.fps = Rational{0, 1}; }).find("rate"), std::string::npos);
}

// Names that ffmpeg would take for an option, a protocol or a pattern.
TEST(FrameReaderTest, AnyNameIsAFile) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  Printed((*FindFfmpeg())->ffmpeg,
          {"-v", "error", "-f", "lavfi", "-i", "testsrc=s=32x32:r=10:d=0.3", "-c:v", "ffv1",
           folder / "a.mkv"});
  const std::string bytes = folder.Get("a.mkv");
  const fs::path before = fs::current_path();
  fs::current_path(folder / "");
  for (const char* const name :
       {"-x", "concat:a|b", "pipe:0", "http:", "a%03d.mkv", "a'b;c.mkv", "data:,x"}) {
    folder.Put(name, bytes);
    EXPECT_EQ(ReadAll(name).frames.size(), 3U) << name << ": " << ReadAll(name).status.message();
  }
  fs::current_path(before);
}

// Sizes that change on the way, as in a stream that was cut together.
TEST(FrameReaderTest, ChangingSizesAreScaledToTheFirst) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const std::string ffmpeg = (*FindFfmpeg())->ffmpeg;
  for (const char* const size : {"64x48", "96x96"}) {
    Printed(ffmpeg,
            {"-v", "error", "-f", "lavfi", "-i", std::string("testsrc=r=10:d=0.5:s=") + size,
             "-c:v", "mpeg2video", folder / (std::string(size) + ".m2v")});
  }
  const std::string both = folder.Get("64x48.m2v") + folder.Get("96x96.m2v");
  const AllFrames all = ReadAll(folder.Put("both.m2v", both));
  EXPECT_TRUE(all.status.ok()) << all.status.message();
  EXPECT_GE(all.frames.size(), 9U);
  EXPECT_EQ(all.format.width, 64);
  EXPECT_EQ(all.format.height, 48);
}

TEST(FrameReaderTest, CancellingEndsIt) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  Printed((*FindFfmpeg())->ffmpeg,
          {"-v", "error", "-f", "lavfi", "-i", "testsrc=s=640x480:r=30:d=2", "-c:v", "mpeg4",
           folder / "a.mkv"});
  const auto info = Probe(folder / "a.mkv");
  ASSERT_TRUE(info.ok());
  CancelToken cancel;
  ReadOptions options;
  options.cancel = &cancel;
  auto reader = FrameReader::Open(*info, options);
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->Next().ok());
  cancel.Cancel();
  Status status;
  while (status.ok()) status = (*reader)->Next().status();
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(FrameReader::Open(*info, options).status().code(), StatusCode::kCancelled);
}

// ffmpeg that is missing, ancient, lacking something, dying.
TEST(FrameReaderTest, TroubleWithFfmpegItself) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const std::string real = (*FindFfmpeg())->ffmpeg, probe = (*FindFfmpeg())->ffprobe;
  Printed(real, {"-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=1", "-c:v", "ffv1",
                 folder / "a.mkv"});
  const auto open = [&](const MediaInfo& info) {
    return FrameReader::Open(info, {}).status().message();
  };
  MediaInfo info = *Probe(folder / "a.mkv");
  {
    const TestVariable none("PATH", folder / "");
    const TestVariable a("PEEL_FFMPEG", ""), b("PEEL_FFPROBE", "");
    EXPECT_EQ(FindFfmpeg().status().code(), StatusCode::kNotFound);
    EXPECT_NE(FindFfmpeg().status().message().find("apt install ffmpeg"), std::string::npos);
    EXPECT_EQ(Probe(folder / "a.mkv").status().code(), StatusCode::kNotFound);
  }
  const TestVariable other("PEEL_FFPROBE", probe);
  const auto with = [&](const std::string& name, const std::string& script) {
    return TestVariable("PEEL_FFMPEG", PutScript(folder, name, script));
  };
  {
    const TestVariable tool("PEEL_FFMPEG", folder / "nowhere");
    EXPECT_NE(open(info).find("$PEEL_FFMPEG is "), std::string::npos) << open(info);
  }
  {
    const auto tool = with(
        "old",
        "echo 'ffmpeg version 4.1.9 Copyright'; echo 'libavutil      56. 22.100 / 56. 22.100'");
    EXPECT_NE(open(info).find("FFmpeg 4.1.9, which is too old"), std::string::npos) << open(info);
  }
  {
    const auto tool = with("other", "echo something else");
    EXPECT_NE(open(info).find("is no ffmpeg"), std::string::npos) << open(info);
  }
  const std::string asked = "case \"$1\" in -version|-hide_banner) ;; *) ";
  {
    const auto tool = with(
        "dying", asked + "echo Killed by a test >&2; kill -9 $$;; esac; exec " + real + " \"$@\"");
    EXPECT_NE(open(info).find("signal 9"), std::string::npos) << open(info);
    EXPECT_NE(open(info).find("Killed by a test"), std::string::npos) << open(info);
  }
  {
    const auto tool =
        with("bare", "case \"$2\" in -filters|-decoders) exit 0;; esac; exec " + real + " \"$@\"");
    ReadOptions options;
    options.tone_map = true;
    MediaInfo hdr = info;
    hdr.video->hdr = HdrKind::kHdr10;
    hdr.video->colour.transfer = "smpte2084";
    EXPECT_NE(FrameReader::Open(hdr, options).status().message().find("filter zscale"),
              std::string::npos);
    MediaInfo alpha = info;
    alpha.video->alpha = true;
    alpha.video->codec = "vp9";
    EXPECT_NE(open(alpha).find("libvpx"), std::string::npos) << open(alpha);
  }
  {
    // Dies in the middle: the frames before come, then its words.
    const auto tool =
        with("half", asked + real +
                         " \"$@\" | head -c 70000; echo A test broke it >&2; exit 9;; esac; exec " +
                         real + " \"$@\"");
    const AllFrames all = ReadAll(folder / "a.mkv");
    EXPECT_EQ(all.status.code(), StatusCode::kCorrupt);
    EXPECT_GE(all.frames.size(), 1U);
    EXPECT_NE(all.status.message().find("beyond its frame"), std::string::npos)
        << all.status.message();
    EXPECT_NE(all.status.message().find("A test broke it"), std::string::npos)
        << all.status.message();
  }
}

}  // namespace
}  // namespace peel::video
