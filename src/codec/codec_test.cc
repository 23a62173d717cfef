// The formats that are always there, from end to end.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

TEST(Png, RoundTripsEverySizeAndKind) {
  for (const int channels : {1, 3, 4}) {
    for (const auto& [w, h] : kSizes) {
      ExpectRoundTrip<uint8_t>(Format::kPng, w, h, channels);
      ExpectRoundTrip<uint16_t>(Format::kPng, w, h, channels);
    }
  }
}

TEST(Png, SameBytesWhateverTheThreads) {
  const ImageU8 image = Noise<uint8_t>(1500, 1100, 4, 2);  // several pieces
  for (const PngEffort effort : {PngEffort::kDefault, PngEffort::kSmall}) {
    const auto alone = MustEncode(image.view(), {.png_effort = effort});
    for (const int threads : {1, 2, 5}) {
      ThreadPool pool(threads);
      EXPECT_EQ(MustEncode(image.view(), {.png_effort = effort, .pool = &pool}), alone);
    }
    EXPECT_EQ(MeanDifference(*MustDecode(alone).u8(), image), 0);
  }
}

TEST(Png, SixteenBitsAreCutToTheirHighByteOnDemand) {
  const ImageU16 image = Noise<uint16_t>(33, 9, 3, 4);
  const auto file = Encode(image.view(), {});
  ASSERT_TRUE(file.ok());
  const Picture picture = MustDecode(*file, {.reduce_to_8_bits = true});
  ASSERT_FALSE(picture.is_16_bit());
  for (int i = 0; i < 33 * 3; ++i) EXPECT_EQ(picture.u8()->row(4)[i], image.row(4)[i] >> 8);
}

TEST(Png, DamageIsAnErrorThatSaysWhere) {
  const ImageU8 image = Noise<uint8_t>(100, 80, 3, 3);
  const std::vector<uint8_t> file = MustEncode(image.view(), {});
  for (size_t size = 8; size < file.size() - 20; size += 13) {
    const auto cut = Decode({file.data(), size});
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.status().code(), StatusCode::kCorrupt);
    EXPECT_NE(cut.status().message().find("truncated"), std::string::npos)
        << cut.status().message();
  }
  EXPECT_TRUE(Decode({file.data(), file.size() - 12}).ok()) << "only the end chunk is missing";
  EXPECT_TRUE(Decode({file.data(), file.size() - 20}).ok()) << "and both checksums";
  for (size_t at = 8; at < file.size() - 16; at += 11) {
    std::vector<uint8_t> bad = file;
    bad[at] ^= 0x40;
    EXPECT_FALSE(Decode(bad).ok()) << "byte " << at;
  }
}

TEST(Jpeg, RoundTrips) {
  for (const int channels : {1, 3}) {
    for (const auto& [w, h] : kSizes) {
      SCOPED_TRACE(testing::Message() << w << " x " << h << " x " << channels);
      const ImageU8 image = Smooth(w, h, channels);
      const auto file = MustEncode(image.view(), {.format = Format::kJpeg, .quality = 95});
      const Picture picture = MustDecode(file);
      EXPECT_EQ(picture.was_grey, channels == 1);
      EXPECT_LT(MeanDifference(*picture.u8(), image), 2.0);
    }
  }
}

TEST(Jpeg, RefusesTransparency) {
  const ImageU8 image = Smooth(4, 4, 4);
  const auto file = Encode(image.view(), {.format = Format::kJpeg});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().code(), StatusCode::kInvalidArgument);
}

TEST(Jpeg, ScaledDecodeKeepsTheMinimum) {
  const ImageU8 image = Smooth(801, 403, 3);
  const auto file = MustEncode(image.view(), {.format = Format::kJpeg});
  const struct {
    int min_width, min_height, width, height;
  } cases[] = {{0, 0, 801, 403},     {100, 0, 101, 51},   {101, 51, 101, 51},
               {102, 51, 201, 101},  {201, 0, 201, 101},  {320, 320, 801, 403},
               {320, 200, 401, 202}, {1000, 10, 801, 403}};
  for (const auto& c : cases) {
    const Picture picture =
        MustDecode(file, {.min_width = c.min_width, .min_height = c.min_height});
    EXPECT_EQ(picture.width(), c.width) << c.min_width;
    EXPECT_EQ(picture.height(), c.height) << c.min_height;
    EXPECT_EQ(picture.stored_width, 801);
  }
}

TEST(Jpeg, TruncationIsAnErrorThatSaysHowFarItGot) {
  const ImageU8 image = Noise<uint8_t>(200, 160, 3, 3);
  const std::vector<uint8_t> file = MustEncode(image.view(), {.format = Format::kJpeg});
  for (size_t size = 3; size + 2 < file.size(); size += 97) {
    const auto cut = Decode({file.data(), size});
    ASSERT_FALSE(cut.ok()) << size << " of " << file.size();
    EXPECT_EQ(cut.status().code(), StatusCode::kCorrupt);
    EXPECT_NE(cut.status().message().find("truncated"), std::string::npos)
        << cut.status().message();
  }
  EXPECT_TRUE(Decode({file.data(), file.size() - 2}).ok()) << "only the end marker is missing";
}

TEST(Webp, RoundTrips) {
  for (const int channels : {1, 3, 4}) {
    for (const auto& [w, h] : kSizes) {
      if (std::max(w, h) > 16383) continue;
      SCOPED_TRACE(testing::Message() << w << " x " << h << " x " << channels);
      const ImageU8 smooth = Smooth(w, h, channels);
      const Picture lossy =
          MustDecode(MustEncode(smooth.view(), {.format = Format::kWebp, .quality = 95}));
      EXPECT_EQ(lossy.has_alpha, channels == 4);
      if (channels != 4 || w * h > 100) {
        EXPECT_LT(MeanDifference(*lossy.u8(), smooth), 6.0);
      }

      ImageU8 image = Noise<uint8_t>(w, h, channels, 5);
      if (channels == 4) {  // colour is kept where there is any alpha
        for (int y = 0; y < h; ++y) {
          for (int x = 0; x < w; ++x) image.row(y)[4 * x + 3] |= 1;
        }
      }
      const Picture exact =
          MustDecode(MustEncode(image.view(), {.format = Format::kWebp, .lossless = true}));
      EXPECT_EQ(MeanDifference(*exact.u8(), image), 0);
    }
  }
  const ImageU8 large = Smooth(16384, 1, 3);
  const auto refused = Encode(large.view(), {.format = Format::kWebp});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kUnsupported);
}

TEST(Webp, TruncationIsAnError) {
  const std::vector<uint8_t> file = MustEncode(Smooth(90, 70, 4).view(), {.format = Format::kWebp});
  for (size_t size = 12; size < file.size(); size += 17) {
    const auto cut = Decode({file.data(), size});
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.status().code(), StatusCode::kCorrupt);
  }
}

// A little-endian block with orientation 6 alone.
std::vector<uint8_t> Orientation(uint8_t value) {
  return {'I', 'I', 42, 0, 8, 0,     0, 0, 1, 0, 0x12, 0x01, 3,
          0,   1,   0,  0, 0, value, 0, 0, 0, 0, 0,    0,    0};
}

TEST(Metadata, TravelsThroughEveryFormat) {
  Metadata metadata;
  metadata.icc = Profile("RGB ", 150'000);  // three segments of a JPEG
  metadata.exif = Orientation(1);
  const std::string xmp = "<x:xmpmeta>something</x:xmpmeta>";
  metadata.xmp.assign(xmp.begin(), xmp.end());
  const ImageU8 image = Smooth(20, 30, 3);
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    SCOPED_TRACE(FormatName(format));
    const auto file = MustEncode(image.view(), {.format = format, .metadata = &metadata});
    const Picture picture = MustDecode(file);
    EXPECT_TRUE(picture.metadata.icc == metadata.icc);
    EXPECT_EQ(picture.metadata.exif, metadata.exif);
    EXPECT_EQ(picture.metadata.xmp, metadata.xmp);
    const Picture without = MustDecode(file, {.keep_metadata = false});
    EXPECT_TRUE(without.metadata.icc.empty() && without.metadata.exif.empty() &&
                without.metadata.xmp.empty());
  }
}

TEST(Metadata, ProfileOfAnotherColourModelIsDropped) {
  Metadata metadata;
  for (const std::string space : {"CMYK", "GRAY", "Lab "}) {
    metadata.icc = Profile(space, 500);
    const auto file =
        MustEncode(Smooth(9, 9, 1).view(), {.format = Format::kJpeg, .metadata = &metadata});
    EXPECT_TRUE(MustDecode(file).metadata.icc.empty()) << space;
  }
  EXPECT_EQ(IccColourSpace(Profile("GRAY", 500)), IccSpace::kGrey);
  EXPECT_EQ(IccColourSpace(std::vector<uint8_t>(500)), IccSpace::kInvalid);
}

TEST(Orientation, IsAppliedInEveryFormat) {
  const ImageU8 image = Smooth(37, 21, 3);
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    const ImageU8 stored = [&] {
      Picture p = MustDecode(MustEncode(image.view(), {.format = format}));
      return std::move(*p.u8());
    }();
    for (int o = 1; o <= 8; ++o) {
      SCOPED_TRACE(testing::Message() << FormatName(format) << ", orientation " << o);
      Metadata metadata;
      metadata.exif = Orientation(static_cast<uint8_t>(o));
      const auto file = MustEncode(image.view(), {.format = format, .metadata = &metadata});
      const Picture picture = MustDecode(file);
      EXPECT_EQ(picture.orientation, o);
      EXPECT_TRUE(picture.orientation_applied);
      EXPECT_EQ(picture.width(), o >= 5 ? 21 : 37);
      // The pixel that is shown at (x, y), from the standard's table.
      const int w = picture.width(), h = picture.height();
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          const int sx[] = {x, w - 1 - x, w - 1 - x, x, y, y, h - 1 - y, h - 1 - y};
          const int sy[] = {y, y, h - 1 - y, h - 1 - y, x, w - 1 - x, w - 1 - x, x};
          for (int c = 0; c < 3; ++c) {
            ASSERT_EQ(picture.u8()->row(y)[3 * x + c], stored.row(sy[o - 1])[3 * sx[o - 1] + c])
                << x << ", " << y;
          }
        }
      }
      const Picture as_is = MustDecode(file, {.apply_orientation = false});
      EXPECT_EQ(as_is.width(), 37);
      EXPECT_FALSE(as_is.orientation_applied);
      EXPECT_EQ(MeanDifference(*as_is.u8(), stored), 0);
      const Metadata out = MetadataForOutput(picture.metadata, w, h);
      EXPECT_EQ(OrientationOf(out), 1);
    }
  }
}

TEST(Limits, AreCheckedFromTheHeader) {
  const ImageU8 image = Smooth(60, 50, 3);
  for (const Format format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
    const auto file = MustEncode(image.view(), {.format = format});
    DecodeOptions options;
    const auto code = [&] { return Decode(file, options).status().code(); };
    options.limits.max_pixels = 2999;
    EXPECT_EQ(code(), StatusCode::kLimit);
    options.limits.max_pixels = 3000;
    EXPECT_EQ(code(), StatusCode::kOk);
    options.limits.max_width = 59;
    EXPECT_EQ(code(), StatusCode::kLimit);
    options.limits = {};
    options.limits.max_height = 49;
    EXPECT_EQ(code(), StatusCode::kLimit);
    options.limits = {};
    options.limits.max_bytes = file.size() - 1;
    EXPECT_EQ(code(), StatusCode::kLimit);
  }
}

// A header that claims 2^31 - 1 pixels a side.
TEST(Limits, HugeHeaderTakesNoMemory) {
  std::vector<uint8_t> file = MustEncode(Smooth(4, 4, 3).view(), {});
  for (const size_t at : {16u, 20u}) file[at] = 0x7F;
  for (const size_t at : {17u, 18u, 19u, 21u, 22u, 23u}) file[at] = 0xFF;
  EXPECT_FALSE(Decode(file).ok());
  // Within the limits, but far more than so few bytes can hold.
  DecodeOptions options;
  options.limits.max_pixels = UINT64_MAX;
  options.limits.max_width = options.limits.max_height = INT32_MAX;
  EXPECT_FALSE(Decode(file, options).ok());
}

TEST(Sniff, NamesWhatItCannotRead) {
  const struct {
    std::string bytes, word;
  } cases[] = {{"8BPS......", "Photoshop"},
               {std::string("\0\0\0\x0CjP  \r\n\x87\n", 12), "JPEG 2000"},
               {"%PDF-1.7", "PDF"},
               {"\xEF\xBB\xBF <?xml version='1.0'?><svg xmlns=''/>", "SVG"},
               {"<!DOCTYPE html><html>", "HTML"},
               {"{\"error\": 404}", "JSON"},
               {"PK\3\4", "ZIP"},
               {"hello", "not a picture"}};
  for (const auto& c : cases) {
    const std::vector<uint8_t> bytes(c.bytes.begin(), c.bytes.end());
    const auto picture = Decode(bytes);
    ASSERT_FALSE(picture.ok());
    EXPECT_EQ(picture.status().code(), StatusCode::kUnsupported);
    EXPECT_NE(picture.status().message().find(c.word), std::string::npos)
        << picture.status().message();
    EXPECT_FALSE(Probe(bytes).ok());
  }
  EXPECT_EQ(Decode({}).status().code(), StatusCode::kCorrupt);
}

TEST(Encode, RefusesWhatMakesNoSense) {
  const ImageU8 two = *ImageU8::Allocate(2, 2, 2);
  EXPECT_EQ(Encode(two.view(), {}).status().code(), StatusCode::kInvalidArgument);
  const ImageU8 rgb = Smooth(2, 2, 3);
  EXPECT_EQ(Encode(rgb.view(), {.quality = 101}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Encode(rgb.view(), {.format = Format::kBmp}).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(Encode(ImageView<const uint8_t>(), {}).status().code(), StatusCode::kInvalidArgument);
  const ImageU16 wide = Noise<uint16_t>(2, 2, 3, 1);
  EXPECT_EQ(Encode(wide.view(), {.format = Format::kJpeg}).status().code(),
            StatusCode::kInvalidArgument);
}

// Every broken or odd file gives a picture or an error with a text; never a crash. Probe agrees.
TEST(Files, EachIsAPictureOrAnError) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  int pictures = 0, errors = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(SharedImages())) {
    if (!file.is_regular_file()) continue;
    SCOPED_TRACE(file.path().filename());
    const auto bytes = ReadFileForTest(file.path());
    const auto picture = Decode(bytes);
    if (!picture.ok()) {
      EXPECT_FALSE(picture.status().message().empty());
      EXPECT_TRUE(picture.status().code() == StatusCode::kCorrupt ||
                  picture.status().code() == StatusCode::kUnsupported ||
                  picture.status().code() == StatusCode::kLimit)
          << picture.status().message();
      ++errors;
      continue;
    }
    ++pictures;
    const auto info = Probe(bytes);
    ASSERT_TRUE(info.ok()) << info.status().message();
    EXPECT_EQ(info->width, picture->stored_width);
    EXPECT_EQ(info->height, picture->stored_height);
    EXPECT_EQ(info->orientation, picture->orientation);
    EXPECT_EQ(info->has_alpha, picture->has_alpha);
  }
  EXPECT_GT(pictures, 400);
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace peel
