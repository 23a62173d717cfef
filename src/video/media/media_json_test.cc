#include "src/video/media/media_json.h"

#include <gtest/gtest.h>

#include <string>

#include "src/video/media/complaints.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/iso6709.h"
#include "src/video/media/pixel_format.h"
#include "src/video/media/read_plan.h"

namespace peel::video {
namespace {

std::string Film(const std::string& stream, const std::string& more = "",
                 const std::string& packets = "") {
  return R"({"packets": [)" + packets + R"(], "streams": [{"index": 0, "codec_type": "video",
    "codec_name": "h264", "pix_fmt": "yuv420p", "width": 640, "height": 480, "time_base": "1/1000")" +
         (stream.empty() ? "" : ", ") + stream +
         R"(}], "format": {"format_name": "x", "size": "99")" + (more.empty() ? "" : ", ") + more +
         "}}";
}

VideoStream Video(const std::string& stream, const std::string& packets = "") {
  const auto info = ParseMedia(Film(stream, "", packets));
  EXPECT_TRUE(info.ok() && info->video);
  return *info->video;
}

TEST(MediaJsonTest, WhatIsTold) {
  const auto info = ParseMedia(Film(
      R"("sample_aspect_ratio": "4:3", "avg_frame_rate": "30000/1001", "nb_frames": "12",
         "color_range": "tv", "color_transfer": "smpte2084", "color_space": "unknown",
         "field_order": "tb", "bits_per_raw_sample": "8", "duration": "0.4")",
      R"("duration": "1.5", "start_time": "-0.25", "bit_rate": "1000", "tags": {
         "creation_time": "2016-05-31 17:01:35", "com.apple.quicktime.location.ISO6709":
         "+37.7450-122.4301+066.374/", "com.apple.quicktime.make": "Apple", "TITLE": "A film"})"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->bytes, 99U);
  EXPECT_EQ(info->duration, 1.5);
  EXPECT_EQ(info->start, -0.25);
  EXPECT_EQ(info->created, "2016-05-31T17:01:35");
  EXPECT_EQ(info->make, "Apple");
  EXPECT_EQ(info->title, "A film");
  ASSERT_TRUE(info->place);
  EXPECT_NEAR(info->place->longitude, -122.4301, 1e-9);
  const VideoStream& video = *info->video;
  EXPECT_EQ(video.shown_width, 853);
  EXPECT_EQ(video.shown_height, 480);
  EXPECT_EQ(video.rate, (Rational{30000, 1001}));
  EXPECT_EQ(video.frames, 12);
  EXPECT_EQ(video.hdr, HdrKind::kHdr10);
  EXPECT_EQ(video.colour.matrix, "");
  EXPECT_TRUE(video.interlaced);
  const std::string json = InfoJson(*info);
  for (const char* part :
       {"\"hdr\": \"hdr10\"", "\"rate\": \"30000/1001\"", "\"longitude\": -122.4301",
        "\"colour_matrix\": null", "\"interlaced\": true"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << json;
  }
}

std::string Matrix(const std::string& a, const std::string& b, const std::string& c,
                   const std::string& d) {
  return R"("side_data_list": [{"side_data_type": "Display Matrix", "displaymatrix": "\n00000000: )" +
         a + " " + b + " 0\\n00000001: " + c + " " + d + R"( 0\n00000002: 0 0 1073741824\n"}])";
}

TEST(MediaJsonTest, TurnsAndMirrors) {
  const struct {
    const char *a, *b, *c, *d;
    int rotation;
    bool mirrored;
  } kCases[] = {{"65536", "0", "0", "65536", 0, false},
                {"0", "65536", "-65536", "0", 90, false},
                {"-65536", "0", "0", "-65536", 180, false},
                {"0", "-65536", "65536", "0", 270, false},
                {"-65536", "0", "0", "65536", 0, true},
                {"0", "65536", "65536", "0", 90, true},
                {"65536", "0", "0", "-65536", 180, true},
                {"0", "-65536", "-65536", "0", 270, true},
                {"0", "0", "0", "0", 0, false}};
  for (const auto& c : kCases) {
    const VideoStream video = Video(Matrix(c.a, c.b, c.c, c.d));
    EXPECT_EQ(video.rotation, c.rotation) << c.a << c.b << c.c << c.d;
    EXPECT_EQ(video.mirrored, c.mirrored) << c.a << c.b << c.c << c.d;
    EXPECT_EQ(video.shown_width, c.rotation % 180 == 0 ? 640 : 480);
  }
  EXPECT_EQ(Video(R"("tags": {"rotate": "270"})").rotation, 270);
  EXPECT_EQ(Video(R"("tags": {"rotate": "-90"})").rotation, 270);
  EXPECT_EQ(Video(R"("tags": {"rotate": "45"})").rotation, 0);
}

TEST(MediaJsonTest, RatesThatVary) {
  const auto packets = [](std::initializer_list<int> times) {
    std::string text;
    for (const int time : times) {
      text += (text.empty() ? "" : ",") + std::string(R"({"stream_index": 0, "pts": )") +
              std::to_string(time) + R"(, "flags": "K_"})";
    }
    return text;
  };
  // Out of order as they are stored; rounded to milliseconds; a jump; one that is not shown.
  EXPECT_FALSE(Video("", packets({0, 133, 67, 33, 100})).variable_rate);
  EXPECT_TRUE(Video("", packets({0, 33, 67, 167, 200})).variable_rate);
  EXPECT_FALSE(Video("", packets({0, 33, 67}) + R"(,{"stream_index": 0, "pts": 5, "flags": "KD"})")
                   .variable_rate);
  // A time base that was taken for a rate.
  EXPECT_NEAR(Video(R"("avg_frame_rate": "1000/1", "r_frame_rate": "60/1")", packets({0, 40, 80}))
                  .rate.value(),
              25, 0.01);
  EXPECT_EQ(Video(R"("avg_frame_rate": "0/0", "r_frame_rate": "24/1")").rate, (Rational{24, 1}));
}

TEST(MediaJsonTest, TheFilmAmongItsStreams) {
  const auto info = ParseMedia(R"({"format": {}, "streams": [
    {"index": 0, "codec_type": "video", "codec_name": "mjpeg", "pix_fmt": "yuvj420p", "width": 9000,
     "height": 9000, "disposition": {"attached_pic": 1}},
    {"index": 1, "codec_type": "video", "codec_tag_string": "vvc1", "width": 4000, "height": 3000},
    {"index": 2, "codec_type": "video", "codec_name": "h264", "pix_fmt": "yuv420p", "width": 64, "height": 64},
    {"index": 3, "codec_type": "video", "codec_name": "h264", "pix_fmt": "yuv420p", "width": 32, "height": 32,
     "disposition": {"default": 1}},
    {"index": 4, "codec_type": "audio", "codec_name": "aac", "sample_rate": "48000", "channels": 2},
    {"index": 5, "codec_type": "subtitle"}, {"index": 6, "codec_type": "data"}, 7]})");
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->video->index, 3);
  ASSERT_EQ(info->audio.size(), 1U);
  EXPECT_EQ(info->audio[0].sample_rate, 48000);
  EXPECT_EQ(info->subtitles, 1);
  EXPECT_EQ(info->other, 5);
}

TEST(MediaJsonTest, NonsenseCountsAsUntold) {
  for (const char* const text : {"", "[]", "{", "{\"streams\": []}", "null", "\xff"}) {
    EXPECT_EQ(ParseMedia(text).status().code(), StatusCode::kCorrupt) << text;
  }
  const VideoStream video = Video(
      R"("width": -5, "height": 1e300, "sample_aspect_ratio": "1:1000", "avg_frame_rate": "9/0",
         "nb_frames": "-3", "duration": "nan", "time_base": "0/0", "bit_rate": [], "index": "x",
         "side_data_list": 5, "tags": {"DURATION": "1:2"}, "color_range": 4)");
  EXPECT_EQ(video.width, 0);
  EXPECT_EQ(video.height, 0);
  EXPECT_EQ(video.sample_aspect, (Rational{1, 1}));
  EXPECT_EQ(video.rate.num, 0);
  EXPECT_FALSE(video.frames);
  EXPECT_FALSE(video.duration);
  EXPECT_EQ(video.time_base, (Rational{1, 90000}));
  EXPECT_NEAR(*Video(R"("tags": {"DURATION": "00:01:02.500000000"})").duration, 62.5, 1e-9);
  EXPECT_TRUE(HasHdr10Plus(
      R"x({"frames": [{"side_data_list": [{"side_data_type": "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)"}]}]})x"));
  EXPECT_FALSE(HasHdr10Plus(R"({"frames": [{}, 5]})"));
}

TEST(Iso6709Test, Places) {
  const auto place = ParseIso6709("+40.6894-074.0447+010.5/");
  ASSERT_TRUE(place);
  EXPECT_DOUBLE_EQ(place->latitude, 40.6894);
  EXPECT_DOUBLE_EQ(place->longitude, -74.0447);
  EXPECT_DOUBLE_EQ(*place->altitude, 10.5);
  EXPECT_NEAR(ParseIso6709("-3312.30+01830.00/")->latitude, -33.205, 1e-9);
  EXPECT_NEAR(ParseIso6709("-3312.30+01830.00/")->longitude, 18.5, 1e-9);
  EXPECT_NEAR(ParseIso6709("+401121.5-0750015.1/")->latitude, 40 + 11 / 60.0 + 21.5 / 3600, 1e-9);
  EXPECT_TRUE(ParseIso6709("+90+180CRSWGS_84/"));
  EXPECT_FALSE(ParseIso6709("+90+180")->altitude);
  for (const char* const text :
       {"", "+", "40.1-74.2/", "+91+000/", "+10+181/", "+10.+020/", "+10", "+10+020x",
        "+1060+02000/", "+12345678901234567890+020/", "+10+020+/", "+100+020/", "++10+020/"}) {
    EXPECT_FALSE(ParseIso6709(text)) << text;
  }
}

TEST(PixelFormatTest, ByTheirNames) {
  const struct {
    const char* name;
    const char* read_as;
  } kCases[] = {
      {"yuv420p", "yuv420p"},    {"yuvj422p", "yuv422p"},      {"yuva444p12le", "yuva444p10le"},
      {"nv12", "yuv420p"},       {"p010le", "yuv420p10le"},    {"yuyv422", "yuv422p"},
      {"yuv411p", "yuv422p"},    {"yuv410p", "yuv420p"},       {"yuv440p", "yuv444p"},
      {"gray", "yuv420p"},       {"gray10le", "yuv420p10le"},  {"ya8", "yuva420p"},
      {"rgb24", "yuv444p"},      {"bgra", "yuva444p"},         {"gbrp10le", "yuv444p10le"},
      {"gbrap", "yuva444p"},     {"rgba64be", "yuva444p10le"}, {"rgb565le", "yuv444p"},
      {"pal8", "yuv444p"},       {"monob", "yuv420p"},         {"y210le", "yuv422p10le"},
      {"p216le", "yuv422p10le"}, {"x2rgb10le", "yuv444p10le"}, {"uyyvyy411", "yuv422p"}};
  for (const auto& c : kCases) {
    const PixelFormat format = ParsePixelFormat(c.name);
    EXPECT_EQ(PixelFormatName(LayoutFor(format, format.alpha)), c.read_as) << c.name;
  }
}

TEST(FfmpegToolsTest, VersionsAndLists) {
  const auto debian = ParseVersion(
      "ffmpeg version 5.1.9-0+deb12u1 Copyright (c)\nbuilt with\nlibavutil      57. 28.100 / 57. "
      "28.100\n");
  ASSERT_TRUE(debian.ok());
  EXPECT_EQ(debian->version, "5.1.9-0+deb12u1");
  EXPECT_STREQ(debian->PassTimesOption(), "-fps_mode");
  const auto older =
      ParseVersion("ffmpeg version n4.4 x\nlibavutil      56. 70.100 / 56. 70.100\n");
  ASSERT_TRUE(older.ok());
  EXPECT_STREQ(older->PassTimesOption(), "-vsync");
  EXPECT_EQ(ParseVersion("ffmpeg version 4.3 x\nlibavutil 56. 51.100 / 56").status().code(),
            StatusCode::kUnsupported);
  EXPECT_FALSE(ParseVersion("busybox").ok());
  EXPECT_EQ(
      ParseListing("Encoders:\n V..... = Video\n ------\n V....D libx264   H.264 (codec h264)\n"
                   " A..... aac  AAC\n\n"),
      (std::set<std::string>{"libx264", "aac"}));
}

TEST(ComplaintsTest, AreCountedAndCleaned) {
  Complaints complaints;
  EXPECT_EQ(complaints.Text("a"), "");
  complaints.Add("[h264 @ 0x55d0aabb] Invalid NAL unit size");
  complaints.Add("[h264 @ 0x55d0ccdd] Invalid NAL unit size");
  complaints.Add("Error while decoding stream #0:0: Invalid data found");
  complaints.Add("Error submitting packet to decoder: Invalid data");
  EXPECT_EQ(complaints.Text("a"), "2 packets could not be decoded ([h264] Invalid NAL unit size)");
  EXPECT_EQ(PlainWords("file:/a b.mp4: moov atom not found", "/a b.mp4"), "moov atom not found");
}

TEST(RescaleTest, IsExactOrTold) {
  EXPECT_EQ(*Rescale(1001, {1, 30000}, {1, 60000}), 2002);
  EXPECT_EQ(*Rescale(2, {1, 1000}, {1, 25}), 0);
  EXPECT_EQ(*Rescale(39, {1, 1000}, {1, 25}), 1);
  EXPECT_EQ(*Rescale(-40, {1, 1000}, {1, 25}), -1);
  EXPECT_FALSE(Rescale(int64_t{1} << 62, {1, 25}, {1, 1000}).ok());
}

}  // namespace
}  // namespace peel::video
