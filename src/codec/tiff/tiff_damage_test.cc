// TIFFs as scanners, faxes and broken disks leave them, put together tag by tag.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/lazy/tiff_library.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"
#include "src/codec/tiff/lab.h"
#include "src/codec/tiff/tiff.h"
#include "src/codec/tiff/tiff_directories.h"
#include "src/codec/tiff/tiff_reader.h"

namespace peel {
namespace {

using Bytes = std::vector<uint8_t>;

void Put(Bytes& out, uint64_t value, int bytes) {  // little end first
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// One page of tags with one number each (as LONG); its pixels stand before its directory.
struct Page {
  std::map<int, uint32_t> tags;  // 262 and so on; strips are added
  Bytes pixels;
  uint32_t palette_at = 0;  // of a ColorMap of 3 * 256 entries; 0: none
};

Page Plain(uint32_t width, uint32_t height, uint32_t samples, uint32_t bits, Bytes pixels) {
  return {{{256, width}, {257, height}, {258, bits}, {259, 1}, {277, samples}, {278, height}},
          std::move(pixels)};
}

// last_next: where the last directory says that the next one lies.
Bytes Build(const std::vector<Page>& pages, uint32_t last_next = 0) {
  Bytes file = {'I', 'I', 42, 0};
  Put(file, 0, 4);
  size_t link = 4;
  for (const Page& page : pages) {
    auto tags = page.tags;
    tags[273] = static_cast<uint32_t>(file.size());
    tags[279] = static_cast<uint32_t>(page.pixels.size());
    file.insert(file.end(), page.pixels.begin(), page.pixels.end());
    const size_t at = file.size();
    for (int i = 0; i < 4; ++i)
      file[link + static_cast<size_t>(i)] = static_cast<uint8_t>(at >> 8 * i);
    Put(file, tags.size() + (page.palette_at != 0 ? 1 : 0), 2);
    const auto palette = [&] {
      Put(file, 320, 2);
      Put(file, 3, 2);
      Put(file, 768, 4);
      Put(file, page.palette_at, 4);
    };
    bool done = page.palette_at == 0;
    for (const auto& [tag, value] : tags) {
      if (!done && tag > 320) palette(), done = true;
      Put(file, static_cast<uint64_t>(tag), 2);
      const bool is_short = tag == 262 || tag == 258 || tag == 259 || tag == 277 || tag == 338;
      Put(file, is_short ? 3 : 4, 2);
      Put(file, 1, 4);
      Put(file, value, 4);
    }
    if (!done) palette();
    link = file.size();
    Put(file, last_next, 4);
  }
  return file;
}

bool HaveTiff() { return OpenTiffLibrary().ok(); }

TEST(Lab, NeutralStaysNeutralAndWhiteIsWhite) {
  const auto check = [](LabEncoding encoding, int bits, uint16_t most, uint16_t a, uint16_t b) {
    float last = -1;
    for (int i = 0; i <= 16; ++i) {
      const uint16_t lab[3] = {static_cast<uint16_t>(most * i / 16), a, b};
      float rgb[3];
      LabToSrgb(encoding, bits, lab, rgb);
      EXPECT_NEAR(rgb[0], rgb[1], 1e-4) << i;
      EXPECT_NEAR(rgb[2], rgb[1], 1e-4) << i;
      EXPECT_GT(rgb[0], last);
      last = rgb[0];
      if (i == 0 || i == 16) {
        EXPECT_NEAR(rgb[0], i / 16, 1e-6);
      }
    }
  };
  check(LabEncoding::kCie, 8, 255, 0, 0);
  check(LabEncoding::kCie, 16, 65535, 0, 0);
  check(LabEncoding::kIcc, 8, 255, 128, 128);
  check(LabEncoding::kIcc, 16, 0xFF00, 0x8000, 0x8000);
  check(LabEncoding::kItu, 8, 255, 128, 96);
}

// sRGB's red, green and blue as Lab under D50 (what colour management systems give).
TEST(Lab, KnowsSrgbsPrimaries) {
  const struct {
    double l, a, b;
    int rgb[3];
  } kColours[] = {{54.29, 80.81, 69.89, {255, 0, 0}},
                  {87.82, -79.27, 80.99, {0, 255, 0}},
                  {29.57, 68.30, -112.03, {0, 0, 255}},
                  {53.59, 0.0, 0.0, {128, 128, 128}}};
  for (const auto& colour : kColours) {
    const auto wide = [](double v) { return static_cast<uint16_t>(static_cast<int16_t>(v * 256)); };
    const uint16_t cie[3] = {static_cast<uint16_t>(colour.l * 655.35), wide(colour.a),
                             wide(colour.b)};
    const uint16_t icc[3] = {static_cast<uint16_t>(colour.l * 652.8),
                             static_cast<uint16_t>((colour.a + 128) * 256),
                             static_cast<uint16_t>((colour.b + 128) * 256)};
    float one[3], other[3];
    LabToSrgb(LabEncoding::kCie, 16, cie, one);
    LabToSrgb(LabEncoding::kIcc, 16, icc, other);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(255 * one[c], colour.rgb[c], 2.5) << colour.l << " channel " << c;
      EXPECT_NEAR(255 * other[c], colour.rgb[c], 2.5);
    }
  }
}

TEST(TiffDamage, LabOfEveryKindIsRead) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  for (const uint32_t photometric : {8u, 9u, 10u}) {
    for (const uint32_t bits : {8u, 16u}) {
      const bool wide = bits == 16;
      Bytes pixels;
      const uint32_t none_a = photometric == 8 ? 0u
                              : !wide          ? 128u
                                               : (photometric == 9 ? 0x8000u : 128u * 257);
      const uint32_t none_b = photometric == 10 ? (wide ? 96u * 257 : 96u) : none_a;
      const uint32_t white = !wide ? 255u : photometric == 9 ? 0xFF00u : 0xFFFFu;
      for (const uint32_t l : {white, white / 2}) {
        for (const uint32_t v : {l, none_a, none_b}) Put(pixels, v, wide ? 2 : 1);
      }
      Page page = Plain(2, 1, 3, bits, pixels);
      page.tags[262] = photometric;
      const auto picture = Decode(Build({page}));
      ASSERT_TRUE(picture.ok()) << picture.status().message();
      ASSERT_EQ(picture->is_16_bit(), wide);
      const auto at = [&](int i) {
        return wide ? picture->u16()->row(0)[i] / 257.0 : picture->u8()->row(0)[i];
      };
      for (int c = 0; c < 3; ++c) {
        EXPECT_NEAR(at(c), 255, 0.5) << photometric << ", " << bits;
        EXPECT_NEAR(at(3 + c), 119, 1.0);
      }
    }
  }
}

TEST(TiffDamage, TheColourCheckersWhiteAndGreysAreNeutral) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto picture =
      Decode(ReadFileForTest(SharedImages() / "reports" / "ColorCheckerCalculator.tif"));
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  const ImageU8& image = *picture->u8();
  int white = 0, neutral = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const uint8_t* p = image.row(y) + ptrdiff_t{3} * x;
      white += p[0] == 255 && p[1] == 255 && p[2] == 255;
      neutral += p[0] == p[1] && p[1] == p[2];
    }
  }
  EXPECT_GT(white, 1000);
  EXPECT_GT(neutral, white);
}

TEST(TiffDamage, APaletteThatIsGoneIsNoGreyPicture) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(4, 4, 1, 8, Bytes(16, 7));
  page.tags[262] = 3;
  // Behind the end of the file, and not there at all.
  for (const uint32_t at : {100'000u, 0u}) {
    page.palette_at = at;
    const auto picture = Decode(Build({page}));
    EXPECT_EQ(picture.status().code(), StatusCode::kCorrupt) << at;
    EXPECT_NE(picture.status().message().find("palette"), std::string::npos)
        << picture.status().message();
  }
}

TEST(TiffDamage, FaxWithoutPhotometricHasAWhiteGround) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(8, 1, 1, 1, {0x98});  // modified Huffman: a white run of 8
  page.tags[259] = 2;
  const auto picture = Decode(Build({page}));
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_EQ(picture->u8()->row(0)[0], 255);
  page.tags[262] = 1;  // told otherwise
  EXPECT_EQ(Decode(Build({page}))->u8()->row(0)[0], 0);
}

TEST(TiffDamage, WhatLibtiffWorkedRoundIsTold) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(8, 2, 1, 1, {0x98, 0x98});
  page.tags[259] = 2;
  page.tags[262] = 0;
  const auto right = Decode(Build({page}));
  ASSERT_TRUE(right.ok()) << right.status().message();
  EXPECT_EQ(right->warning, "");
  page.pixels = {0x98, 0x01};  // no code begins with so many zeros
  const auto wrong = Decode(Build({page}));
  if (wrong.ok()) {
    EXPECT_NE(wrong->warning.find("damaged"), std::string::npos) << wrong->warning;
  } else {
    EXPECT_EQ(wrong.status().code(), StatusCode::kCorrupt);
  }
}

TEST(TiffDamage, MissingRowsAreCounted) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(4, 8, 1, 8, {});
  page.tags[262] = 1;
  page.tags[259] = 32773;  // PackBits: a row is the length less one, then its bytes
  for (int row = 0; row < 4; ++row) page.pixels.insert(page.pixels.end(), {3, 9, 9, 9, 9});
  const auto half = Decode(Build({page}));
  EXPECT_EQ(half.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(half.status().message().find("row 4 of 8"), std::string::npos)
      << half.status().message();
}

TEST(TiffDamage, AStripThatIsTooShortIsTold) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(4, 8, 1, 8, Bytes(20, 9));  // of 32 bytes: libtiff reads what comes behind
  page.tags[262] = 1;
  const auto picture = Decode(Build({page}));
  EXPECT_TRUE(!picture.ok() || !picture->warning.empty());
  page.pixels.resize(32);
  EXPECT_EQ(Decode(Build({page}))->warning, "");
}

TEST(TiffDamage, ManyPagesCostTheSameEach) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(1, 1, 1, 8, {200});
  page.tags[262] = 1;
  const auto reads_for = [&](size_t count) -> uint64_t {
    const Bytes file = Build(std::vector<Page>(count, page));
    auto reader = TiffReader::Open(file, 10'000);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ((*reader)->pages(), static_cast<int>(count));
    for (size_t i = 0; i < count; ++i) {
      EXPECT_TRUE((*reader)->SelectPage(static_cast<int>(i)).ok()) << i;
      EXPECT_TRUE((*reader)->ReadLayout().ok()) << i;
    }
    return (*reader)->reads();
  };
  const uint64_t few = reads_for(100), many = reads_for(5000);
  EXPECT_LE(many, 52 * few);
}

TEST(TiffDamage, PagesComeInTheirOrder) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  std::vector<Page> pages;
  for (int i = 0; i < 300; ++i) {
    pages.push_back(Plain(1, 1, 1, 8, {static_cast<uint8_t>(i % 251)}));
    pages.back().tags[262] = 1;
  }
  const Bytes file = Build(pages);
  const auto frames = OpenFrames(file);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  ASSERT_EQ((*frames)->count(), 300);
  for (int i = 0; i < 300; ++i) {
    const auto picture = (*frames)->Next();
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    EXPECT_EQ(picture->u8()->row(0)[0], i % 251);
    EXPECT_EQ(picture->frames, 300);
  }
}

TEST(TiffDamage, LoopsInTheChainEnd) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(1, 1, 1, 8, {200});
  page.tags[262] = 1;
  const Bytes straight = Build({page, page, page});
  const auto directories = WalkTiffDirectories(straight, 100);
  ASSERT_EQ(directories.size(), 3u);
  for (const auto& back_to : directories) {
    const Bytes loop = Build({page, page, page}, static_cast<uint32_t>(back_to.offset));
    EXPECT_EQ(WalkTiffDirectories(loop, 100).size(), 3u);
    const auto frames = OpenFrames(loop);
    ASSERT_TRUE(frames.ok()) << frames.status().message();
    EXPECT_EQ((*frames)->count(), 3);
  }
  EXPECT_EQ(WalkTiffDirectories(straight, 2).size(), 2u);
  for (size_t size = 0; size < straight.size(); ++size) {
    WalkTiffDirectories({straight.data(), size}, 100);  // within its bytes
  }
}

TEST(TiffDamage, TooManyPagesAreALimit) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  Page page = Plain(1, 1, 1, 8, {200});
  page.tags[262] = 1;
  DecodeOptions options;
  options.limits.max_frames = 10;
  EXPECT_TRUE(Decode(Build(std::vector<Page>(10, page)), options).ok());
  EXPECT_EQ(Decode(Build(std::vector<Page>(11, page)), options).status().code(),
            StatusCode::kLimit);
}

TEST(TiffDamage, JpegsThatLibjpegWasNotMadeForAreNotCalledDamaged) {
  if (!HaveTiff()) GTEST_SKIP() << "libtiff is not installed";
  const auto coded = [](uint8_t sof, uint8_t bits) {
    Page page = Plain(8, 8, 1, 8, {0xFF, 0xD8, 0xFF, sof, 0, 11, bits, 0, 8, 0,  8, 1, 1,    0x11,
                                   0,    0xFF, 0xDA, 0,   8, 1,  1,    0, 0, 63, 0, 0, 0xFF, 0xD9});
    page.tags[259] = 7;
    page.tags[262] = 1;
    return Decode(Build({page})).status();
  };
  const Status lossless = coded(0xC3, 8), deep = coded(0xC1, 12), broken = coded(0xC0, 8);
  EXPECT_EQ(lossless.code(), StatusCode::kUnsupported) << lossless.message();
  EXPECT_EQ(deep.code(), StatusCode::kUnsupported) << deep.message();
  EXPECT_NE(broken.code(), StatusCode::kUnsupported) << broken.message();
}

TEST(TiffDamage, UnsupportedKindsAreNotCalledDamaged) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto picture =
      Decode(ReadFileForTest(SharedImages() / "reports" / "planar-yuv422-jpeg-lzw.tif"));
  EXPECT_EQ(picture.status().code(), StatusCode::kUnsupported) << picture.status().message();
}

}  // namespace
}  // namespace peel
