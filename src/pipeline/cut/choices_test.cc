// What the options make of a picture and a matte that is given, so that every pixel is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/image/geometry.h"
#include "src/image/test_pixels.h"
#include "src/pipeline/cut/cutter.h"

namespace peel {
namespace {

using ::testing::HasSubstr;

constexpr int kWidth = 120, kHeight = 80;
constexpr Box kSubject = {30, 20, 40, 24};

ImageU8 Photo() {
  ImageU8 photo = *ImageU8::Allocate(kWidth, kHeight, 3);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      uint8_t* p = photo.row(y) + 3 * x;
      p[0] = static_cast<uint8_t>(2 * x);
      p[1] = static_cast<uint8_t>(3 * y);
      p[2] = 99;
    }
  }
  return photo;
}

std::shared_ptr<const ImageU8> GivenBox(Box box, int width = kWidth, int height = kHeight) {
  ImageU8 matte = *ImageU8::Allocate(width, height, 1);
  for (int y = 0; y < height; ++y) {
    std::fill_n(matte.row(y), width, uint8_t{0});
    if (y >= box.y && y < box.y + box.height) std::fill_n(matte.row(y) + box.x, box.width, 255);
  }
  return std::make_shared<const ImageU8>(std::move(matte));
}

CutOptions WithSubject() {
  CutOptions options;
  options.matte.given = GivenBox(kSubject);
  return options;
}

std::optional<Box> BoxOfAlpha(const ImageU8& cut) {
  ImageU8 alpha = *ImageU8::Allocate(cut.width(), cut.height(), 1);
  for (int y = 0; y < cut.height(); ++y) {
    for (int x = 0; x < cut.width(); ++x) alpha.row(y)[x] = cut.row(y)[4 * x + 3];
  }
  return BoundingBox(std::as_const(alpha).view(), 8);
}

class ChoicesTest : public ::testing::Test {
 protected:
  // A model that is not there: whoever asks for it fails.
  static void SetUpTestSuite() {
    no_model_ = Cutter::Start({.model = "/nowhere/none.onnx", .threads = 2}).release();
    cutter_ = Cutter::Start({.threads = 2}).release();
  }
  static void TearDownTestSuite() {
    delete no_model_;
    delete cutter_;
    no_model_ = cutter_ = nullptr;
  }
  static Cutter* no_model_;
  static Cutter* cutter_;
};
Cutter* ChoicesTest::no_model_ = nullptr;
Cutter* ChoicesTest::cutter_ = nullptr;

TEST_F(ChoicesTest, AGivenMatteIsTakenForPixelsAndFilesWithoutAModel) {
  const ImageU8 photo = Photo();
  const auto cut = no_model_->CutPixels(photo.view(), WithSubject());
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(BoxOfAlpha(cut->pixels), kSubject);
  EXPECT_EQ(cut->subject, kSubject);
  EXPECT_TRUE(cut->has_subject);
  const auto png = Encode(photo.view(), EncodeOptions{});
  const auto file = no_model_->CutBytes(*png, WithSubject());
  ASSERT_TRUE(file.ok()) << file.status().message();
  const auto decoded = Decode(file->bytes);
  EXPECT_EQ(testing::Crc(*decoded->u8()), testing::Crc(cut->pixels));
  EXPECT_FALSE(no_model_->CutBytes(*png, {}).ok());
  // Of half the size it is enlarged.
  CutOptions half;
  half.matte.given = GivenBox({15, 10, 20, 12}, 60, 40);
  const auto enlarged = no_model_->CutPixels(photo.view(), half);
  ASSERT_TRUE(enlarged.ok());
  EXPECT_EQ(enlarged->pixels.row(30)[4 * 50 + 3], 255);
  EXPECT_EQ(enlarged->pixels.row(70)[4 * 100 + 3], 0);
}

TEST_F(ChoicesTest, TheMatteComesBesideTheResultAndGoesBackIn) {
  CutOptions options = WithSubject();
  options.compose.keep_matte = true;
  options.frame.crop_margin = Length(2);
  const auto png = Encode(Photo().view(), EncodeOptions{});
  const auto file = no_model_->CutBytes(*png, options);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->width, kSubject.width + 4);
  ASSERT_EQ(file->matte.width(), kWidth);
  EXPECT_EQ(testing::Crc(file->matte), testing::Crc(*options.matte.given));
  options.compose.keep_matte = false;
  EXPECT_TRUE(no_model_->CutBytes(*png, options)->matte.empty());
}

TEST_F(ChoicesTest, OutputPixelsScaleAndTheFullSizeIsTold) {
  CutOptions options = WithSubject();
  options.decode.output_pixels = 2400;  // a quarter
  auto cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->pixels.width(), 60);
  EXPECT_EQ(cut->pixels.height(), 40);
  EXPECT_EQ(cut->full_width, kWidth);
  EXPECT_EQ(cut->full_height, kHeight);
  options.frame.crop_margin = Length(0);
  cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  EXPECT_NEAR(cut->full_width, kSubject.width, 4);
  EXPECT_NEAR(cut->full_height, kSubject.height, 4);
  options.decode.max_size = 30;  // less still
  cut = no_model_->CutPixels(Photo().view(), options);
  EXPECT_LE(cut->pixels.width(), 12);
  for (const uint64_t most : {1u, 7u, 100u, 9599u, 9600u, 100000u}) {
    CutOptions whole = WithSubject();
    whole.decode.output_pixels = most;
    const auto scaled = no_model_->CutPixels(Photo().view(), whole);
    ASSERT_TRUE(scaled.ok()) << most;
    const int64_t pixels = int64_t{scaled->pixels.width()} * scaled->pixels.height();
    EXPECT_LE(pixels, static_cast<int64_t>(most));
    if (most >= 9600) {
      EXPECT_EQ(pixels, 9600);
    }
  }
}

// A JPEG is decoded smaller by its decoder; the size told is the file's.
TEST_F(ChoicesTest, OutputPixelsOfAJpeg) {
  EncodeOptions jpeg;
  jpeg.format = Format::kJpeg;
  ImageU8 large = *ImageU8::Allocate(1200, 800, 3);
  for (int y = 0; y < 800; ++y) std::fill_n(large.row(y), 3600, uint8_t{128});
  const auto bytes = Encode(std::as_const(large).view(), jpeg);
  CutOptions options = WithSubject();
  options.decode.output_pixels = 9600;
  const auto cut = no_model_->CutBytes(*bytes, options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->width, 120);
  EXPECT_EQ(cut->info.full_width, 1200);
  EXPECT_EQ(cut->info.full_height, 800);
  EXPECT_EQ(cut->info.subject, kSubject);
}

TEST_F(ChoicesTest, EverySideHasItsMargin) {
  CutOptions options = WithSubject();
  options.frame.crop_margin = Margins(1, Length::Percent(10), 3, 1000);
  const auto cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->x, 0);
  EXPECT_EQ(cut->y, 19);
  EXPECT_EQ(cut->pixels.width(), 74);
  EXPECT_EQ(cut->pixels.height(), 28);
  EXPECT_EQ(cut->subject, (Box{30, 1, 40, 24}));
  EXPECT_EQ(BoxOfAlpha(cut->pixels), cut->subject);
}

TEST_F(ChoicesTest, TheSubjectIsScaledOnTheCanvas) {
  CutOptions options = WithSubject();
  options.frame.scale = 0.5;  // 60 x 40: 40 x 24 becomes 60 x 36
  auto cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->pixels.width(), kWidth);
  ASSERT_EQ(cut->pixels.height(), kHeight);
  EXPECT_EQ(cut->subject, (Box{30, 22, 60, 36}));
  EXPECT_EQ(BoxOfAlpha(cut->pixels), cut->subject);
  options.frame.scale = 0;
  options.frame.position = *ParsePosition("original");
  cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->subject, kSubject);
  const auto plain = no_model_->CutPixels(Photo().view(), WithSubject());
  EXPECT_EQ(testing::Crc(cut->pixels), testing::Crc(plain->pixels));
  options.frame.canvas = Size{240, 160};
  cut = no_model_->CutPixels(Photo().view(), options);
  EXPECT_EQ(cut->pixels.width(), 240);
  EXPECT_EQ(cut->subject, (Box{60, 40, 80, 48}));
  options.compose.mask_only = true;
  cut = no_model_->CutPixels(Photo().view(), options);
  EXPECT_EQ(BoundingBox(std::as_const(cut->pixels).view(), 128), (Box{60, 40, 80, 48}));
}

TEST_F(ChoicesTest, ABlurredBackgroundShowsAllOfThePictureBehindAScaledSubject) {
  CutOptions options = WithSubject();
  options.frame.scale = 0;
  options.frame.position = *ParsePosition("bottom-right");
  options.compose.background = *Background::Parse("blur:0");
  const auto cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->pixels.channels(), 3);
  // Far from where the subject was and is, the picture itself.
  EXPECT_EQ(cut->pixels.row(5)[3 * 100], 200);
  EXPECT_EQ(cut->subject, (Box{80, 56, 40, 24}));
}

TEST_F(ChoicesTest, ARegionIsAllThatTheModelSees) {
  // Two discs; the model alone finds both.
  ImageU8 photo = *ImageU8::Allocate(320, 160, 3);
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 320; ++x) {
      const bool disc = std::hypot(x - 80, y - 80) < 50 || std::hypot(x - 240, y - 80) < 50;
      const std::array<uint8_t, 3> colour =
          disc ? std::array<uint8_t, 3>{235, 60, 45} : std::array<uint8_t, 3>{90, 150, 100};
      std::copy_n(colour.data(), 3, photo.row(y) + 3 * x);
    }
  }
  CutOptions options;
  options.compose.mask_only = true;
  options.matte.roi = *ParseRegion("0,0,50%,100%");
  const auto cut = cutter_->CutPixels(photo.view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_GT(cut->pixels.row(80)[80], 200);
  for (int y = 0; y < 160; ++y) {
    for (int x = 160; x < 320; ++x) ASSERT_EQ(cut->pixels.row(y)[x], 0);
  }
  // The same as of the part alone.
  const ImageU8 part = *Clone(Crop(std::as_const(photo).view(), {0, 0, 160, 160}));
  options.matte.roi.reset();
  const auto alone = cutter_->CutPixels(part.view(), options);
  for (int y = 0; y < 160; ++y) {
    ASSERT_TRUE(std::equal(alone->pixels.row(y), alone->pixels.row(y) + 160, cut->pixels.row(y)));
  }
  EXPECT_NEAR(cut->coverage, alone->coverage / 2, 1e-4);
  options.matte.roi = *ParseRegion("10,10,10,20");
  EXPECT_THAT(cutter_->CutPixels(photo.view(), options).status().message(),
              HasSubstr("region of interest"));
}

TEST_F(ChoicesTest, SolidMattesDoNotShineThrough) {
  ImageU8 glass = *Clone(GivenBox(kSubject)->view());
  for (int y = 25; y < 39; ++y) std::fill_n(glass.row(y) + 40, 20, uint8_t{160});
  CutOptions options;
  options.matte.given = std::make_shared<const ImageU8>(std::move(glass));
  auto cut = no_model_->CutPixels(Photo().view(), options);
  EXPECT_EQ(cut->pixels.row(32)[4 * 50 + 3], 160);
  options.matte.solid = true;
  cut = no_model_->CutPixels(Photo().view(), options);
  ASSERT_TRUE(cut.ok());
  const auto whole = no_model_->CutPixels(Photo().view(), WithSubject());
  EXPECT_EQ(testing::Crc(cut->pixels), testing::Crc(whole->pixels));
  EXPECT_EQ(cut->coverage, whole->coverage);
}

TEST_F(ChoicesTest, WhatMakesNoSenseIsRefused) {
  const auto refused = [&](const char* why, const auto& set) {
    CutOptions options = WithSubject();
    set(options);
    const auto cut = no_model_->CutPixels(Photo().view(), options);
    ASSERT_EQ(cut.status().code(), StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(cut.status().message(), HasSubstr(why));
  };
  refused("trimap", [](CutOptions& o) { o.matte.trimap = GivenBox(kSubject); });
  refused("matting", [](CutOptions& o) { o.matte.model.edges = Edges::kMatting; });
  refused("work_size", [](CutOptions& o) { o.matte.work_size = 50; });
  refused("rembg", [](CutOptions& o) { o.matte.model.mode = MatteMode::kRembg; });
  refused("scale", [](CutOptions& o) { o.frame.scale = 1.5; });
  refused("original", [](CutOptions& o) { o.frame.position.original = true; });
  refused("hints", [](CutOptions& o) { o.matte.hints = GivenBox(kSubject); });
  refused("channel", [](CutOptions& o) { o.matte.given = std::make_shared<ImageU8>(Photo()); });
}

}  // namespace
}  // namespace peel
