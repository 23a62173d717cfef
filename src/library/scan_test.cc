#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/codec/encode.h"
#include "src/image/image.h"
#include "src/library/file_identity.h"
#include "src/library/known_files.h"
#include "src/library/scan_lock.h"
#include "src/library/scan_pixels.h"
#include "src/library/scan_roots.h"
#include "src/library/store/store.h"
#include "src/library/taken_time.h"

namespace peel::library {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> Picture(int width, int height, int channels, Format format) {
  ImageU8 image = *ImageU8::Allocate(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.row(y)[x * channels + c] = static_cast<uint8_t>(
            c == 3 ? 0 : x * 255 / width * (c == 0) + y * 255 / height * (c == 1));
      }
    }
  }
  EncodeOptions options;
  options.format = format;
  return *Encode(std::as_const(image).view(), options);
}

TEST(ScanPixels, LongSideIsFrom500To999) {
  for (const auto& [width, height, wanted] : {std::tuple{1600, 1200, 800},
                                              {4000, 3000, 500},
                                              {3000, 4000, 500},
                                              {998, 10, 998},
                                              {1000, 700, 500},
                                              {40, 30, 40},
                                              {1, 1, 1}}) {
    for (const Format format : {Format::kJpeg, Format::kPng}) {
      const auto pixels = DecodeForScan(Picture(width, height, 3, format), {});
      ASSERT_TRUE(pixels.ok()) << pixels.status().message();
      EXPECT_NEAR(std::max(pixels->rgb.width(), pixels->rgb.height()), wanted, 1)
          << width << " " << height << " " << FormatName(format);
      EXPECT_EQ(pixels->rgb.channels(), 3);
    }
  }
}

TEST(ScanPixels, TransparencyIsWhite) {
  const auto pixels = DecodeForScan(Picture(20, 20, 4, Format::kPng), {});
  ASSERT_TRUE(pixels.ok()) << pixels.status().message();
  EXPECT_EQ(pixels->rgb.row(10)[30], 255);
}

TEST(ScanPixels, LimitsHold) {
  ScanDecoding options;
  options.limits.max_pixels = 100;
  EXPECT_EQ(DecodeForScan(Picture(20, 20, 3, Format::kPng), options).status().code(),
            StatusCode::kLimit);
  options = {};
  options.limits.max_bytes = 10;
  EXPECT_EQ(DecodeForScan(Picture(20, 20, 3, Format::kPng), options).status().code(),
            StatusCode::kLimit);
}

TEST(ScanPixels, ThumbnailsAreSmallJpegs) {
  const auto pixels = DecodeForScan(Picture(1600, 1200, 3, Format::kJpeg), {});
  const auto thumbnail = MakeThumbnail(std::as_const(pixels->rgb).view());
  ASSERT_TRUE(thumbnail.ok());
  const auto info = Probe(*thumbnail);
  EXPECT_EQ(info->format, Format::kJpeg);
  EXPECT_EQ(info->width, kThumbnailSide);
  EXPECT_EQ(info->height, 192);
}

TEST(EdgeHash, SeesBothEndsAndTheWholeOfSmallFiles) {
  const TestFolder folder;
  const auto hash_of = [&](const std::string& content) {
    const std::string path = folder / "file";
    std::ofstream(path, std::ios::binary) << content;
    return *EdgeHash(**SourceFile::Open(path));
  };
  std::string large(300'000, 'x');
  const uint64_t before = hash_of(large);
  large[150'000] = 'y';
  EXPECT_EQ(hash_of(large), before);  // the middle is not looked at
  large[299'999] = 'y';
  EXPECT_NE(hash_of(large), before);
  std::string small(100'000, 'x');
  const uint64_t small_before = hash_of(small);
  small[50'000] = 'y';
  EXPECT_NE(hash_of(small), small_before);
  EXPECT_EQ(hash_of(""), hash_of(""));
}

TEST(HashText, ThereAndBack) {
  EXPECT_EQ(HashText(0xab), "00000000000000ab");
  EXPECT_EQ(HashOfText("00000000000000ab"), 0xabU);
  EXPECT_FALSE(HashOfText(""));
  EXPECT_FALSE(HashOfText("0000000000000xab"));
  EXPECT_FALSE(HashOfText("00000000000000ab0"));
}

TEST(TakenTime, IsTheCamerasClock) {
  EXPECT_EQ(TakenMilliseconds("1970-01-02T00:00:01"), 86'401'000);
  EXPECT_EQ(TakenMilliseconds("2024-02-29T12:30:05.25"), 1'709'209'805'250);
  EXPECT_EQ(TakenMilliseconds("0001-01-01T00:00:00"), -62'135'596'800'000);
  for (const char* bad : {"", "2024-05-01", "2024-13-01T00:00:00", "2024-05-00T00:00:00",
                          "2024-05-01T24:00:00", "2024:05:01T00:00:00", "2024-05-01T00:00:0",
                          "2024-05-01T00:00:00.x", "-024-05-01T00:00:00"}) {
    EXPECT_FALSE(TakenMilliseconds(bad)) << bad;
  }
}

TEST(ScanLock, KeepsASecondScanAway) {
  const TestFolder folder;
  const std::string database = folder / "l.db";
  {
    const auto first = ScanLock::Take(database);
    ASSERT_TRUE(first.ok()) << first.status().message();
    const auto second = ScanLock::Take(database);
    EXPECT_EQ(second.status().code(), StatusCode::kIo);
    EXPECT_THAT(second.status().message(), HasSubstr("another scan"));
  }
  EXPECT_TRUE(ScanLock::Take(database).ok());
  EXPECT_FALSE(std::ifstream(database + ".lock").is_open());
}

TEST(ScanRoots, AreOneNameForOneFolder) {
  const TestFolder folder;
  const ScanRoots roots = FindRoots({folder / ".", (folder / "") + "/.", folder / "no"});
  ASSERT_EQ(roots.names.size(), 1U);
  EXPECT_TRUE(roots.Contain(roots.names[0] + "/a.jpg"));
  EXPECT_TRUE(roots.Contain(roots.names[0]));
  EXPECT_FALSE(roots.Contain(roots.names[0] + "b/a.jpg"));
  ASSERT_EQ(roots.errors.size(), 1U);
  EXPECT_EQ(roots.errors[0].status.code(), StatusCode::kNotFound);
}

TEST(KnownFiles, FindsRowsByTheNamesBytes) {
  const TestFolder folder;
  auto store = Store::Open(folder / "l.db", Database::Mode::kCreate);
  ASSERT_TRUE(store.ok()) << store.status().message();
  PhotoRecord record;
  record.file.path = "/caf\xe9.jpg";
  record.file.size = 5;
  record.file.edge_hash = HashText(9);
  record.file.models = "{}";
  record.metadata.emplace();
  const int64_t id = *store->Write(record);
  auto known = KnownFiles::Load(*store, "{}");
  ASSERT_TRUE(known.ok());
  KnownFiles::Entry* const entry = known->Find("/caf\xe9.jpg");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->id, id);
  EXPECT_EQ(entry->size, 5U);
  EXPECT_EQ(entry->edge, 9U);
  EXPECT_EQ(entry->phases, kPhaseMetadata);
  EXPECT_FALSE(entry->other_models);
  EXPECT_EQ(known->Find("/caf\\xE9.jpg"), nullptr);
  EXPECT_TRUE(KnownFiles::Load(*store, "other")->Find("/caf\xe9.jpg")->other_models);
  EXPECT_EQ((*FindKnown(*store, "/caf\xe9.jpg", ""))->id, id);
  EXPECT_FALSE(*FindKnown(*store, "/none", ""));
}

}  // namespace
}  // namespace peel::library
