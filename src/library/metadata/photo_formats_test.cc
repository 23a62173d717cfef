#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "src/base/os/test_folder.h"
#include "src/codec/heif/test_heif.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/photo_metadata.h"
#include "src/library/metadata/test_photo.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

Bytes Chunk(std::string_view type, const Bytes& data) {
  Bytes out;
  AppendNumber(&out, data.size(), 4);
  Append(&out, type);
  Append(&out, data);
  AppendNumber(&out, 0, 4);  // no reader of headers asks for the checksum
  return out;
}

Bytes Packed(const Bytes& data) {
  Bytes out(compressBound(data.size()));
  uLongf size = out.size();
  compress(out.data(), &size, data.data(), data.size());
  out.resize(size);
  return out;
}

Bytes Png(std::initializer_list<Bytes> chunks, uint8_t bits = 8) {
  Bytes out = FromText("\x89PNG\r\n\x1A\n");
  Bytes header;
  AppendNumber(&header, 300, 4);
  AppendNumber(&header, 200, 4);
  header.insert(header.end(), {bits, 2, 0, 0, 0});
  Append(&out, Chunk("IHDR", header));
  for (const Bytes& chunk : chunks) Append(&out, chunk);
  Append(&out, Chunk("IEND", {}));
  return out;
}

Bytes SmallExif() {
  TestDirectory first(false);
  first.Text(0x010F, "Maker").Short(0x0112, {3});
  return TestTiff(false, first);
}

// A profile of a 'desc' tag alone: of version 2, or of version 4 in two languages.
Bytes Icc(std::string_view description, bool version4 = false) {
  Bytes icc(128);
  std::copy_n("acsp", 4, icc.begin() + 36);
  AppendNumber(&icc, 1, 4);
  Append(&icc, "desc");
  AppendNumber(&icc, 144, 4);
  Bytes tag = FromText(version4 ? "mluc\0\0\0\0"sv : "desc\0\0\0\0"sv);
  if (version4) {
    AppendNumber(&tag, 2, 4);
    AppendNumber(&tag, 12, 4);
    Append(&tag, "deDE");
    AppendNumber(&tag, 2, 4);
    AppendNumber(&tag, 40, 4);
    Append(&tag, "enUS");
    AppendNumber(&tag, 2 * description.size(), 4);
    AppendNumber(&tag, 42, 4);
    Append(&tag, "\0x"sv);
    for (const char c : description) AppendNumber(&tag, static_cast<uint8_t>(c), 2);
  } else {
    AppendNumber(&tag, description.size() + 1, 4);
    Append(&tag, description);
    tag.push_back(0);
  }
  AppendNumber(&icc, tag.size(), 4);
  Append(&icc, tag);
  return icc;
}

TEST(PhotoFormatsTest, IccProfilesAreCalledByTheirDescription) {
  EXPECT_EQ(IccDescription(Icc("Wide Gamut")), "Wide Gamut");
  EXPECT_EQ(IccDescription(Icc("Wide Gamut", true)), "Wide Gamut");
  EXPECT_EQ(IccDescription(FromText("no profile at all, but long enough to be one of them")), "");
  Bytes first = FromText("\1\2"sv), second = FromText("\2\2"sv);
  const Bytes icc = Icc("In two parts");
  first.insert(first.end(), icc.begin(), icc.begin() + 140);
  second.insert(second.end(), icc.begin() + 140, icc.end());
  const auto photo = ReadBytes(TestJpeg(
      {Segment(0xE2, "ICC_PROFILE\0"sv, first), Segment(0xE2, "ICC_PROFILE\0"sv, second)}));
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->color_profile, "In two parts");
}

TEST(PhotoFormatsTest, PngOverItsPixels) {
  Bytes xmp = FromText("XML:com.adobe.xmp\0\0\0\0\0"sv);
  Append(&xmp, TestXmp("xmp:Rating='4'"));
  Bytes profile = FromText("name\0\0"sv);
  Append(&profile, Packed(Icc("Packed profile")));
  const auto photo = ReadBytes(Png(
      {Chunk("sRGB", {0}), Chunk("iCCP", profile), Chunk("tEXt", FromText("Title\0Z\xFCrich"sv)),
       Chunk("iTXt", FromText("Description\0\0\0\0\0Z\xC3\xBCri"sv)),
       Chunk("acTL", {0, 0, 0, 2, 0, 0, 0, 0}), Chunk("IDAT", Bytes(100000)),
       Chunk("IDAT", Bytes(100000)), Chunk("eXIf", SmallExif()), Chunk("iTXt", xmp)},
      16));
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->warning, "");
  EXPECT_EQ(photo->format, "png");
  EXPECT_EQ(photo->width, 300);
  EXPECT_EQ(photo->height, 200);
  EXPECT_EQ(photo->bit_depth, 16);
  EXPECT_EQ(photo->color_profile, "Packed profile");
  EXPECT_EQ(photo->title, "Zürich");
  EXPECT_EQ(photo->description, "Züri");
  EXPECT_TRUE(photo->is_animated);
  EXPECT_EQ(photo->orientation, 3);
  EXPECT_EQ(photo->rating, 4);
  const auto still =
      ReadBytes(Png({Chunk("acTL", {0, 0, 0, 1, 0, 0, 0, 0}), Chunk("cICP", {12, 13, 0, 1})}));
  EXPECT_FALSE(still->is_animated);
  EXPECT_EQ(still->color_profile, "Display P3");
}

TEST(PhotoFormatsTest, PngWithImageMagicksProfiles) {
  for (const std::string_view before : {"", "Exif"}) {
    Bytes block = FromText(before);
    if (!before.empty()) block.insert(block.end(), 2, 0);
    Append(&block, SmallExif());
    Bytes hex = FromText("\nexif\n      " + std::to_string(block.size()) + "\n");
    for (size_t i = 0; i < block.size(); ++i) {
      hex.push_back(static_cast<uint8_t>("0123456789abcdef"[block[i] >> 4]));
      hex.push_back(static_cast<uint8_t>("0123456789abcdef"[block[i] & 15]));
      if (i % 36 == 35) hex.push_back('\n');
    }
    Bytes text = FromText("Raw profile type exif\0\0"sv);
    Append(&text, Packed(hex));
    const auto photo = ReadBytes(Png({Chunk("zTXt", text)}));
    ASSERT_TRUE(photo.ok());
    EXPECT_EQ(photo->orientation, 3) << before;
    EXPECT_EQ(photo->make, "Maker");
  }
}

Bytes Webp(std::initializer_list<std::pair<std::string_view, Bytes>> chunks) {
  Bytes out = FromText("RIFF\0\0\0\0WEBP"sv);
  for (const auto& [type, data] : chunks) {
    Append(&out, type);
    AppendNumber(&out, data.size(), 4, true);
    Append(&out, data);
    if (data.size() % 2 != 0) out.push_back(0);
  }
  return out;
}

TEST(PhotoFormatsTest, WebpOfEachKind) {
  const Bytes lossy = {0, 0, 0, 0x9D, 0x01, 0x2A, 44, 1, 200, 0};
  const Bytes lossless = {0x2F, 0x2B, 0xC1, 0x31, 0};  // 300 x 200
  const Bytes extended = {0, 0, 0, 0, 43, 1, 0, 199, 0, 0};
  for (const auto& file : {Webp({{"VP8 ", lossy}}), Webp({{"VP8L", lossless}}),
                           Webp({{"VP8X", extended}, {"VP8 ", lossy}})}) {
    const auto photo = ReadBytes(file);
    ASSERT_TRUE(photo.ok()) << photo.status().message();
    EXPECT_EQ(photo->format, "webp");
    EXPECT_EQ(photo->width, 300);
    EXPECT_EQ(photo->height, 200);
    EXPECT_FALSE(photo->is_animated);
  }
  const auto photo = ReadBytes(Webp({{"VP8X", extended},
                                     {"ICCP", Icc("W")},
                                     {"ANMF", Bytes(17)},
                                     {"ANMF", Bytes(16)},
                                     {"EXIF", SmallExif()},
                                     {"XMP ", FromText(TestXmp("xmp:Rating='1'"))}}));
  ASSERT_TRUE(photo.ok());
  EXPECT_TRUE(photo->is_animated);
  EXPECT_EQ(photo->color_profile, "W");
  EXPECT_EQ(photo->make, "Maker");
  EXPECT_EQ(photo->rating, 1);
}

TEST(PhotoFormatsTest, GifFramesAndXmp) {
  const Bytes frame = {0x2C, 0, 0, 0, 0, 44, 1, 200, 0, 0, 2, 3, 1, 2, 3, 0};
  Bytes gif = FromText("GIF89a\x2C\x01\xC8\0\x80\0\0"sv);
  gif.resize(gif.size() + 6);  // two colours
  Append(&gif, "\x21\xFF\x0BXMP DataXMP"sv);
  Append(&gif, TestXmp("dc:title='Moving'"));
  gif.push_back(1);
  for (int i = 255; i >= 0; --i) gif.push_back(static_cast<uint8_t>(i));
  gif.push_back(0);
  Append(&gif, frame);
  Bytes one = gif, two = gif;
  one.push_back(0x3B);
  Append(&two, frame);
  const auto still = ReadBytes(one), moving = ReadBytes(two);
  ASSERT_TRUE(still.ok() && moving.ok());
  EXPECT_EQ(still->width, 300);
  EXPECT_EQ(still->height, 200);
  EXPECT_EQ(still->title, "Moving");
  EXPECT_EQ(still->warning, "");
  EXPECT_FALSE(still->is_animated);
  EXPECT_TRUE(moving->is_animated);
  EXPECT_NE(ReadBytes(gif)->warning, "");  // without its end
}

TEST(PhotoFormatsTest, BmpOfEachHeader) {
  Bytes old = FromText("BM");
  old.resize(14);
  AppendNumber(&old, 12, 4, true);
  for (const int number : {300, 200, 1, 24})
    AppendNumber(&old, static_cast<uint64_t>(number), 2, true);
  old.resize(64);
  Bytes young = FromText("BM");
  young.resize(14);
  AppendNumber(&young, 124, 4, true);
  AppendNumber(&young, 300, 4, true);
  AppendNumber(&young, static_cast<uint32_t>(-200), 4, true);  // from the top
  AppendNumber(&young, 1, 2, true);
  AppendNumber(&young, 24, 2, true);
  young.resize(14 + 124);
  std::copy_n("DEBM", 4, young.begin() + 14 + 56);
  const Bytes icc = Icc("In a BMP");
  young[14 + 112] = 124;
  young[14 + 116] = static_cast<uint8_t>(icc.size());
  Append(&young, icc);
  for (const Bytes& file : {old, young}) {
    const auto photo = ReadBytes(file);
    ASSERT_TRUE(photo.ok()) << photo.status().message();
    EXPECT_EQ(photo->format, "bmp");
    EXPECT_EQ(photo->width, 300);
    EXPECT_EQ(photo->height, 200);
  }
  EXPECT_EQ(ReadBytes(young)->color_profile, "In a BMP");
}

TEST(PhotoFormatsTest, HeifBoxes) {
  for (const auto& [turn, expected] :
       {std::pair(0, 1), std::pair(1, 8), std::pair(2, 3), std::pair(3, 6)}) {
    HeifBuilder builder;
    TestBytes codes;
    Put(codes, "nclx");
    PutBig(codes, 12, 2);
    PutBig(codes, 13, 2);
    PutBig(codes, 0, 3);
    const int size = builder.Size(300, 200);
    const int angle = builder.Property("irot", {static_cast<uint8_t>(turn)});
    const int depth = builder.Property("pixi", {0, 0, 0, 0, 3, 10, 10, 10});
    const int colours = builder.Property("colr", codes);
    builder.Add({1, "hvc1", TestBytes(100), {size, angle, depth, colours}});
    TestBytes exif(4);
    Put(exif, SmallExif());
    builder.Add({2, "Exif", exif, {}});
    const auto photo = ReadBytes(builder.Build(1));
    ASSERT_TRUE(photo.ok()) << photo.status().message();
    EXPECT_EQ(photo->format, "heic");
    EXPECT_EQ(photo->width, 300);
    EXPECT_EQ(photo->height, 200);
    EXPECT_EQ(photo->orientation, expected);  // and not EXIF's
    EXPECT_EQ(photo->bit_depth, 10);
    EXPECT_EQ(photo->color_profile, "Display P3");
    EXPECT_EQ(photo->make, "Maker");
    Bytes motion = builder.Build(1);
    EXPECT_FALSE(photo->motion_photo);
    Append(&motion, TestBox("mpvd", TestBytes(8)));
    EXPECT_TRUE(ReadBytes(motion)->motion_photo);
  }
}

// Bits, the lowest first.
Bytes Codestream(std::initializer_list<std::pair<uint32_t, int>> fields) {
  Bytes out = {0xFF, 0x0A};
  int at = 0;
  for (const auto& [value, bits] : fields) {
    for (int i = 0; i < bits; ++i, ++at) {
      if (at % 8 == 0) out.push_back(0);
      if ((value >> i & 1) != 0) out.back() |= static_cast<uint8_t>(1 << at % 8);
    }
  }
  out.resize(out.size() + 16);
  return out;
}

TEST(PhotoFormatsTest, JxlBits) {
  // Height 200 (13 bits and 1), 3:2; all as usual.
  const auto plain = ReadBytes(Codestream({{0, 1}, {1, 2}, {199, 13}, {4, 3}, {1, 1}}));
  ASSERT_TRUE(plain.ok()) << plain.status().message();
  EXPECT_EQ(plain->format, "jxl");
  EXPECT_EQ(plain->width, 300);
  EXPECT_EQ(plain->height, 200);
  EXPECT_EQ(plain->color_profile, "sRGB");
  // Height and width in eights; turned, moving, 10 bits, Display P3.
  const Bytes turned =
      Codestream({{1, 1}, {24, 5}, {0, 3}, {30, 5}, {0, 1}, {1, 1}, {5, 3}, {0, 1}, {0, 1}, {1, 1},
                  {0, 2}, {0, 2},  {0, 2}, {0, 1},  {0, 1}, {1, 2}, {0, 1}, {0, 2}, {0, 1}, {0, 1},
                  {0, 1}, {0, 2},  {1, 2}, {2, 2},  {9, 4}, {0, 1}, {2, 2}, {11, 4}});
  Bytes box = FromText(
      "\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14"
      "ftypjxl \0\0\0\0jxl "sv);
  TestBytes exif(4);
  Put(exif, SmallExif());
  Append(&box, TestBox("Exif", exif));
  Append(&box, TestBox("jxlc", turned));
  Append(&box, TestBox("xml ", FromText(TestXmp("xmp:Rating='3'"))));
  const auto photo = ReadBytes(box);
  ASSERT_TRUE(photo.ok()) << photo.status().message();
  EXPECT_EQ(photo->width, 248);
  EXPECT_EQ(photo->height, 200);
  EXPECT_EQ(photo->orientation, 6);  // and not EXIF's
  EXPECT_TRUE(photo->is_animated);
  EXPECT_EQ(photo->bit_depth, 10);
  EXPECT_EQ(photo->color_profile, "Display P3");
  EXPECT_EQ(photo->make, "Maker");
  EXPECT_EQ(photo->rating, 3);
}

#ifdef PEEL_HAVE_JXL
TEST(PhotoFormatsTest, JxlUnpacksItsBoxes) {
  // TestXmp's like with xmp:Rating='3', by Brotli.
  constexpr std::string_view kPacked =
      "1bd100208cd36536e431ca9e6e2d18489c8b8d7192b37436b5f131ff704b0aefe91106c415b4dab22ca12089be9d"
      "ce"
      "90fabfb16c171292e348f9d432329ee9aba2e606e5aa8224d9084cbffb15e7a5848ca755c16d8e502a1333c286e3"
      "ef"
      "d317f6b1d938fb1bb1f840b10e866164f651dce0c48ee5497ba9a41b29df13d60e2053f20d0989c40c";
  for (const bool damaged : {false, true}) {
    TestBytes packed = FromHex(kPacked);
    if (damaged) packed[20] ^= 0x55;
    TestBytes box = FromText("xml ");
    Put(box, packed);
    Bytes file = FromText(
        "\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14"
        "ftypjxl \0\0\0\0jxl "sv);
    Append(&file, TestBox("brob", box));
    Append(&file, TestBox("jxlc", Codestream({{0, 1}, {1, 2}, {199, 13}, {4, 3}, {1, 1}})));
    const auto photo = ReadBytes(file);
    ASSERT_TRUE(photo.ok()) << photo.status().message();
    EXPECT_EQ(photo->width, 300);
    EXPECT_EQ(photo->rating, damaged ? std::nullopt : std::optional<int>(3));
    EXPECT_EQ(photo->warning.empty(), !damaged);
  }
}
#endif

TEST(PhotoFormatsTest, RawFilesHaveTheirSensorsSize) {
  TestDirectory preview(true);
  preview.Long(0xFE, 1).Long(0x100, 160).Long(0x101, 120).Short(0x102, {8}).Text(0x010F, "NIKON");
  const size_t at = 8 + preview.size() + 12;
  preview.Long(0x14A, static_cast<uint32_t>(at));
  TestDirectory sensor(true);
  sensor.Long(0xFE, 0).Long(0x100, 6000).Long(0x101, 4000).Short(0x102, {14}).Short(0x106, {32803});
  Bytes nef = FromText("II*\0\x08\0\0\0"sv);
  Append(&nef, preview.At(8));
  Append(&nef, sensor.At(at));
  const auto photo = ReadBytes(nef);
  ASSERT_TRUE(photo.ok()) << photo.status().message();
  EXPECT_EQ(photo->format, "raw");
  EXPECT_EQ(photo->width, 6000);
  EXPECT_EQ(photo->height, 4000);
  EXPECT_EQ(photo->bit_depth, 14);
  EXPECT_EQ(photo->make, "NIKON");
  // Panasonic: borders, and the rest in the preview.
  TestDirectory first(true);
  const Bytes jpeg = TestJpeg({ExifSegment(SmallExif())});
  first.Short(4, {8}).Short(5, {16}).Short(6, {3008}).Short(7, {4016}).Short(0x17, {800});
  first.Raw(0x2E, 7, static_cast<uint32_t>(jpeg.size()), jpeg);
  Bytes rw2 = FromText("IIU\0\x08\0\0\0"sv);
  Append(&rw2, first.At(8));
  const auto panasonic = ReadBytes(rw2);
  ASSERT_TRUE(panasonic.ok()) << panasonic.status().message();
  EXPECT_EQ(panasonic->width, 4000);
  EXPECT_EQ(panasonic->height, 3000);
  EXPECT_EQ(panasonic->iso, 800);
  EXPECT_EQ(panasonic->make, "Maker");
  EXPECT_EQ(panasonic->orientation, 3);
  // Fujifilm: a JPEG and a table of its own.
  Bytes raf = FromText("FUJIFILMCCD-RAW ");
  raf.resize(84);
  AppendNumber(&raf, 100, 4);
  AppendNumber(&raf, jpeg.size(), 4);
  AppendNumber(&raf, 100 + jpeg.size(), 4);
  AppendNumber(&raf, 12, 4);
  Append(&raf, jpeg);
  Append(&raf, "\0\0\0\1\1\x11\0\4\x0B\xB8\x0F\xA0"sv);
  const auto fuji = ReadBytes(raf);
  ASSERT_TRUE(fuji.ok()) << fuji.status().message();
  EXPECT_EQ(fuji->format, "raw");
  EXPECT_EQ(fuji->width, 4000);
  EXPECT_EQ(fuji->height, 3000);
  EXPECT_EQ(fuji->make, "Maker");
}

TEST(PhotoFormatsTest, SamsungsTrailerTellsOfAFilm) {
  for (const uint16_t kind : {0x0A30, 0x0A01}) {
    Bytes jpeg = TestJpeg({});
    Append(&jpeg, Bytes(50));
    Append(&jpeg, "SEFH"sv);
    AppendNumber(&jpeg, 106, 4, true);
    AppendNumber(&jpeg, 1, 4, true);
    AppendNumber(&jpeg, 0, 2, true);
    AppendNumber(&jpeg, kind, 2, true);
    AppendNumber(&jpeg, 50, 4, true);
    AppendNumber(&jpeg, 50, 4, true);
    AppendNumber(&jpeg, 24, 4, true);
    Append(&jpeg, "SEFT"sv);
    EXPECT_EQ(ReadBytes(jpeg)->motion_photo, kind == 0x0A30);
  }
}

// A file is read like bytes in memory, and of a large one no more than its headers.
TEST(PhotoFormatsTest, ReadsHeadersAlone) {
  const Bytes jpeg = TestJpeg({ExifSegment(SmallExif()), Segment(0xE3, "", Bytes(60000))});
  std::string content(jpeg.begin(), jpeg.end());
  content.resize(20 << 20);
  const TestFolder folder;
  const auto file = SourceFile::Open(folder.Put("large.jpg", content));
  ASSERT_TRUE(file.ok());
  HeaderReader reader(**file);
  const auto photo = ReadHeaders(&reader);
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->make, "Maker");
  EXPECT_EQ(photo->width, 640);
  EXPECT_LT(reader.bytes_read(), 30000u);
  EXPECT_EQ(ReadPhotoMetadata(**file)->make, "Maker");
}

}  // namespace
}  // namespace peel::library
