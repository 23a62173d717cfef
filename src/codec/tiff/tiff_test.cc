#include "src/codec/tiff/tiff.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

std::vector<uint8_t> Little(std::initializer_list<int> shorts) {
  std::vector<uint8_t> out;
  for (const int v : shorts) {
    out.push_back(static_cast<uint8_t>(v));
    out.push_back(static_cast<uint8_t>(v >> 8));
  }
  return out;
}

// Maker "Peel!" (which lies behind the table), orientation, and an EXIF directory with the lens's
// maker beside a note whose bytes say where they lie.
std::vector<uint8_t> Block() {
  std::vector<uint8_t> b = Little({0x4949, 42, 8, 0, 3,                  // header; three entries
                                   0x010F, 2,  6, 0, 50, 0,              // maker
                                   0x0112, 3,  1, 0, 1,  0,              // orientation
                                   0x8769, 4,  1, 0, 56, 0, 0, 0});      // EXIF
  b.insert(b.end(), {'P', 'e', 'e', 'l', '!', 0});                       // at 50
  const auto exif = Little({2, 0x927C, 7, 8, 0, 86, 0, 0xA433, 2, 3, 0,  // at 56
                            'H' | 'i' << 8, 0, 0, 0});
  b.insert(b.end(), exif.begin(), exif.end());
  b.insert(b.end(), {'N', 'O', 'T', 'E', 86, 0, 0, 0});  // at 86
  return b;
}

TEST(Tiff, RoundTripsEverySizeAndKind) {
  for (const int channels : {1, 3, 4}) {
    for (const auto& [w, h] : kSizes) {
      ExpectRoundTrip<uint8_t>(Format::kTiff, w, h, channels);
      ExpectRoundTrip<uint16_t>(Format::kTiff, w, h, channels);
    }
  }
}

TEST(Tiff, SameBytesWhateverTheThreads) {
  const ImageU16 image = Noise<uint16_t>(900, 700, 4, 2);  // several strips
  const auto alone = Encode(image.view(), {.format = Format::kTiff});
  ASSERT_TRUE(alone.ok());
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    const auto file = Encode(image.view(), {.format = Format::kTiff, .pool = &pool});
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(*file, *alone);
  }
}

TEST(Tiff, ReducedSamplesAreTheirHighBytes) {
  const ImageU16 image = Noise<uint16_t>(33, 9, 4, 4);
  const auto file = Encode(image.view(), {.format = Format::kTiff});
  ASSERT_TRUE(file.ok());
  const Picture picture = MustDecode(*file, {.reduce_to_8_bits = true});
  ASSERT_NE(picture.u8(), nullptr);
  for (int y = 0; y < 9; ++y) {
    for (int i = 0; i < 33 * 4; ++i) ASSERT_EQ(picture.u8()->row(y)[i], image.row(y)[i] >> 8);
  }
}

TEST(Tiff, KeepsMetadataAndWhereTheNoteLies) {
  Metadata metadata;
  metadata.exif = Block();
  metadata.icc = Profile("RGB ", 3000);
  metadata.xmp = {'<', 'x', '/', '>'};
  const auto file =
      MustEncode(Smooth(20, 30, 3).view(), {.format = Format::kTiff, .metadata = &metadata});
  // The note is found where its own bytes say.
  EXPECT_EQ(std::string(file.begin() + 86, file.begin() + 90), "NOTE");
  const Picture picture = MustDecode(file);
  EXPECT_EQ(picture.metadata.icc, metadata.icc);
  EXPECT_EQ(picture.metadata.xmp, metadata.xmp);
  const std::string exif(picture.metadata.exif.begin(), picture.metadata.exif.end());
  EXPECT_NE(exif.find("Peel!"), std::string::npos);
  EXPECT_NE(exif.find("NOTE"), std::string::npos);
  EXPECT_NE(exif.find("Hi"), std::string::npos);
  // And travels on into another format and back.
  const Metadata out = MetadataForOutput(picture.metadata, 20, 30);
  EXPECT_FALSE(out.exif.empty());
  const auto again =
      MustEncode(Smooth(20, 30, 3).view(), {.format = Format::kTiff, .metadata = &out});
  EXPECT_EQ(MustDecode(again).metadata.exif, picture.metadata.exif);
}

TEST(Tiff, BigEndianBlockMakesABigEndianFile) {
  Metadata metadata;
  metadata.exif = {'M', 'M', 0, 42, 0, 0,   0,   8, 0, 1, 1, 0x0F, 0,
                   2,   0,   0, 0,  3, 'A', 'b', 0, 0, 0, 0, 0,    0};
  const ImageU16 image = Noise<uint16_t>(21, 5, 3, 9);
  const auto file = Encode(image.view(), {.format = Format::kTiff, .metadata = &metadata});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)[0], 'M');
  const Picture picture = MustDecode(*file);
  ASSERT_NE(picture.u16(), nullptr);
  for (int y = 0; y < 5; ++y) {
    for (int i = 0; i < 63; ++i) ASSERT_EQ(picture.u16()->row(y)[i], image.row(y)[i]);
  }
  EXPECT_EQ(picture.metadata.exif[0], 'M');
}

TEST(Tiff, BrokenExifIsLeftOut) {
  Metadata metadata;
  metadata.exif = {'I', 'I', 42, 0, 200, 0, 0, 0, 1, 2, 3};
  const auto file =
      MustEncode(Smooth(7, 5, 3).view(), {.format = Format::kTiff, .metadata = &metadata});
  EXPECT_EQ(MeanDifference(*MustDecode(file).u8(), Smooth(7, 5, 3)), 0);
}

TEST(Tiff, TruncationIsAnErrorThatSaysHowFarItGot) {
  const std::vector<uint8_t> file =
      MustEncode(Noise<uint8_t>(300, 900, 4, 3).view(), {.format = Format::kTiff});
  for (size_t size = 0; size < file.size(); size += 9973) {
    const auto cut = Decode({file.data(), size});
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_NE(cut.status().message().find(size == 0  ? "empty"
                                          : size < 4 ? ""
                                                     : "TIFF"),
              std::string::npos)
        << cut.status().message();
  }
  // Damage inside: the directory is there, a strip is not.
  std::vector<uint8_t> damaged = file;
  std::fill(damaged.begin() + 20, damaged.begin() + 4000, uint8_t{0xAA});
  const auto broken = Decode(damaged);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(broken.status().message().find("row"), std::string::npos) << broken.status().message();
}

// A few bytes that claim a large picture take no memory.
TEST(Tiff, HugeHeaderIsFoundOut) {
  std::vector<uint8_t> file = MustEncode(Smooth(64, 64, 3).view(), {.format = Format::kTiff});
  // The directory lies at the end; width and height are its first two entries, LONGs.
  const size_t directory = file[4] | file[5] << 8 | file[6] << 16;
  for (const size_t entry : {size_t{0}, size_t{1}}) {
    file[directory + 2 + 12 * entry + 8] = 0x10;
    file[directory + 2 + 12 * entry + 9] = 0x27;  // 10000
  }
  const auto picture = Decode(file);
  ASSERT_FALSE(picture.ok());
  EXPECT_EQ(picture.status().code(), StatusCode::kCorrupt) << picture.status().message();
  EXPECT_EQ(Decode(file, {.limits = {.max_pixels = 1000}}).status().code(), StatusCode::kLimit);
}

TEST(Tiff, GivesEachPage) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto bytes = ReadFileForTest(SharedImages() / "odd/multipage.tiff");
  const auto pages = OpenTiffFrames(bytes, {});
  ASSERT_TRUE(pages.ok()) << pages.status().message();
  const auto first = (*pages)->Next(), second = (*pages)->Next();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->frames, 3);
  EXPECT_EQ(first->width(), 10);  // as Pillow's own tests have it
  EXPECT_EQ(second->width(), 10);
  // Green, then red.
  EXPECT_EQ(first->u8()->row(0)[1], 128);
  EXPECT_EQ(second->u8()->row(0)[0], 255);
  EXPECT_TRUE((*pages)->Next().ok());
  EXPECT_FALSE((*pages)->Next().ok());
}

TEST(Tiff, SixteenBitsStaySixteen) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  // The same picture in strips, tiles and planes, with and without alpha.
  for (const bool alpha : {false, true}) {
    const std::string kind = alpha ? "RGBa.tiff" : "RGB.tiff";
    const Picture plain = MustDecode(ReadFileForTest(SharedImages() / ("odd/tiff_16bit_" + kind)));
    ASSERT_TRUE(plain.is_16_bit());
    EXPECT_EQ(plain.has_alpha, alpha);
    for (const std::string way : {"tiff_strip_planar_16bit_", "tiff_tiled_planar_16bit_"}) {
      SCOPED_TRACE(way + kind);
      const Picture other = MustDecode(ReadFileForTest(SharedImages() / ("odd/" + way + kind)));
      ASSERT_TRUE(other.is_16_bit());
      ASSERT_EQ(other.width(), plain.width());
      ASSERT_EQ(other.height(), plain.height());
      for (int y = 0; y < plain.height(); ++y) {
        for (int i = 0; i < plain.width() * (alpha ? 4 : 3); ++i) {
          ASSERT_EQ(other.u16()->row(y)[i], plain.u16()->row(y)[i]) << i << ", " << y;
        }
      }
    }
  }
}

}  // namespace
}  // namespace peel
