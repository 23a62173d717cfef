#include "src/codec/bmp/bmp.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "src/codec/bmp/bmp_header.h"
#include "src/codec/picture_stream.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

using Bytes = std::vector<uint8_t>;

// A BMP put together number by number.
struct Bmp {
  uint32_t header = 40;
  int32_t width = 4, height = 3;
  int bits = 24;
  uint32_t compression = 0, colours = 0;
  Bytes extra;  // masks or a palette between header and pixels
  Bytes pixels;
  std::array<uint32_t, 4> masks = {};  // in headers of 52 bytes and more
  Bytes profile;                       // in one of 124
  uint32_t per_metre = 0;

  static void Put(Bytes& to, size_t at, uint64_t value, int bytes) {
    if (at + static_cast<size_t>(bytes) > to.size()) return;
    for (int i = 0; i < bytes; ++i)
      to[at + static_cast<size_t>(i)] = static_cast<uint8_t>(value >> 8 * i);
  }

  Bytes File() const {
    Bytes head(header, 0);
    Put(head, 0, header, 4);
    if (header == 12) {
      Put(head, 4, static_cast<uint64_t>(width), 2);
      Put(head, 6, static_cast<uint64_t>(height), 2);
      Put(head, 8, 1, 2);
      Put(head, 10, static_cast<uint64_t>(bits), 2);
    } else {
      Put(head, 4, static_cast<uint32_t>(width), 4);
      Put(head, 8, static_cast<uint32_t>(height), 4);
      Put(head, 12, 1, 2);
      Put(head, 14, static_cast<uint64_t>(bits), 2);
      Put(head, 16, compression, 4);
      Put(head, 24, per_metre, 4);
      Put(head, 28, per_metre, 4);
      Put(head, 32, colours, 4);
      if (header == 52 || header == 56 || header > 64) {
        for (size_t i = 0; i < 4; ++i) Put(head, 40 + 4 * i, masks[i], 4);
      }
    }
    const size_t at = 14 + head.size() + extra.size();
    if (!profile.empty()) {
      Put(head, 56, 0x4D424544, 4);
      Put(head, 112, at - 14 + pixels.size(), 4);
      Put(head, 116, profile.size(), 4);
    }
    Bytes file(14, 0);
    file[0] = 'B';
    file[1] = 'M';
    Put(file, 10, at, 4);
    for (const Bytes* part :
         std::initializer_list<const Bytes*>{&head, &extra, &pixels, &profile}) {
      file.insert(file.end(), part->begin(), part->end());
    }
    Put(file, 2, file.size(), 4);
    return file;
  }
};

// Red of pixel (x, y) is 16 x, green 32 y, blue 7.
std::array<uint8_t, 3> Want(int x, int y) {
  return {static_cast<uint8_t>(16 * x), static_cast<uint8_t>(32 * y), 7};
}

void ExpectWanted(const Bytes& file, int width = 4, int height = 3) {
  const Picture picture = MustDecode(file);
  ASSERT_NE(picture.u8(), nullptr);
  ASSERT_EQ(picture.width(), width);
  ASSERT_EQ(picture.height(), height);
  EXPECT_EQ(picture.warning, "");
  EXPECT_EQ(picture.format, Format::kBmp);
  const ImageU8& image = *picture.u8();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        EXPECT_EQ(image.row(y)[x * image.channels() + c], Want(x, y)[static_cast<size_t>(c)])
            << x << ", " << y;
      }
    }
  }
  const auto info = Probe(file);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->has_alpha, picture.has_alpha);
  EXPECT_EQ(info->width, width);
}

// Rows as a file has them, `of` gives the little-endian value of a pixel.
template <typename Of>
Bytes Rows(int width, int height, int bits, bool top_down, Of of) {
  const int words = (width * bits + 31) / 32;
  const size_t stride = static_cast<size_t>(words) * 4;
  Bytes rows(stride * static_cast<size_t>(height), 0);
  for (int i = 0; i < height; ++i) {
    const int y = top_down ? i : height - 1 - i;
    uint8_t* row = rows.data() + stride * static_cast<size_t>(i);
    for (int x = 0; x < width; ++x) {
      const uint32_t v = of(x, y);
      for (int b = 0; b < bits; b += 8) {
        if (bits >= 8) {
          row[x * bits / 8 + b / 8] = static_cast<uint8_t>(v >> b);
        } else {
          row[x * bits / 8] =
              static_cast<uint8_t>(row[x * bits / 8] | v << (8 - bits - x * bits % 8));
        }
      }
    }
  }
  return rows;
}

uint32_t Rgb24(int x, int y) {
  const auto [r, g, b] = Want(x, y);
  return uint32_t{r} << 16 | uint32_t{g} << 8 | b;
}

TEST(Bmp, EveryHeaderWithRowsFromBelowAndAbove) {
  for (const uint32_t header : {12u, 16u, 40u, 52u, 56u, 64u, 108u, 124u}) {
    for (const bool top_down : {false, true}) {
      if (header == 12 && top_down) continue;
      SCOPED_TRACE(testing::Message() << header << (top_down ? ", from above" : ""));
      Bmp bmp;
      bmp.header = header;
      bmp.height = top_down ? -3 : 3;
      bmp.pixels = Rows(4, 3, 24, top_down, Rgb24);
      ExpectWanted(bmp.File());
      // The fourth byte is nothing without a mask.
      if (header == 12) continue;
      bmp.bits = 32;
      bmp.pixels = Rows(4, 3, 32, top_down, [](int x, int y) { return Rgb24(x, y) | 0x55000000; });
      ExpectWanted(bmp.File());
      EXPECT_FALSE(MustDecode(bmp.File()).has_alpha);
    }
  }
}

TEST(Bmp, PalettesOfEveryDepth) {
  for (const uint32_t header : {12u, 16u, 40u, 64u, 108u, 124u}) {
    for (const int bits : {1, 2, 4, 8}) {
      SCOPED_TRACE(testing::Message() << header << ", " << bits << " bits");
      Bmp bmp;
      bmp.header = header;
      bmp.bits = bits;
      bmp.width = bits == 1 ? 2 : 4;
      bmp.height = bits <= 2 ? 1 : 3;
      for (int i = 0; i < 1 << bits; ++i) {
        const auto [r, g, b] = Want(i % 4, i / 4);
        for (const uint8_t v : {b, g, r}) bmp.extra.push_back(v);
        if (header != 12) bmp.extra.push_back(0xEE);
      }
      bmp.pixels = Rows(bmp.width, bmp.height, bits, false,
                        [](int x, int y) { return static_cast<uint32_t>(4 * y + x); });
      ExpectWanted(bmp.File(), bmp.width, bmp.height);
      EXPECT_FALSE(MustDecode(bmp.File()).was_grey);
    }
  }
}

TEST(Bmp, MasksBehindAndInsideTheHeader) {
  const std::array<uint32_t, 4> masks = {0x000000FF, 0x0000FF00, 0x00FF0000, 0xFF000000};
  const auto abgr = [](int x, int y) {
    const auto [r, g, b] = Want(x, y);
    return uint32_t{r} | uint32_t{g} << 8 | uint32_t{b} << 16 |
           static_cast<uint32_t>(10 * x + 1) << 24;
  };
  for (const uint32_t header : {40u, 52u, 56u, 108u, 124u}) {
    for (const uint32_t compression : {3u, 6u}) {
      SCOPED_TRACE(testing::Message() << header << ", compression " << compression);
      Bmp bmp;
      bmp.header = header;
      bmp.bits = 32;
      bmp.compression = compression;
      bmp.masks = masks;
      bmp.pixels = Rows(4, 3, 32, false, abgr);
      if (header == 40) {
        bmp.extra.resize(compression == 6 ? 16 : 12);
        for (size_t i = 0; i < 4; ++i) Bmp::Put(bmp.extra, 4 * i, masks[i], 4);
      }
      ExpectWanted(bmp.File());
      const Picture picture = MustDecode(bmp.File());
      EXPECT_EQ(picture.has_alpha, header >= 56 || (header == 40 && compression == 6));
      if (picture.has_alpha) {
        EXPECT_EQ(picture.u8()->row(1)[4 * 2 + 3], 21);
      }
    }
  }
}

TEST(Bmp, FewBitsAreScaledAndEmptyAlphaIsNone) {
  Bmp bmp;
  bmp.header = 56;
  bmp.width = bmp.height = 1;
  bmp.bits = 16;
  bmp.compression = 3;
  bmp.masks = {0xF800, 0x07E0, 0x001E, 1};
  bmp.pixels = {0x5E, 0xFC, 0, 0};  // 31, 34, 15, 0
  const Picture picture = MustDecode(bmp.File());
  ASSERT_TRUE(picture.has_alpha);
  const uint8_t* p = picture.u8()->row(0);
  EXPECT_EQ(std::vector<int>(p, p + 4), (std::vector<int>{255, 34 * 255 / 63, 255, 255}));
  bmp.masks[0] = 0xF000 | 1 << 3;
  const auto gap = Decode(bmp.File());
  EXPECT_EQ(gap.status().code(), StatusCode::kCorrupt);
}

Bmp Runs(int bits, Bytes pixels) {
  Bmp bmp;
  bmp.bits = bits;
  bmp.width = 5;
  bmp.height = 2;
  bmp.compression = bits == 8 ? 1 : bits == 4 ? 2 : 4;
  for (int i = 0; i < 16 && bits < 24; ++i) {
    for (int c = 0; c < 4; ++c) bmp.extra.push_back(static_cast<uint8_t>(c < 3 ? 10 * i : 0));
  }
  bmp.colours = 16;
  if (bits == 24) bmp.colours = 0;
  bmp.pixels = std::move(pixels);
  return bmp;
}

std::vector<int> Reds(const Picture& picture) {
  std::vector<int> reds;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) reds.push_back(picture.u8()->row(y)[3 * x]);
  }
  return reds;
}

TEST(Bmp, RunLengths) {
  const std::vector<int> want = {0, 0, 90, 0, 0, 10, 10, 10, 20, 30};
  // The lower row: a run of three, two pixels by themselves (too few for a literal: runs); then a
  // step over two pixels of the upper row.
  EXPECT_EQ(Reds(MustDecode(Runs(8, {3, 1, 1, 2, 1, 3, 0, 0, 0, 2, 2, 0, 1, 9, 0, 1}).File())),
            want);
  EXPECT_EQ(Reds(MustDecode(Runs(4, {3, 0x11, 2, 0x23, 0, 0, 0, 2, 2, 0, 1, 0x90, 0, 1}).File())),
            want);
  // Literals of three and five, filled up to two bytes.
  EXPECT_EQ(Reds(MustDecode(
                Runs(8, {0, 5, 1, 1, 1, 2, 3, 0, 0, 0, 2, 0, 0, 3, 9, 0, 0, 0, 0, 1}).File())),
            want);
  EXPECT_EQ(Reds(MustDecode(
                Runs(4, {0, 5, 0x11, 0x12, 0x30, 0, 0, 0, 2, 0, 0, 3, 0x90, 0, 0, 1}).File())),
            want);
  const Bmp rle24 = Runs(24, {3, 0, 0, 10, 0, 2, 2, 0, 1, 7, 8, 20, 0, 1});
  Bmp os2 = rle24;
  os2.header = 64;
  const Picture picture = MustDecode(os2.File());
  EXPECT_EQ(Reds(picture), (std::vector<int>{0, 0, 0, 0, 0, 10, 10, 10, 0, 0}));
}

TEST(Bmp, RunsThatEndEarlyOrLeaveThePicture) {
  const auto early = Decode(Runs(8, {5, 1, 0, 0, 3, 1}).File());
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(early.status().message().find("at row 1 of 2"), std::string::npos)
      << early.status().message();
  // All pixels there, only the end is not.
  EXPECT_EQ(MustDecode(Runs(8, {5, 1, 0, 0, 5, 2}).File()).warning, "");
  const Picture beyond = MustDecode(Runs(8, {9, 1, 0, 0, 5, 2, 0, 1}).File());
  EXPECT_NE(beyond.warning.find("damaged"), std::string::npos);
  EXPECT_EQ(Reds(beyond), (std::vector<int>{20, 20, 20, 20, 20, 10, 10, 10, 10, 10}));
  const Picture far = MustDecode(Runs(8, {0, 2, 255, 255, 5, 2, 0, 1}).File());
  EXPECT_EQ(Reds(far), std::vector<int>(10, 0));
}

TEST(Bmp, TruncatedFilesSayHowFarTheyGo) {
  Bmp bmp;
  bmp.width = bmp.height = 100;
  bmp.pixels = Rows(100, 100, 24, false, [](int, int) { return 0u; });
  const Bytes file = bmp.File();
  for (size_t size = 0; size < file.size(); ++size) {
    const auto cut = Decode(std::span(file).first(size));
    ASSERT_FALSE(cut.ok()) << size;
    if (size >= 54) {
      EXPECT_EQ(cut.status().code(), StatusCode::kCorrupt);
      EXPECT_NE(
          cut.status().message().find("at row " + std::to_string((size - 54) / 300) + " of 100"),
          std::string::npos)
          << cut.status().message();
    }
  }
}

TEST(Bmp, ColoursThatThePaletteLacksAreTold) {
  Bmp bmp;
  bmp.bits = 8;
  bmp.width = bmp.height = 1;
  bmp.colours = 2;
  bmp.extra = {1, 2, 3, 0, 4, 5, 6, 0};
  bmp.pixels = {1, 0, 0, 0};
  EXPECT_EQ(MustDecode(bmp.File()).warning, "");
  bmp.pixels = {2, 0, 0, 0};
  EXPECT_NE(MustDecode(bmp.File()).warning.find("palette"), std::string::npos);
}

TEST(Bmp, KindsThatAreNotReadAreNamed) {
  for (const auto& [compression, word] :
       {std::pair{4u, "JPEG"}, {5u, "PNG"}, {11u, "CMYK"}, {77u, "unknown"}}) {
    Bmp bmp;
    bmp.header = 124;
    bmp.bits = compression < 11 ? 0 : 32;
    bmp.compression = compression;
    bmp.pixels.resize(100);
    const auto refused = Decode(bmp.File());
    EXPECT_EQ(refused.status().code(), StatusCode::kUnsupported);
    EXPECT_NE(refused.status().message().find(word), std::string::npos)
        << refused.status().message();
  }
}

TEST(Bmp, SizesThatCannotBe) {
  Bmp bmp;
  bmp.pixels.resize(64);
  for (const auto& [width, height] : {std::pair{-4, 3},
                                      {0, 3},
                                      {4, 0},
                                      {INT32_MAX, INT32_MAX},
                                      {INT32_MAX, INT32_MIN},
                                      {4, INT32_MIN},
                                      {INT32_MIN, 3},
                                      {100000, 2000}}) {
    bmp.width = width;
    bmp.height = height;
    EXPECT_FALSE(Decode(bmp.File()).ok()) << width << " x " << height;
  }
  EXPECT_EQ(Decode(bmp.File()).status().code(), StatusCode::kCorrupt);
}

TEST(Bmp, ProfileOfTheLastHeader) {
  Bmp bmp;
  bmp.header = 124;
  bmp.pixels = Rows(4, 3, 24, false, Rgb24);
  bmp.profile = Profile("RGB ", 500);
  EXPECT_EQ(MustDecode(bmp.File()).metadata.icc, bmp.profile);
  bmp.profile = Profile("CMYK", 500);
  EXPECT_TRUE(MustDecode(bmp.File()).metadata.icc.empty());
}

TEST(Bmp, ResolutionOfTheHeader) {
  Bmp bmp;
  bmp.pixels = Rows(4, 3, 24, false, Rgb24);
  EXPECT_FALSE(MustDecode(bmp.File()).metadata.resolution.known());
  bmp.per_metre = 11811;
  const Resolution inch300 = {300, 300, Resolution::Unit::kInch};
  EXPECT_EQ(MustDecode(bmp.File()).metadata.resolution, inch300);
  bmp.per_metre = UINT32_MAX;  // whatever comes of it, it can be written
  const Picture odd = MustDecode(bmp.File());
  MustEncode(odd.u8()->view(), {.metadata = &odd.metadata});
}

TEST(Bmp, ArraysGiveTheirFirstPicture) {
  Bmp bmp;
  bmp.pixels = Rows(4, 3, 24, false, Rgb24);
  Bytes file = bmp.File();
  Bmp::Put(file, 10, 14 + 54, 4);
  Bytes array(14, 0);
  array[0] = 'B';
  array[1] = 'A';
  array.insert(array.end(), file.begin(), file.end());
  ExpectWanted(array);
}

TEST(Bmp, InAStream) {
  Bmp plain, runs = Runs(8, {5, 1, 0, 0, 5, 2, 0, 1});
  plain.pixels = Rows(4, 3, 24, false, Rgb24);
  plain.header = 124;
  plain.profile = Profile("RGB ", 500);
  const std::vector<Bytes> files = {plain.File(), runs.File(), plain.File()};
  PictureStream stream(1 << 20);
  std::vector<Bytes> out;
  for (const Bytes& file : files) {
    for (const uint8_t byte : file) {
      stream.Append({&byte, 1});
      while (auto next = stream.Next()) out.push_back(*std::move(next));
    }
    EXPECT_EQ(out.size(), static_cast<size_t>(&file - files.data()) + 1);  // answered at once
  }
  stream.Close();
  EXPECT_FALSE(stream.Next());
  EXPECT_EQ(out, files);
  // One that is cut short ends where the next begins.
  PictureStream broken(1 << 20);
  Bytes cut = plain.File();
  cut.resize(150);
  broken.Append(cut);
  broken.Append(files[1]);
  broken.Append(files[1]);
  broken.Close();
  EXPECT_EQ(broken.Next().value_or(Bytes()), cut);
  EXPECT_EQ(broken.Next().value_or(Bytes()), files[1]);
  EXPECT_EQ(broken.Next().value_or(Bytes()), files[1]);
}

}  // namespace
}  // namespace peel
