#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "src/base/os/test_folder.h"
#include "src/library/metadata/photo_metadata.h"
#include "src/library/metadata/test_photo.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

Bytes RichJpeg() {
  TestDirectory first(true), exif(true), gps(true);
  first.Text(0x010F, "Maker").Text(0x010E, "A description of some length");
  exif.Rational(0x829A, {{1, 250}}).Text(0x9003, "2024:05:01 12:30:05");
  gps.Text(1, "N").Rational(2, {{33, 1}, {51, 1}, {306, 10}}).Text(3, "E");
  gps.Rational(4, {{70, 1}, {30, 1}, {0, 1}});
  return TestJpeg({ExifSegment(TestTiff(true, first, &exif, &gps)),
                   XmpSegment(TestXmp("xmp:Rating='3'", "<dc:title>x</dc:title>"))});
}

// Cut off anywhere and with any byte turned over, a file is read or refused, and never more.
TEST(PhotoDamageTest, AnyCutAndAnyByte) {
  Bytes tiff =
      TestTiff(false, TestDirectory(false).Long(0x100, 5).Long(0x101, 4).Text(0x10F, "Maker"));
  for (const Bytes& whole : {RichJpeg(), tiff}) {
    ASSERT_TRUE(ReadBytes(whole).ok());
    for (size_t size = 0; size < whole.size(); ++size) {
      const auto photo = ReadBytes(std::span(whole).first(size));
      if (photo.ok()) continue;
      EXPECT_TRUE(photo.status().code() == StatusCode::kCorrupt ||
                  photo.status().code() == StatusCode::kUnsupported);
      EXPECT_FALSE(photo.status().message().empty());
    }
    for (size_t at = 0; at < whole.size(); ++at) {
      Bytes damaged = whole;
      for (const uint8_t value :
           {uint8_t{0}, uint8_t{0xFF}, static_cast<uint8_t>(whole[at] ^ 0x80)}) {
        damaged[at] = value;
        const auto photo = ReadBytes(damaged);
        if (photo.ok()) EXPECT_GT(photo->width, 0);
      }
    }
  }
}

TEST(PhotoDamageTest, DirectoriesInACircle) {
  // The first directory is its own EXIF directory and the one behind itself.
  TestDirectory first(true);
  first.Long(0x100, 5).Long(0x101, 4).Text(0x10F, "Maker").Long(0x8769, 8);
  Bytes tiff = FromText("II*\0\x08\0\0\0"sv);
  Append(&tiff, first.At(8, 8));
  const auto photo = ReadBytes(tiff);
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->make, "Maker");
  EXPECT_NE(photo->warning.find("circle"), std::string::npos);
}

TEST(PhotoDamageTest, SizesBeyondAllBounds) {
  // 65,535 entries, a text of 4 GB, numbers whose size overflows.
  Bytes many = FromText("II*\0\x08\0\0\0\xFF\xFF"sv);
  many.resize(200);
  EXPECT_FALSE(ReadBytes(many).ok());
  TestDirectory first(true);
  first.Raw(0x10F, 2, 0xFFFFFFFF, {1, 0, 0, 0}).Raw(0x829A, 5, 0xFFFFFFFF, {1, 0, 0, 0});
  first.Text(0x110, "Model");
  const auto photo = ReadBytes(TestJpeg({ExifSegment(TestTiff(true, first))}));
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->make, "");
  EXPECT_EQ(photo->model, "Model");
  EXPECT_NE(photo->warning, "");
}

TEST(PhotoDamageTest, WorkIsBounded) {
  // A million boxes, and PNG chunks without end.
  Bytes boxes = FromText(
      "\0\0\0\x10"
      "ftypheic\0\0\0\0"sv);
  for (int i = 0; i < 1000000; ++i)
    Append(&boxes,
           "\0\0\0\x08"
           "free"sv);
  const auto heic = ReadBytes(boxes);
  EXPECT_EQ(heic.status().code(), StatusCode::kCorrupt);
  HeaderReader reader(boxes);
  EXPECT_FALSE(ReadHeaders(&reader).ok());
  EXPECT_NE(reader.warning().find("any camera's"), std::string::npos) << reader.warning();
  std::string png("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\0\0\0\0", 33);
  for (int i = 0; i < 300000; ++i) png.append("\0\0\0\0teSt\0\0\0\0", 12);
  const TestFolder folder;
  const auto file = SourceFile::Open(folder.Put("many.png", png));
  ASSERT_TRUE(file.ok());
  const auto photo = ReadPhotoMetadata(**file);
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->width, 1);
  EXPECT_NE(photo->warning, "");
}

TEST(PhotoDamageTest, WhatIsNoPictureIsToldApart) {
  EXPECT_EQ(ReadBytes({}).status().code(), StatusCode::kCorrupt);
  for (const std::string_view text :
       {"hello, world"sv, "%PDF-1.7"sv, "<svg></svg>"sv, "PK\3\4..."sv}) {
    const auto photo = ReadBytes(FromText(text));
    EXPECT_EQ(photo.status().code(), StatusCode::kUnsupported) << text;
  }
  EXPECT_EQ(ReadBytes(FromText("\xFF\xD8\xFF\xE0"sv)).status().code(), StatusCode::kCorrupt);
}

TEST(PhotoDamageTest, ASideOfNothingIsCorrupt) {
  const Bytes frame = {8, 0, 0, 2, 128, 1, 1, 0x11, 0};
  Bytes jpeg = {0xFF, 0xD8};
  Append(&jpeg, Segment(0xC0, "", frame));
  Append(&jpeg, Segment(0xDA, "", Bytes{1, 1, 0, 0, 63, 0}));
  EXPECT_EQ(ReadBytes(jpeg).status().code(), StatusCode::kCorrupt);
  EXPECT_TRUE(ReadBytes(TestJpeg({})).ok());
}

TEST(PhotoDamageTest, AFileThatChangesIsAnIoError) {
  const TestFolder folder;
  const Bytes jpeg = RichJpeg();
  const std::string path = folder.Put("a.jpg", {jpeg.begin(), jpeg.end()});
  const auto file = SourceFile::Open(path);
  ASSERT_TRUE(file.ok());
  folder.Put("a.jpg", "gone");
  EXPECT_EQ(ReadPhotoMetadata(**file).status().code(), StatusCode::kIo);
}

TEST(PhotoDamageTest, JunkBetweenSegmentsIsPassedOver) {
  Bytes jpeg = {0xFF, 0xD8, 1, 2, 3, 0xFF, 0xFF};
  const Bytes rest = RichJpeg();
  jpeg.insert(jpeg.begin() + 2, {0xFF, 0xE3, 0, 2});
  jpeg.insert(jpeg.end(), rest.begin() + 3, rest.end());
  const auto photo = ReadBytes(jpeg);
  ASSERT_TRUE(photo.ok()) << photo.status().message();
  EXPECT_EQ(photo->make, "Maker");
}

}  // namespace
}  // namespace peel::library
