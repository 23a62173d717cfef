#include "src/video/media/frame_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/video/media/png_frames.h"
#include "src/video/media/read_back.h"
#include "src/video/media/test_films.h"
#include "src/video/media/webp_frames.h"

namespace peel::video {
namespace {

// At a varying rate, in units of 1/1000 s.
constexpr int64_t kTimes[] = {0, 40, 80, 200, 240, 300, 340, 500};

FrameFormat Format(bool alpha, int depth = 8, int width = 96, int height = 80) {
  FrameFormat format;
  format.layout.alpha = alpha;
  format.layout.depth = depth;
  format.width = width;
  format.height = height;
  format.time_base = {1, 1000};
  format.rate = {25, 1};
  format.colour = {"tv", "bt709", "bt709", "bt709"};
  return format;
}

Status WriteDiscs(const std::string& path, const FrameFormat& format, const WriteOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto writer, FrameWriter::Create(path, format, options));
  int number = 0;
  for (const int64_t time : kTimes) {
    Frame frame = DiscFrame(format, number++);
    frame.pts = time;
    PEEL_RETURN_IF_ERROR(writer->Write(frame));
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "before it is whole";
  return writer->Finish();
}

double MeanOf(const Frame& frame, int plane) {
  double sum = 0;
  const size_t samples = static_cast<size_t>(frame.plane_width(plane)) *
                         static_cast<size_t>(frame.plane_height(plane));
  for (size_t i = 0; i < samples; ++i) {
    sum += frame.layout().depth > 8
               ? reinterpret_cast<const uint16_t*>(frame.plane(plane))[i] / 1023.0
               : frame.plane(plane)[i] / 255.0;
  }
  return sum / static_cast<double>(samples);
}

struct Case {
  const char* name;
  Container container;
  VideoCodec codec;
  bool alpha;
  int depth = 8;
  int width = 96, height = 80;
  double slack = 0.02;  // of the planes' means
};

class RoundTrip : public testing::TestWithParam<Case> {};

TEST_P(RoundTrip, KeepsFramesTimesColoursAndAlpha) {
  PEEL_NEEDS_FFMPEG();
  const Case& c = GetParam();
  const TestFolder folder;
  const std::string path = folder / c.name;
  const FrameFormat format = Format(c.alpha, c.depth, c.width, c.height);
  const Status written = WriteDiscs(path, format, {.container = c.container, .codec = c.codec});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(folder.Count(), 1) << "something is left behind";
  const AllFrames all = ReadAll(path);
  ASSERT_TRUE(all.status.ok()) << all.status.message();
  ASSERT_EQ(all.frames.size(), std::size(kTimes));
  EXPECT_EQ(all.format.layout.alpha, c.alpha);
  EXPECT_EQ(all.format.width, c.width);
  EXPECT_EQ(all.format.height, c.height);
  for (size_t i = 0; i < all.frames.size(); ++i) {
    const Frame& frame = all.frames[i];
    const Frame original = DiscFrame(format, static_cast<int>(i));
    const double seconds = static_cast<double>(frame.pts) * all.format.time_base.value();
    EXPECT_NEAR(seconds, static_cast<double>(kTimes[i]) / 1000, 0.0006) << i;
    // GIF has no colours where it is transparent.
    const bool is_gif = c.codec == VideoCodec::kGif;
    for (int plane = is_gif ? 3 : 0; plane < frame.layout().planes(); ++plane) {
      EXPECT_NEAR(MeanOf(frame, plane), MeanOf(original, plane), c.slack) << i << " " << plane;
    }
    if (!c.alpha) continue;
    // The disc stands where it stood.
    const size_t centre = static_cast<size_t>(
        c.height / 2 * c.width + static_cast<int>(c.width * (0.3 + 0.05 * static_cast<double>(i))));
    const bool deep = frame.layout().depth > 8;
    const auto* const words = reinterpret_cast<const uint16_t*>(frame.plane(3));
    if (!deep) {
      EXPECT_NEAR(frame.plane(0)[centre], original.plane(0)[centre], is_gif ? 20 : 12) << i;
    }
    EXPECT_GT(deep ? words[centre] / 4 : frame.plane(3)[centre], 240) << i;
    EXPECT_LT(deep ? words[0] / 4 : frame.plane(3)[0], 12) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, RoundTrip,
    testing::Values(Case{"vp9.webm", Container::kWebm, VideoCodec::kVp9, true},
                    Case{"odd.webm", Container::kWebm, VideoCodec::kVp9, true, 8, 97, 81},
                    Case{"opaque.webm", Container::kWebm, VideoCodec::kVp9, false},
                    Case{"deep.webm", Container::kWebm, VideoCodec::kVp9, false, 10},
                    Case{"av1.webm", Container::kWebm, VideoCodec::kAv1, false},
                    Case{"prores.mov", Container::kMov, VideoCodec::kProres, true},
                    Case{"deep.mov", Container::kMov, VideoCodec::kProres, true, 10},
                    Case{"opaque.mov", Container::kMov, VideoCodec::kProres, false},
                    Case{"qtrle.mov", Container::kMov, VideoCodec::kQtrle, true},
                    Case{"png.mov", Container::kMov, VideoCodec::kPng, true},
                    Case{"h264.mp4", Container::kMp4, VideoCodec::kH264, false},
                    Case{"hevc.mp4", Container::kMp4, VideoCodec::kHevc, false},
                    Case{"deep.mp4", Container::kMp4, VideoCodec::kHevc, false, 10},
                    Case{"av1.mp4", Container::kMp4, VideoCodec::kAv1, false},
                    Case{"ffv1.mkv", Container::kMkv, VideoCodec::kFfv1, true, 8, 96, 80, 1e-9},
                    Case{"deep.mkv", Container::kMkv, VideoCodec::kFfv1, true, 10, 96, 80, 1e-9},
                    Case{"a.gif", Container::kGif, VideoCodec::kGif, true, 8, 96, 80, 0.02}),
    [](const auto& one) {
      std::string name = one.param.name;
      std::ranges::replace(name, '.', '_');
      return name;
    });

// Behind its sound, say: the pictures stay where they were.
TEST(FrameWriterTest, AFilmThatBeginsLate) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const struct {
    const char* name;
    Container container;
    VideoCodec codec;
  } kCases[] = {{"a.webm", Container::kWebm, VideoCodec::kVp9},
                {"a.mov", Container::kMov, VideoCodec::kQtrle},
                {"a.mp4", Container::kMp4, VideoCodec::kH264},
                {"a.gif", Container::kGif, VideoCodec::kGif},
                {"a.webp", Container::kWebp, VideoCodec::kWebp}};
  for (const auto& c : kCases) {
    const FrameFormat format = Format(false);
    auto writer =
        FrameWriter::Create(folder / c.name, format, {.container = c.container, .codec = c.codec});
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    for (int i = 0; i < 5; ++i) {
      Frame frame = DiscFrame(format, i);
      std::memset(frame.data(), 100 + 20 * i, frame.row_bytes(0) * 20);
      frame.pts = 1500 + 40 * i;
      ASSERT_TRUE((*writer)->Write(frame).ok());
    }
    const Status done = (*writer)->Finish();
    EXPECT_TRUE(done.ok()) << c.name << ": " << done.message();
    if (c.container != Container::kWebm && c.container != Container::kMov) continue;
    const std::string packets = Printed(
        (*FindFfmpeg())->ffprobe,
        {"-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", folder / c.name});
    EXPECT_NEAR(std::atof(packets.c_str()), 1.5, 0.01) << c.name;
  }
}

// What ffmpeg cannot read back, Peel's own codecs can, elsewhere; here its headers.
TEST(FrameWriterTest, AnimatedWebp) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const std::string path = folder / "a.webp";
  const FrameFormat format = Format(true);
  const Status written = WriteDiscs(
      path, format, {.container = Container::kWebp, .codec = VideoCodec::kWebp, .quality = 90});
  ASSERT_TRUE(written.ok()) << written.message();
  const std::string bytes = folder.Get("a.webp");
  const auto found = ReadWebpFrames({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(found->frames, static_cast<int64_t>(std::size(kTimes)));
  EXPECT_EQ(found->width, 96);
  EXPECT_EQ(found->height, 80);
  EXPECT_TRUE(found->alpha);
  // The last one is shown for as long as the others in the mean.
  EXPECT_NEAR(static_cast<double>(found->milliseconds), 500 + 500.0 / 7, 10);
  // Torn at any place it is told.
  for (const size_t size :
       {size_t{0}, size_t{11}, size_t{30}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_FALSE(ReadWebpFrames({reinterpret_cast<const uint8_t*>(bytes.data()), size}).ok())
        << size;
  }
}

TEST(FrameWriterTest, FolderOfPngFrames) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const std::string path = folder / "100%frames";
  const WriteOptions options = {.container = Container::kPngFolder, .codec = VideoCodec::kPng};
  const Status written = WriteDiscs(path, Format(true), options);
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(folder.Count(), 1);
  const auto frames = static_cast<int64_t>(std::size(kTimes));
  EXPECT_TRUE(CheckPngFrames(path, frames, 96, 80, true).ok());
  EXPECT_FALSE(CheckPngFrames(path, frames + 1, 96, 80, true).ok());
  EXPECT_FALSE(CheckPngFrames(path, frames, 96, 81, true).ok());
  EXPECT_FALSE(CheckPngFrames(path, frames, 96, 80, false).ok());
  std::filesystem::resize_file(path + "/000003.png", 100);
  const Status torn = CheckPngFrames(path, frames, 96, 80, true);
  EXPECT_NE(torn.message().find("000003.png is torn"), std::string::npos) << torn.message();

  // A folder with files in it stays as it is; an empty one is taken.
  const auto refused = FrameWriter::Create(path + "/", Format(true), options);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("has files in it"), std::string::npos);
  std::filesystem::create_directory(folder / "empty");
  auto writer = FrameWriter::Create(folder / "empty/", Format(false, 10), options);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  ASSERT_TRUE((*writer)->Write(DiscFrame(Format(false, 10), 0)).ok());
  const Status done = (*writer)->Finish();
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_TRUE(CheckPngFrames(folder / "empty", 1, 96, 80, false).ok());
}

// A film of five seconds with sound, made once for the tests of it.
std::string FilmWithSound(const TestFolder& folder, const std::string& name,
                          const std::string& codec) {
  const auto tools = FindFfmpeg();
  const std::string path = folder / name;
  Printed((*tools)->ffmpeg,
          {"-v", "error", "-f", "lavfi", "-i", "testsrc=s=32x32:r=10:d=2", "-f", "lavfi", "-i",
           "sine=frequency=440:duration=2", "-c:v", "ffv1", "-c:a", codec, "-y", path});
  return path;
}

TEST(FrameWriterTest, SoundIsCopiedWhereItFitsAndEncodedWhereNot) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const std::string aac = FilmWithSound(folder, "aac.mkv", "aac");
  const std::string opus = FilmWithSound(folder, "opus.mkv", "libopus");
  const struct {
    const char* name;
    std::string film;
    Container container;
    VideoCodec codec;
    const char* sound;
  } kCases[] = {{"a.webm", opus, Container::kWebm, VideoCodec::kVp9, "opus"},
                {"b.webm", aac, Container::kWebm, VideoCodec::kVp9, "opus"},
                {"c.mp4", aac, Container::kMp4, VideoCodec::kH264, "aac"},
                {"d.mov", opus, Container::kMov, VideoCodec::kQtrle, "aac"}};
  for (const auto& c : kCases) {
    const std::string path = folder / c.name;
    const Status written = WriteDiscs(
        path, Format(false), {.container = c.container, .codec = c.codec, .sound_of = c.film});
    ASSERT_TRUE(written.ok()) << c.name << ": " << written.message();
    const auto info = Probe(path);
    ASSERT_TRUE(info.ok());
    ASSERT_EQ(info->audio.size(), 1U) << c.name;
    EXPECT_EQ(info->audio[0].codec, c.sound) << c.name;
    EXPECT_NEAR(info->duration.value_or(0), 2, 0.1) << c.name;
  }
  // A part of it: as long as it was cut.
  const std::string path = folder / "part.mkv";
  const Status written = WriteDiscs(path, Format(false),
                                    {.container = Container::kMkv,
                                     .codec = VideoCodec::kFfv1,
                                     .sound_of = aac,
                                     .sound_from = 0.5,
                                     .sound_to = 1.25});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_NEAR(Probe(path)->duration.value_or(0), 0.75, 0.1);

  auto writer = FrameWriter::Create(
      folder / "a.gif", Format(true),
      {.container = Container::kGif, .codec = VideoCodec::kGif, .sound_of = aac});
  ASSERT_TRUE(writer.ok());
  EXPECT_NE((*writer)->warning().find("takes no sound"), std::string::npos);
}

TEST(FrameWriterTest, NothingIsLeftOfWhatIsNotFinished) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const FrameFormat format = Format(true);
  {
    auto writer = FrameWriter::Create(folder / "a.webm", format, {});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Write(DiscFrame(format, 0)).ok());
    EXPECT_EQ(folder.Count(), 1);
  }
  EXPECT_EQ(folder.Count(), 0);
  {
    auto writer =
        FrameWriter::Create(folder / "frames/", format,
                            {.container = Container::kPngFolder, .codec = VideoCodec::kPng});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Write(DiscFrame(format, 0)).ok());
  }
  EXPECT_EQ(folder.Count(), 0);
  // Cancelled: what there was before stays.
  folder.Put("a.webm", "old");
  CancelToken cancel;
  auto writer = FrameWriter::Create(folder / "a.webm", format, {.cancel = &cancel});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Write(DiscFrame(format, 0)).ok());
  cancel.Cancel();
  Frame next = DiscFrame(format, 1);
  next.pts = 40;
  EXPECT_EQ((*writer)->Write(next).code(), StatusCode::kCancelled);
  EXPECT_EQ((*writer)->Finish().code(), StatusCode::kCancelled);
  writer->reset();
  EXPECT_EQ(folder.Count(), 1);
  EXPECT_EQ(folder.Get("a.webm"), "old");
}

TEST(FrameWriterTest, AnEncoderThatDiesIsToldAndLeavesNothing) {
  PEEL_NEEDS_FFMPEG();
  const std::string real = (*FindFfmpeg())->ffmpeg, probe = (*FindFfmpeg())->ffprobe;
  const TestFolder folder, out;
  const TestVariable other("PEEL_FFPROBE", probe);
  const std::string asked = "case \"$*\" in *pipe:0*) ;; *) exec " + real + " \"$@\";; esac\n";
  const FrameFormat format = Format(true, 8, 640, 480);
  const struct {
    const char* name;
    std::string script;
    const char* says;
  } kCases[] = {
      {"killed", "head -c 3000000 >/dev/null; kill -9 $$", "signal 9"},
      {"failing", "head -c 100 >/dev/null; echo Cannot allocate memory >&2; exit 1",
       "Cannot allocate memory"},
      {"full", "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1",
       "free some space"},
      {"limited", "ulimit -f 8; trap '' XFSZ; exec " + real + " \"$@\"", "File too large"},
      {"torn", "cat >/dev/null; for last; do :; done; echo torn > \"${last#file:}\"",
       "cannot be read back"},
      {"short",
       "cat >/dev/null; for last; do :; done; exec " + real +
           " -v error -y -f lavfi -i color=s=640x480:d=0.1,format=yuva420p -c:v ffv1 -f "
           "matroska \"$last\"",
       "frames: "}};
  for (const auto& c : kCases) {
    const TestVariable tool("PEEL_FFMPEG", PutScript(folder, c.name, asked + c.script));
    const Status status = WriteDiscs(out / "a.mkv", format,
                                     {.container = Container::kMkv, .codec = VideoCodec::kFfv1});
    EXPECT_FALSE(status.ok()) << c.name;
    EXPECT_NE(status.message().find(c.says), std::string::npos)
        << c.name << ": " << status.message();
    EXPECT_FALSE(std::filesystem::exists(out / "a.mkv")) << c.name;
    EXPECT_EQ(out.Count(), 0) << c.name;
  }
}

TEST(FrameWriterTest, AlphaThatIsLostIsFound) {
  PEEL_NEEDS_FFMPEG();
  // A film with alpha, but another one than was written.
  const TestFolder folder;
  const FrameFormat format = Format(true);
  const WriteOptions options = {.container = Container::kMkv, .codec = VideoCodec::kFfv1};
  ASSERT_TRUE(WriteDiscs(folder / "a.mkv", format, options).ok());
  Written written;
  written.container = Container::kMkv;
  written.width = 96;
  written.height = 80;
  written.alpha = true;
  written.frames = static_cast<int64_t>(std::size(kTimes));
  written.seconds = 0.5;
  written.frame_seconds = 0.04;
  for (size_t i = 0; i < 3; ++i)
    written.covered[i] = MeanAlpha(DiscFrame(format, static_cast<int>(i)), false);
  const auto tools = FindFfmpeg();
  const auto check = [&] { return ReadBack(folder / "a.mkv", written, **tools, nullptr); };
  EXPECT_TRUE(check().ok()) << check().message();
  const auto differs = [&](auto change, const char* says) {
    const Written kept = written;
    change();
    const Status status = check();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << says;
    EXPECT_NE(status.message().find(says), std::string::npos) << status.message();
    written = kept;
  };
  differs([&] { written.covered[1] += 0.1; }, "opaque share of frame 2");
  differs([&] { written.frames = 9; }, "frames: 8 instead of 9");
  differs([&] { written.width = 97; }, "size: 96 x 80 instead of 97 x 80");
  differs([&] { written.alpha = false; }, "transparency: some instead of none");
  differs([&] { written.seconds = 4; }, "seconds: ");
  differs([&] { written.sound_streams = 1; }, "streams of sound: 0 instead of 1");
}

TEST(FrameWriterTest, ReplacesAFileAndKeepsItsRights) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  folder.Put("real.mkv", "old");
  std::filesystem::permissions(folder / "real.mkv", std::filesystem::perms{0600});
  std::filesystem::create_symlink("real.mkv", folder / "link.mkv");
  auto writer = FrameWriter::Create(folder / "link.mkv", Format(true),
                                    {.container = Container::kMkv, .codec = VideoCodec::kFfv1});
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  ASSERT_TRUE((*writer)->Write(DiscFrame(Format(true), 0)).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  EXPECT_EQ(folder.Count(), 2);
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.mkv"));
  EXPECT_EQ(std::filesystem::status(folder / "real.mkv").permissions(),
            std::filesystem::perms{0600});
  EXPECT_EQ(ReadAll(folder / "real.mkv").frames.size(), 1U);
}

TEST(FrameWriterTest, RefusesInWords) {
  PEEL_NEEDS_FFMPEG();
  const TestFolder folder;
  const auto refused = [&](const std::string& name, const FrameFormat& format,
                           const WriteOptions& options) {
    const auto writer = FrameWriter::Create(folder / name, format, options);
    EXPECT_FALSE(writer.ok()) << name;
    return writer.status().message();
  };
  const WriteOptions mp4 = {.container = Container::kMp4, .codec = VideoCodec::kH264};
  EXPECT_NE(refused("a.mp4", Format(true), mp4).find("has no transparency"), std::string::npos);
  EXPECT_NE(refused("a.mp4", Format(false, 8, 97, 80), mp4).find("even sizes"), std::string::npos);
  EXPECT_NE(refused("no/a.mp4", Format(false), mp4).find("create the folder first"),
            std::string::npos);
  WriteOptions wrong = mp4;
  wrong.quality = 52;
  EXPECT_NE(refused("a.mp4", Format(false), wrong).find("between 0 and 51"), std::string::npos);
  wrong = {.container = Container::kGif, .codec = VideoCodec::kGif, .quality = 5};
  EXPECT_NE(refused("a.gif", Format(true), wrong).find("no quality"), std::string::npos);
  wrong = {.sound_of = folder / "nothing.mp4"};
  EXPECT_NE(refused("a.webm", Format(true), wrong).find("no such file"), std::string::npos);
  std::filesystem::create_directory(folder / "b.mp4");
  EXPECT_NE(refused("b.mp4", Format(false), mp4).find("a folder has this name"), std::string::npos);
  auto writer = FrameWriter::Create(folder / "c.webm", Format(true), {});
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ((*writer)->Finish().code(), StatusCode::kInvalidArgument);

  // Quality changes what comes out.
  const auto size = [&](int quality) {
    const std::string path = folder / ("q" + std::to_string(quality) + ".webm");
    EXPECT_TRUE(WriteDiscs(path, Format(true), {.quality = quality, .threads = 1}).ok());
    return std::filesystem::file_size(path);
  };
  EXPECT_GT(size(10), size(60));
}

TEST(ContainersTest, ByName) {
  const auto container = [](const char* name) { return ContainerFor(name); };
  EXPECT_EQ(*container("a.webm"), Container::kWebm);
  EXPECT_EQ(*container("x/a.MOV"), Container::kMov);
  EXPECT_EQ(*container("a.m4v"), Container::kMp4);
  EXPECT_EQ(*container("a.gif"), Container::kGif);
  EXPECT_EQ(*container("frames"), Container::kPngFolder);
  EXPECT_EQ(*container("frames.v2/"), Container::kPngFolder);
  EXPECT_NE(container("a.avi").status().message().find(".webm"), std::string::npos);
  EXPECT_FALSE(container("").ok());
  EXPECT_EQ(DefaultCodec(Container::kWebm), VideoCodec::kVp9);
  EXPECT_EQ(DefaultCodec(Container::kMov), VideoCodec::kProres);
  EXPECT_EQ(DefaultCodec(Container::kMp4), VideoCodec::kH264);
  EXPECT_EQ(*ParseVideoCodec("H265"), VideoCodec::kHevc);
  EXPECT_NE(ParseVideoCodec("divx").status().message().find("prores"), std::string::npos);
  EXPECT_TRUE(CheckWritable(Container::kWebm, VideoCodec::kVp9, true).ok());
  EXPECT_FALSE(CheckWritable(Container::kWebm, VideoCodec::kH264, false).ok());
  EXPECT_FALSE(CheckWritable(Container::kMp4, VideoCodec::kVp9, true).ok());
}

}  // namespace
}  // namespace peel::video
