#include "src/pipeline/cut/background.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "src/base/os/test_folder.h"
#include "src/codec/encode.h"

namespace peel {
namespace {

using testing::HasSubstr;

ImageU8 Filled(int width, int height, std::vector<uint8_t> pixel) {
  ImageU8 image = *ImageU8::Allocate(width, height, static_cast<int>(pixel.size()));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::memcpy(image.row(y) + x * pixel.size(), pixel.data(), pixel.size());
    }
  }
  return image;
}

std::vector<int> PixelAt(const Result<ImageU8>& image, int x, int y) {
  if (!image.ok()) return {};
  const uint8_t* p = image.value().row(y) + x * image.value().channels();
  return {p, p + image.value().channels()};
}

TEST(Background, ParsesWhatTheOptionTakes) {
  EXPECT_TRUE(Background::Parse("").value().is_none());
  EXPECT_EQ(Background::Parse("white").value().kind(), Background::Kind::kColour);
  EXPECT_EQ(Background::Parse("rgb(1 2 3)").value().colour(), (Rgba{1, 2, 3, 255}));
  EXPECT_EQ(Background::Parse("blur").value().kind(), Background::Kind::kBlur);
  EXPECT_EQ(Background::Parse("blur:7.5").value().kind(), Background::Kind::kBlur);
  for (const char* bad :
       {"blur:", "blur:x", "blur:-1", "blur:5px", "blur:nan", "blur:99999", "blurry"}) {
    EXPECT_EQ(Background::Parse(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
  const TestFolder folder;
  const auto bad = Background::Parse(folder.Put("notes.txt", "no picture"));
  EXPECT_THAT(bad.status().message(), HasSubstr("notes.txt"));
}

TEST(Background, ColourStandsBehind) {
  ThreadPool pool(2);
  const ImageU8 clear = Filled(20, 10, {9, 9, 9, 0}), solid = Filled(20, 10, {9, 8, 7, 255});
  const ImageU8 unused;
  const Background red = Background::Colour({255, 0, 0, 255});
  EXPECT_EQ(PixelAt(red.Apply(clear.view(), unused.view(), &pool), 3, 3), (std::vector{255, 0, 0}));
  EXPECT_EQ(PixelAt(red.Apply(solid.view(), unused.view(), &pool), 3, 3), (std::vector{9, 8, 7}));
  const Background faint = Background::Colour({255, 0, 0, 100});
  EXPECT_EQ(PixelAt(faint.Apply(clear.view(), unused.view(), &pool), 3, 3),
            (std::vector{255, 0, 0, 100}));
}

TEST(Background, PictureCoversAndItsMiddleIsTaken) {
  const TestFolder folder;
  ImageU8 back = Filled(40, 400, {255, 255, 0});
  for (int y = 100; y < 300; ++y) {
    for (int x = 0; x < 40; ++x) std::memcpy(back.row(y) + x * 3, "\x00\x00\xff", 3);
  }
  const auto png = Encode(std::as_const(back).view(), EncodeOptions{});
  const std::string path =
      folder.Put("back.png", std::string(png.value().begin(), png.value().end()));
  const auto background = Background::Parse(path);
  ASSERT_TRUE(background.ok()) << background.status().message();
  ThreadPool pool(2);
  const ImageU8 clear = Filled(80, 60, {0, 0, 0, 0}), unused;
  const auto applied = background.value().Apply(clear.view(), unused.view(), &pool);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied.value().channels(), 3);
  for (const auto& [x, y] : {std::pair{0, 0}, {79, 0}, {0, 59}, {79, 59}, {40, 30}}) {
    EXPECT_EQ(PixelAt(applied, x, y), (std::vector{0, 0, 255}));
  }
  // All of it shows: a strip of 6 x 60 in the middle, nothing beside it.
  Background contained = background.value();
  contained.set_fit(Background::Fit::kContain);
  const auto strip = contained.Apply(clear.view(), unused.view(), &pool);
  EXPECT_EQ(PixelAt(strip, 40, 2), (std::vector{255, 255, 0, 255}));
  EXPECT_EQ(PixelAt(strip, 40, 30), (std::vector{0, 0, 255, 255}));
  EXPECT_EQ(PixelAt(strip, 30, 30)[3], 0);
}

// What is cut out must not glow into what stands behind it.
TEST(Background, BlurLeavesTheSubjectOut) {
  ThreadPool pool(2);
  for (const char* text : {"blur:2", "blur:20", "blur"}) {
    ImageU8 photo = Filled(120, 120, {20, 200, 20});
    ImageU8 cut = Filled(120, 120, {0, 0, 0, 0});
    for (int y = 40; y < 80; ++y) {
      for (int x = 40; x < 80; ++x) {
        std::memcpy(photo.row(y) + x * 3, "\xff\x00\x00", 3);
        std::memcpy(cut.row(y) + x * 4, "\xff\x00\x00\xff", 4);
      }
    }
    ImageU8 alpha = Filled(120, 120, {0});
    for (int y = 40; y < 80; ++y) std::memset(alpha.row(y) + 40, 255, 40);
    const Background blur = Background::Parse(text).value();
    const auto back = blur.Blurred(std::as_const(photo).view(), std::as_const(alpha).view(), &pool);
    ASSERT_TRUE(back.ok());
    // Nor into itself: also where the subject hides it, it looks like its surroundings.
    EXPECT_NEAR(PixelAt(back, 60, 60)[0], 20, 6) << text;
    EXPECT_NEAR(PixelAt(back, 60, 60)[1], 200, 6) << text;
    const auto applied = blur.Apply(std::as_const(cut).view(), std::as_const(*back).view(), &pool);
    ASSERT_TRUE(applied.ok());
    EXPECT_EQ(PixelAt(applied, 60, 60), (std::vector{255, 0, 0}));
    for (const int x : {38, 30, 3}) {
      const std::vector<int> pixel = PixelAt(applied, x, 60);
      EXPECT_NEAR(pixel[0], 20, 6) << text << " at " << x;
      EXPECT_NEAR(pixel[1], 200, 6) << text << " at " << x;
    }
  }
}

}  // namespace
}  // namespace peel
