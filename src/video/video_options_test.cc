#include "src/video/video_options.h"

#include <gtest/gtest.h>

#include "src/video/frame_choice.h"

namespace peel::video {
namespace {

TEST(ParseTime, TakesSecondsMinutesAndHours) {
  EXPECT_DOUBLE_EQ(*ParseTime("12.5"), 12.5);
  EXPECT_DOUBLE_EQ(*ParseTime("0"), 0);
  EXPECT_DOUBLE_EQ(*ParseTime("2:05"), 125);
  EXPECT_DOUBLE_EQ(*ParseTime("01:02:03.25"), 3723.25);
  EXPECT_DOUBLE_EQ(*ParseTime("90"), 90);
  for (const char* text : {"", ":", "1:", ":1", "-1", "1:60", "1:2:3:4", "1.5:00", "1e3", "nan",
                           "inf", "1 ", "0x10", "99999999999"}) {
    EXPECT_FALSE(ParseTime(text).ok()) << text;
  }
}

TEST(ParseRate, KnowsTheRatesOfTelevision) {
  EXPECT_EQ(*ParseRate("25"), (Rational{25, 1}));
  EXPECT_EQ(*ParseRate("29.97"), (Rational{30000, 1001}));
  EXPECT_EQ(*ParseRate("23.976"), (Rational{24000, 1001}));
  EXPECT_EQ(*ParseRate("30000/1001"), (Rational{30000, 1001}));
  EXPECT_EQ(*ParseRate("12.5"), (Rational{25, 2}));
  for (const char* text : {"", "0", "-5", "1001", "25/0", "1/2/3", "a", "25fps", "1.5/2", "nan"}) {
    EXPECT_FALSE(ParseRate(text).ok()) << text;
  }
}

TEST(ParseSteady, NamesTheChoices) {
  for (const Steady steady : {Steady::kAuto, Steady::kOff, Steady::kStrong}) {
    EXPECT_EQ(*ParseSteady(SteadyName(steady)), steady);
  }
  EXPECT_NE(ParseSteady("very").status().message().find("strong"), std::string::npos);
}

TEST(ParseContainer, NamesAreThoseThatAreTold) {
  for (const Container container :
       {Container::kWebm, Container::kMov, Container::kMp4, Container::kMkv, Container::kGif,
        Container::kWebp, Container::kPngFolder}) {
    EXPECT_EQ(*ParseContainer(ContainerWord(container)), container);
  }
  EXPECT_FALSE(ParseContainer("avi").ok());
  for (const VideoCodec codec :
       {VideoCodec::kVp9, VideoCodec::kProres, VideoCodec::kH264, VideoCodec::kHevc,
        VideoCodec::kAv1, VideoCodec::kGif, VideoCodec::kWebp, VideoCodec::kPng, VideoCodec::kQtrle,
        VideoCodec::kFfv1}) {
    EXPECT_EQ(*ParseVideoCodec(VideoCodecName(codec)), codec);
  }
}

TEST(FormatFor, FollowsTheNameAndRefusesWhatDoesNotFit) {
  VideoOptions options;
  EXPECT_EQ(FormatFor("a.webm", options)->codec, VideoCodec::kVp9);
  EXPECT_EQ(FormatFor("a.mov", options)->codec, VideoCodec::kProres);
  // No alpha in it: the way out is told.
  const auto opaque = FormatFor("a.mp4", options);
  ASSERT_FALSE(opaque.ok());
  EXPECT_NE(opaque.status().message().find("--background"), std::string::npos);
  options.composed = Composed::kMask;
  EXPECT_EQ(FormatFor("a.mp4", options)->codec, VideoCodec::kH264);
  options.composed = Composed::kOver;
  EXPECT_FALSE(FormatFor("a.mp4", options).ok());  // over what?
  options.behind.still = Background::Colour({0, 0, 255, 255});
  EXPECT_TRUE(FormatFor("a.mp4", options).ok());
  options.composed = Composed::kSideBySide;
  EXPECT_FALSE(FormatFor("a.mp4", options).ok());
  options = {};
  options.container = Container::kMkv;
  options.codec = VideoCodec::kFfv1;
  EXPECT_EQ(FormatFor("any.name", options)->container, Container::kMkv);
  options.frames.from = 3;
  options.frames.to = 3;
  EXPECT_FALSE(FormatFor("a.webm", options).ok());
}

TEST(ParseFrameChoice, SaysWhichFrames) {
  EXPECT_DOUBLE_EQ(ParseFrameChoice("every=1s")->seconds, 1);
  EXPECT_DOUBLE_EQ(ParseFrameChoice("every=0.5s")->seconds, 0.5);
  EXPECT_DOUBLE_EQ(ParseFrameChoice("every=250ms")->seconds, 0.25);
  EXPECT_EQ(ParseFrameChoice("every=30")->number, 30);
  EXPECT_EQ(ParseFrameChoice("12")->kind, FrameChoice::Kind::kSpread);
  EXPECT_EQ(ParseFrameChoice("scene")->kind, FrameChoice::Kind::kScene);
  EXPECT_EQ(ParseFrameChoice("key")->kind, FrameChoice::Kind::kKey);
  for (const char* text : {"", "every=", "every=s", "every=0", "every=0s", "every=-1s", "0", "-3",
                           "1s", "every=nans", "every=1e9s", "scenes"}) {
    EXPECT_FALSE(ParseFrameChoice(text).ok()) << text;
  }
}

// Which of `count` frames, 25 a second, are taken.
std::vector<int> Taken(const char* text, int count, std::optional<double> to,
                       int shade_of(int frame) = nullptr) {
  auto chooser = FrameChooser::Create(*ParseFrameChoice(text), 0, to);
  EXPECT_TRUE(chooser.ok());
  std::vector<int> taken;
  for (int i = 0; i < count; ++i) {
    Frame frame = *Frame::Allocate({}, 64, 36);
    const int shade = shade_of != nullptr ? shade_of(i) : 100;
    std::fill_n(frame.plane(0), frame.row_bytes(0) * 36, static_cast<uint8_t>(shade));
    if (chooser->Takes(frame, i / 25.0)) taken.push_back(i);
  }
  return taken;
}

TEST(FrameChooser, TakesByTimeNumberAndScene) {
  EXPECT_EQ(Taken("every=1s", 60, std::nullopt), (std::vector{0, 25, 50}));
  EXPECT_EQ(Taken("every=0.01s", 4, std::nullopt), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(Taken("every=20", 50, std::nullopt), (std::vector{0, 20, 40}));
  EXPECT_EQ(Taken("2", 100, 4.0), (std::vector{25, 75}));
  EXPECT_EQ(Taken("key", 3, std::nullopt), (std::vector{0, 1, 2}));
  const auto two_scenes = [](int frame) { return frame < 30 ? 60 : 180; };
  EXPECT_EQ(Taken("scene", 60, std::nullopt, two_scenes), (std::vector{0, 30}));
  const auto fade = [](int frame) { return 20 + frame * 3; };
  EXPECT_EQ(Taken("scene", 60, std::nullopt, fade), (std::vector{0}));
  EXPECT_FALSE(FrameChooser::Create(*ParseFrameChoice("5"), 0, std::nullopt).ok());
}

}  // namespace
}  // namespace peel::video
