#include "src/pipeline/cut/cut_animation.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/decode.h"

namespace peel {
namespace {

constexpr int kWidth = 40, kHeight = 30;

// Frames whose first red value is their number.
class Frames final : public FrameReader {
 public:
  Frames(int count, int broken) : count_(count), broken_(broken) {}
  int count() const override { return count_; }
  Result<Picture> Next() override {
    if (at_ == broken_) return Corrupt("the test is damaged");
    Picture picture;
    ImageU8 image = *ImageU8::Allocate(kWidth, kHeight, 3);
    for (int y = 0; y < kHeight; ++y) std::memset(image.row(y), at_, 3 * kWidth);
    picture.pixels = std::move(image);
    picture.stored_width = kWidth;
    picture.stored_height = kHeight;
    picture.frames = count_;
    picture.delay_us = 10'000u * static_cast<uint32_t>(++at_);
    picture.plays = 3;
    return picture;
  }

 private:
  const int count_, broken_;
  int at_ = 0;
};

// Frame n has its subject at (2n, 3), 4 x 5 pixels; those of `empty` have none.
struct Source {
  int count = 4, broken = -1, empty = -1;
  ThreadPool pool{2};
  std::vector<std::optional<Box>> crops{};

  AnimationSource Make() {
    AnimationSource source;
    source.open = [this]() -> Result<std::unique_ptr<FrameReader>> {
      return std::unique_ptr<FrameReader>(std::make_unique<Frames>(count, broken));
    };
    source.cut = [this](Picture& picture, const CutOptions& options,
                        StageTimes& times) -> Result<Cut> {
      const int frame = picture.u8()->row(0)[0];
      crops.push_back(options.frame.crop_box);
      times.emplace_back("network", 2);
      PEEL_RETURN_IF_ERROR(EnterStage("network", 0.5, options.control));
      Cut cut;
      cut.has_subject = frame != empty;
      cut.subject_score = 0.5 + 0.1 * frame;
      cut.coverage = cut.has_subject ? 0.25 : 0;
      cut.warning = "said of every frame";
      const Box subject = {2 * frame, 3, 4, 5};
      Box box = {0, 0, kWidth, kHeight};
      if (options.frame.crop_box) {
        box = *options.frame.crop_box;
      } else if (options.frame.crop_margin && cut.has_subject) {
        box = subject;
      }
      cut.x = box.x;
      cut.y = box.y;
      cut.pixels = *ImageU8::Allocate(box.width, box.height, options.compose.mask_only ? 1 : 4);
      for (int y = 0; y < box.height; ++y) {
        std::memset(cut.pixels.row(y), 0,
                    static_cast<size_t>(box.width) * static_cast<size_t>(cut.pixels.channels()));
        for (int x = 0; x < box.width && !options.compose.mask_only; ++x) {
          const int at_x = x + box.x - subject.x, at_y = y + box.y - subject.y;
          const bool inside = at_x >= 0 && at_x < 4 && at_y >= 0 && at_y < 5 && cut.has_subject;
          if (inside) std::memset(cut.pixels.row(y) + 4 * x, 255, 4);
        }
      }
      return cut;
    };
    source.pool = &pool;
    return source;
  }
};

std::vector<Picture> Shown(const std::vector<uint8_t>& file) {
  std::vector<Picture> pictures;
  const auto frames = OpenFrames(file);
  EXPECT_TRUE(frames.ok()) << frames.status().message();
  for (int i = 0; frames.ok() && i < (*frames)->count(); ++i) {
    auto picture = (*frames)->Next();
    EXPECT_TRUE(picture.ok()) << picture.status().message();
    if (picture.ok()) pictures.push_back(*std::move(picture));
  }
  return pictures;
}

TEST(CutAnimation, FramesAreTakenTogether) {
  Source source;
  source.empty = 1;
  const auto cut =
      CutAnimation(source.Make(), {.encode = {.format = Format::kWebp, .lossless = true}});
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->info.frames, 4);
  EXPECT_TRUE(cut->info.has_subject);
  EXPECT_DOUBLE_EQ(cut->info.subject_score, 0.8);
  EXPECT_DOUBLE_EQ(cut->info.coverage, 0.25 * 3 / 4);
  EXPECT_EQ(cut->info.warning,
            "said of every frame. no subject found in 1 of 4 frames, which are empty");
  double network = 0;
  for (const auto& [stage, milliseconds] : cut->info.times) {
    if (stage == "network") network += milliseconds;
  }
  EXPECT_EQ(network, 8);
  const auto pictures = Shown(cut->bytes);
  ASSERT_EQ(pictures.size(), 4u);
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(pictures[i].delay_us, 10'000 * (i + 1));
    EXPECT_EQ(pictures[i].plays, 3u);
    const uint8_t* row = pictures[i].u8()->row(3);
    EXPECT_EQ(row[4 * (2 * i) + 3], i == 1 ? 0 : 255);
    if (i > 0) {
      EXPECT_EQ(row[3], 0) << "the frame before is still there";
    }
  }
}

TEST(CutAnimation, ACropIsAroundAllSubjects) {
  Source source;
  const auto cut = CutAnimation(source.Make(), {.frame = {.crop_margin = Length(2)}});
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  ASSERT_EQ(source.crops.size(), 8u);  // twice
  // Subjects from x 0 to 10, y 3 to 8; to the left there is no room.
  const Box want = {0, 1, 12, 9};
  EXPECT_FALSE(source.crops[3]);
  for (size_t i = 4; i < 8; ++i) EXPECT_EQ(source.crops[i], want);
  EXPECT_EQ(cut->width, 12);
  EXPECT_EQ(cut->height, 9);
  EXPECT_EQ(cut->info.y, 1);
}

TEST(CutAnimation, WhatIsBrokenEndsIt) {
  Source source;
  source.broken = 2;
  const auto cut = CutAnimation(source.Make(), {});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(Shown(cut->bytes).size(), 2u);
  EXPECT_NE(cut->info.warning.find("before frame 3 of 4: the test is damaged"), std::string::npos);
  source.broken = 0;
  const auto none = CutAnimation(source.Make(), {});
  EXPECT_EQ(none.status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(none.status().message(), "frame 1 of 4: the test is damaged");
}

TEST(CutAnimation, ProgressGrowsAndStops) {
  for (const bool crop : {false, true}) {
    Source source;
    CutOptions options;
    if (crop) options.frame.crop_margin = Length(0);
    double last = 0;
    int calls = 0;
    options.control.progress = [&](const char*, double fraction) {
      EXPECT_GE(fraction, last);
      EXPECT_LE(fraction, 1);
      last = fraction;
      ++calls;
      return true;
    };
    EXPECT_TRUE(CutAnimation(source.Make(), options).ok());
    EXPECT_EQ(last, 1);
    EXPECT_GE(calls, 9);
    options.control.progress = [&](const char*, double fraction) { return fraction < 0.4; };
    EXPECT_EQ(CutAnimation(source.Make(), options).status().code(), StatusCode::kCancelled);
  }
  Source source;
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(CutAnimation(source.Make(), {.control = {.cancel = &cancel}}).status().code(),
            StatusCode::kCancelled);
  EXPECT_EQ(CutAnimation(source.Make(), {.control = {.stop = &cancel}}).status().code(),
            StatusCode::kCancelled);
}

}  // namespace
}  // namespace peel
