// Films through the C++ header over the C interface. No member of the options does nothing.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <peel/peel.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "src/matte/model/embedded_model.h"

namespace {

namespace fs = std::filesystem;

bool HasFfmpeg() { return std::system("ffmpeg -version >/dev/null 2>&1") == 0; }

// A red ball's worth of a film: six frames of a disc that moves, with a tone.
class Films : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "peel-films-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    if (!HasFfmpeg()) GTEST_SKIP() << "ffmpeg is not installed: tools/install_deps.sh test";
    clip_ = folder_ + "/clip.mkv";
    const std::string disc =
        "color=c=0x70a080:s=96x72:r=25:d=0.24,format=rgb24,"
        "geq=r='if(lt(hypot(X-40-3*N,Y-36),24),230-Y,112)':g='if(lt(hypot(X-40-3*N,Y-36),24),60,"
        "160)'"
        ":b='if(lt(hypot(X-40-3*N,Y-36),24),45,128)'";
    const std::string command = "ffmpeg -v error -f lavfi -i \"" + disc +
                                "\" -f lavfi -i sine=duration=0.24 -c:v ffv1 -pix_fmt yuv444p "
                                "-c:a libopus " +
                                clip_;
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  void TearDown() override { fs::remove_all(folder_); }

  std::string Cut(const peel::VideoOptions& options, const std::string& name = "out.mkv") {
    const std::string path = folder_ + "/" + name;
    fs::remove_all(path);
    engine_.Video(clip_, path, options);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_, clip_;
  peel::Engine engine_;
};

TEST_F(Films, ACutOutSaysWhatItIs) {
  const peel::VideoResult result = engine_.Video(clip_, folder_ + "/a.webm");
  EXPECT_EQ(result.frames(), 6);
  EXPECT_NEAR(result.seconds(), 0.24, 0.01);
  EXPECT_EQ(result.width(), 96);
  EXPECT_EQ(result.height(), 72);
  EXPECT_EQ(result.bytes(), fs::file_size(folder_ + "/a.webm"));
  EXPECT_EQ(result.format(), "webm");
  EXPECT_EQ(result.codec(), "vp9");
  EXPECT_TRUE(result.has_alpha());
  EXPECT_TRUE(result.has_audio());
  EXPECT_GE(result.subject_score(), 0);
  EXPECT_GE(result.coverage(), 0);
  EXPECT_EQ(result.warning(), "");
}

TEST_F(Films, EveryOptionHasAnEffect) {
  using Change = std::function<void(peel::VideoOptions&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"content", [](auto& o) { o.content = PEEL_VIDEO_MASK; }},
      {"side by side", [](auto& o) { o.content = PEEL_VIDEO_SIDE_BY_SIDE; }},
      {"background", [](auto& o) { o.background = "#204060"; }},
      {"edges", [](auto& o) { o.edges = PEEL_EDGES_REFINE; }},
      {"max_size", [](auto& o) { o.max_size = 48; }},
      {"from", [](auto& o) { o.from = 0.1; }},
      {"to", [](auto& o) { o.to = 0.1; }},
      {"fps", [](auto& o) { o.fps = "10"; }},
      {"audio", [](auto& o) { o.audio = false; }},
      {"format", [](auto& o) { o.format = "mov", o.codec = "qtrle"; }},
      {"codec", [](auto& o) { o.codec = "vp9"; }}};
  peel::VideoOptions usual;
  usual.codec = "ffv1";
  usual.format = "mkv";
  const std::string plain = Cut(usual);
  for (const auto& [name, change] : changes) {
    peel::VideoOptions options = usual;
    change(options);
    EXPECT_NE(Cut(options), plain) << name;
  }
  peel::VideoOptions small, large;
  small.quality = 60;
  large.quality = 5;
  EXPECT_LT(Cut(small, "q.webm").size(), Cut(large, "q.webm").size());
}

TEST_F(Films, WhatMakesNoSenseIsRefused) {
  const std::vector<std::function<void(peel::VideoOptions&)>> bad = {
      [](auto& o) { o.codec = "divx"; },
      [](auto& o) { o.format = "avi"; },
      [](auto& o) { o.content = static_cast<peel_video_content>(9); },
      [](auto& o) { o.steady = static_cast<peel_steady>(9); },
      [](auto& o) { o.edges = PEEL_EDGES_MATTING; },
      [](auto& o) { o.max_size = -1; },
      [](auto& o) { o.from = 2, o.to = 1; },
      [](auto& o) { o.fps = "fast"; },
      [](auto& o) { o.background = "no such thing"; },
      [](auto& o) { o.background = "red", o.content = PEEL_VIDEO_MASK; }};
  for (size_t i = 0; i < bad.size(); ++i) {
    peel::VideoOptions options;
    bad[i](options);
    try {
      engine_.Video(clip_, folder_ + "/bad.webm", options);
      ADD_FAILURE() << i;
    } catch (const peel::Error& error) {
      EXPECT_EQ(error.status(), PEEL_INVALID_ARGUMENT) << i << ": " << error.what();
    }
    EXPECT_FALSE(fs::exists(folder_ + "/bad.webm"));
  }
  EXPECT_THROW(engine_.Video(folder_ + "/none.mkv", "x.webm"), peel::Error);
}

TEST_F(Films, ProgressTellsStopsAndThrows) {
  std::vector<int64_t> told;
  peel::VideoOptions options;
  options.progress = [&](const peel::VideoProgress& now) {
    told.push_back(now.frames);
    return now.frames < 3;
  };
  const std::string path = folder_ + "/p.webm";
  try {
    engine_.Video(clip_, path, options);
    ADD_FAILURE();
  } catch (const peel::Error& error) {
    EXPECT_EQ(error.status(), PEEL_CANCELLED);
  }
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_FALSE(fs::exists(path));
  options.progress = [](const peel::VideoProgress&) -> bool { throw std::runtime_error("enough"); };
  EXPECT_THROW(engine_.Video(clip_, path, options), std::runtime_error);
  peel::CancelToken cancel;
  cancel.Cancel();
  options.progress = nullptr;
  options.cancel = &cancel;
  EXPECT_THROW(engine_.Video(clip_, path, options), peel::Error);
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Films, FramesComeWithTheirMattes) {
  peel::VideoFrames frames = engine_.Frames(clip_);
  EXPECT_EQ(frames.width(), 96);
  int count = 0;
  double first = 0;
  while (const auto frame = frames.Next()) {
    // The film begins with its sound, whose coder goes a few milliseconds ahead.
    if (count == 0) first = frame->seconds;
    EXPECT_NEAR(first, 0, 0.03);
    EXPECT_NEAR(frame->seconds - first, count / 25.0, 0.002);
    ASSERT_EQ(frame->picture.channels, 3);
    ASSERT_EQ(frame->matte.channels, 1);
    EXPECT_EQ(frame->picture.width, frame->matte.width);
    // The disc's red.
    const uint8_t* const middle =
        frame->picture.data + 36 * frame->picture.stride + (40 + 3 * count) * 3;
    EXPECT_NEAR(middle[0], 194, 12);
    ++count;
  }
  EXPECT_EQ(count, 6);
  EXPECT_FALSE(frames.Next());
}

// An engine's model is the one that it was made from, and is loaded once: its file may be gone.
TEST_F(Films, AreCutOutWithTheEnginesOwnModel) {
  const std::string path = folder_ + "/model.onnx";
  const auto bytes = peel::EmbeddedModel();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  peel::EngineOptions options;
  options.model = path;
  const peel::Engine engine(options);
  fs::remove(path);
  EXPECT_EQ(engine.Video(clip_, folder_ + "/own.webm").frames(), 6);
}

TEST_F(Films, HeadersAreJson) {
  EXPECT_NE(peel::ProbeVideo(clip_).find("\"ffv1\""), std::string::npos);
  EXPECT_THROW(peel::ProbeVideo(folder_ + "/none.mkv"), peel::Error);
}

TEST(FilmsInC, NullIsAcceptedEverywhere) {
  EXPECT_EQ(peel_video_result_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_video_frames_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_video_info_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_video_frames_next(nullptr, nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(peel_video_result_frames(nullptr), 0);
  peel_video_result_free(nullptr);
  peel_video_frames_free(nullptr);
  peel_video_info_free(nullptr);
  peel_video_result* const result = peel_video(nullptr, "a", "b", nullptr);
  EXPECT_EQ(peel_video_result_status(result), PEEL_INVALID_ARGUMENT);
  EXPECT_STRNE(peel_video_result_error(result), "");
  peel_video_result_free(result);
}

}  // namespace
