#include "src/rectify/pdf/pdf_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/image/test_pixels.h"
#include "src/rectify/pdf/pdf_text.h"

// What is written is read by others: qpdf and poppler's tools (qpdf and poppler-utils in Debian).
namespace peel {
namespace {

// 8 x 8 pixels of grey 200 as a JPEG, by Pillow.
constexpr std::array<uint8_t, 159> kGreyJpeg = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x10, 0x0b, 0x0c, 0x0e, 0x0c, 0x0a, 0x10,
    0x0e, 0x0d, 0x0e, 0x12, 0x11, 0x10, 0x13, 0x18, 0x28, 0x1a, 0x18, 0x16, 0x16, 0x18, 0x31, 0x23,
    0x25, 0x1d, 0x28, 0x3a, 0x33, 0x3d, 0x3c, 0x39, 0x33, 0x38, 0x37, 0x40, 0x48, 0x5c, 0x4e, 0x40,
    0x44, 0x57, 0x45, 0x37, 0x38, 0x50, 0x6d, 0x51, 0x57, 0x5f, 0x62, 0x67, 0x68, 0x67, 0x3e, 0x4d,
    0x71, 0x79, 0x70, 0x64, 0x78, 0x5c, 0x65, 0x67, 0x63, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08,
    0x00, 0x08, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0xff, 0xc4, 0x00, 0x14,
    0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x48, 0xff, 0xd9};
constexpr PdfJpeg kJpeg = {kGreyJpeg, 8, 8, 1};

// 16 x 8 pixels by libtiff, of which T.6 calls black all but the first y + 2 of row y.
constexpr std::array<uint8_t, 9> kFaxBytes = {0x2e, 0x0e, 0xee, 0xee, 0xee, 0xe0, 0x02, 0x00, 0x20};

PdfPage PageOf(std::variant<PdfJpeg, PdfG4, PdfPixels> picture, double width_pt, double height_pt) {
  PdfPage page;
  page.picture = picture;
  page.width_pt = width_pt;
  page.height_pt = height_pt;
  return page;
}

// A writer into memory.
struct Document {
  explicit Document(PdfInfo info = {"", "Peel", {}})
      : writer(
            [this](std::span<const uint8_t> piece) {
              bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
              return OkStatus();
            },
            std::move(info)) {}
  std::string bytes;
  PdfWriter writer;
};

class PdfToolsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"qpdf", "pdfimages", "pdftoppm", "pdfinfo"}) {
      if (std::system((std::string("command -v ") + tool + " >/dev/null").c_str()) != 0) {
        GTEST_SKIP() << tool << " is not installed (Debian: qpdf, poppler-utils)";
      }
    }
  }
  // What a command says that is run in the folder of doc.pdf; it must succeed.
  std::string Run(const std::string& command) {
    const int code =
        std::system(("cd '" + folder_ / "" + "' && " + command + " >said 2>&1").c_str());
    std::string said = folder_.Get("said");
    EXPECT_EQ(code, 0) << command << ": " << said;
    return said;
  }
  void Put(Document* document) {
    const Status finished = document->writer.Finish();
    ASSERT_TRUE(finished.ok()) << finished.message();
    folder_.Put("doc.pdf", document->bytes);
    EXPECT_NE(Run("qpdf --check doc.pdf").find("No syntax or stream encoding errors"),
              std::string::npos);
  }
  // A page as pixels, at so many dots per inch.
  ImageU8 Render(int page, int dpi) {
    Run("pdftoppm -aa no -aaVector no -r " + std::to_string(dpi) + " -f " + std::to_string(page) +
        " -singlefile doc.pdf page");
    std::ifstream in(folder_ / "page.ppm", std::ios::binary);
    std::string magic;
    int width = 0, height = 0, most = 0;
    in >> magic >> width >> height >> most;
    in.get();
    Result<ImageU8> image = ImageU8::Allocate(width, height, 3);
    EXPECT_TRUE(image.ok());
    if (!image.ok()) return ImageU8();
    for (int y = 0; y < height; ++y) {
      in.read(reinterpret_cast<char*>(image->row(y)), ptrdiff_t{width} * 3);
    }
    EXPECT_TRUE(in.good());
    return std::move(*image);
  }
  TestFolder folder_;
};

TEST_F(PdfToolsTest, JpegComesOutByteForByte) {
  Document document;
  ASSERT_TRUE(document.writer.AddPage(0, PageOf(kJpeg, 72, 144)).ok());
  Put(&document);
  Run("pdfimages -j doc.pdf out");
  EXPECT_EQ(folder_.Get("out-000.jpg"), std::string(kGreyJpeg.begin(), kGreyJpeg.end()));
  const ImageU8 page = Render(1, 72);
  EXPECT_EQ(page.width(), 72);
  EXPECT_EQ(page.height(), 144);
  EXPECT_EQ(page.row(70)[36 * 3], 200);
}

TEST_F(PdfToolsTest, FaxPagesAreBlackWhereTheyShould) {
  Document document;
  for (const bool black_is_one : {false, true}) {
    ASSERT_TRUE(
        document.writer
            .AddPage(black_is_one, PageOf(PdfG4{kFaxBytes, 16, 8, black_is_one}, 16 * 72, 8 * 72))
            .ok());
  }
  Put(&document);
  EXPECT_NE(Run("pdfimages -list doc.pdf").find("ccitt"), std::string::npos);
  for (const int number : {1, 2}) {
    const ImageU8 page = Render(number, 4);
    ASSERT_EQ(page.width(), 64);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 16; ++x) {
        const bool black = (x >= y + 2) == (number == 1);
        EXPECT_EQ(page.row(4 * y + 2)[(4 * x + 2) * 3], black ? 0 : 255)
            << number << ": " << x << ", " << y;
      }
    }
  }
}

TEST_F(PdfToolsTest, PixelsOfEveryNumberOfChannels) {
  Document document;
  std::vector<ImageU8> pictures;
  for (const int channels : {1, 2, 3, 4}) {
    pictures.push_back(testing::Noise(static_cast<uint32_t>(channels), 23, 17, channels));
    ImageU8& picture = pictures.back();
    // A gradient below, for which another filter is better than for noise.
    for (int y = 6; y < 17; ++y) {
      for (int i = 0; i < 23 * channels; ++i) {
        picture.row(y)[i] = static_cast<uint8_t>(y < 12 ? 5 * i : 9 * y + 7 * (i % channels));
      }
    }
    ASSERT_TRUE(document.writer
                    .AddPage(channels - 1,
                             PageOf(PdfPixels(std::as_const(picture).view()), 23 * 72, 17 * 72))
                    .ok());
  }
  Put(&document);
  for (int channels = 1; channels <= 4; ++channels) {
    const ImageU8 page = Render(channels, 4);
    ASSERT_EQ(page.width(), 4 * 23);
    ASSERT_EQ(page.height(), 4 * 17);
    const ImageU8& picture = pictures[static_cast<size_t>(channels - 1)];
    const int colours = channels < 3 ? 1 : 3;
    for (int y = 0; y < 17; ++y) {
      for (int x = 0; x < 23; ++x) {
        const uint8_t* from = picture.row(y) + x * channels;
        const int alpha = channels % 2 == 0 ? from[channels - 1] : 255;
        for (int c = 0; c < 3; ++c) {
          const int colour = from[colours == 1 ? 0 : c];
          const int want = (colour * alpha + 255 * (255 - alpha) + 127) / 255;
          EXPECT_NEAR(page.row(4 * y + 2)[(4 * x + 2) * 3 + c], want, 1)
              << channels << ": " << x << ", " << y;
        }
      }
    }
  }
}

TEST_F(PdfToolsTest, OrientationTurnsAsInExif) {
  // F-shaped: no two orientations look alike.
  constexpr std::array<std::string_view, 3> kUpright = {"##", "#.", ".."};
  Document document;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const bool lies = orientation >= 5;
    ImageU8 stored = std::move(*ImageU8::Allocate(lies ? 3 : 2, lies ? 2 : 3, 1));
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 2; ++x) {
        const std::array<std::pair<int, int>, 8> kPlaces = {{{x, y},
                                                             {1 - x, y},
                                                             {1 - x, 2 - y},
                                                             {x, 2 - y},
                                                             {y, x},
                                                             {y, 1 - x},
                                                             {2 - y, 1 - x},
                                                             {2 - y, x}}};
        const auto [sx, sy] = kPlaces[static_cast<size_t>(orientation - 1)];
        stored.row(sy)[sx] =
            kUpright[static_cast<size_t>(y)][static_cast<size_t>(x)] == '#' ? 0 : 255;
      }
    }
    PdfPage page = PageOf(std::as_const(stored).view(), 2 * 72, 3 * 72);
    page.orientation = orientation;
    ASSERT_TRUE(document.writer.AddPage(orientation, page).ok());
  }
  Put(&document);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const ImageU8 page = Render(orientation, 4);
    ASSERT_EQ(page.width(), 8);
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 2; ++x) {
        EXPECT_EQ(page.row(4 * y + 2)[(4 * x + 2) * 3],
                  kUpright[static_cast<size_t>(y)][static_cast<size_t>(x)] == '#' ? 0 : 255)
            << orientation << ": " << x << ", " << y;
      }
    }
  }
}

TEST_F(PdfToolsTest, MaskOfAJpegLetsThePaperThrough) {
  ImageU8 mask = std::move(*ImageU8::Allocate(8, 8, 1));
  for (int y = 0; y < 8; ++y) std::fill_n(mask.row(y), 8, y < 4 ? 0 : 255);
  PdfPage page = PageOf(kJpeg, 8 * 72, 8 * 72);
  page.mask = mask.view();
  Document document;
  ASSERT_TRUE(document.writer.AddPage(0, page).ok());
  Put(&document);
  const ImageU8 seen = Render(1, 1);
  EXPECT_EQ(seen.row(1)[3], 255);
  EXPECT_EQ(seen.row(6)[3], 200);
}

TEST_F(PdfToolsTest, PagesStandInOrderWhateverCameFirst) {
  // More than one node of the page tree holds, with holes between them.
  Document document;
  for (int i = 0; i < 70; ++i) {
    const int index = (i * 37) % 70;
    ASSERT_TRUE(document.writer.AddPage(2 * index, PageOf(kJpeg, 100 + index, 50)).ok());
  }
  EXPECT_EQ(document.writer.pages(), 70);
  Put(&document);
  const std::string said = Run("pdfinfo -f 1 -l 70 doc.pdf");
  EXPECT_NE(said.find("Pages:           70"), std::string::npos) << said;
  for (const int number : {1, 2, 33, 64, 65, 70}) {
    char line[64];
    std::snprintf(line, sizeof line, "Page %4d size:  %d x 50 pts", number, 99 + number);
    EXPECT_NE(said.find(line), std::string::npos) << line << said;
  }
}

TEST_F(PdfToolsTest, SizesAndInformation) {
  Document document({"Größe (1) \\ 𝄞", "Peel 0.1.0", 1767225599});
  ASSERT_TRUE(document.writer.AddPage(0, PageOf(kJpeg, PointsFromMm(210), PointsFromMm(297))).ok());
  ASSERT_TRUE(document.writer.AddPage(1, PageOf(kJpeg, PointsFromPixels(1275, 150), 0.25)).ok());
  Put(&document);
  const std::string said = Run("pdfinfo -rawdates -enc UTF-8 -l 2 doc.pdf");
  for (const char* line :
       {"Title:           Größe (1) \\ 𝄞\n", "Producer:        Peel 0.1.0\n",
        "CreationDate:    D:20251231235959Z\n", "Page    1 size:  595.276 x 841.89 pts (A4)\n",
        "Page    2 size:  612 x 3 pts\n", "PDF version:     1.7\n", "Metadata Stream: yes\n"}) {
    EXPECT_NE(said.find(line), std::string::npos) << line << said;
  }
  const std::string xmp = Run("pdfinfo -meta doc.pdf");
  EXPECT_NE(xmp.find("<xmp:CreateDate>2025-12-31T23:59:59Z</xmp:CreateDate>"), std::string::npos);
  EXPECT_NE(xmp.find("Größe (1) \\ 𝄞"), std::string::npos) << xmp;
}

std::vector<uint8_t> ProfileOf(const char* space) {
  std::vector<uint8_t> icc(200, 0);
  std::copy_n(space, 4, icc.begin() + 16);
  return icc;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(PdfWriterTest, AProfileIsWrittenOnceAndOnlyWhereItFits) {
  const std::vector<uint8_t> grey = ProfileOf("GRAY"), rgb = ProfileOf("RGB ");
  Document document;
  for (const int index : {0, 1, 2}) {
    PdfPage page = PageOf(kJpeg, 72, 72);
    page.icc = index < 2 ? grey : rgb;
    ASSERT_TRUE(document.writer.AddPage(index, page).ok());
  }
  PdfPage fax = PageOf(PdfG4{kFaxBytes, 16, 8}, 72, 72);
  fax.icc = grey;
  ASSERT_TRUE(document.writer.AddPage(3, fax).ok());
  ASSERT_TRUE(document.writer.Finish().ok());
  EXPECT_EQ(Count(document.bytes, "/N 1/"), 1u);
  EXPECT_EQ(Count(document.bytes, "/N 3/"), 0u);
  EXPECT_EQ(Count(document.bytes, "/ColorSpace[/ICCBased 1 0 R]"), 2u);
  EXPECT_EQ(Count(document.bytes, "/ColorSpace/DeviceGray"), 2u);
}

TEST(PdfWriterTest, TheSamePagesAreTheSameBytes) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    Document document({"title", "Peel", 0});
    ASSERT_TRUE(document.writer.AddPage(0, PageOf(kJpeg, 72, 72)).ok());
    ASSERT_TRUE(document.writer.Finish().ok());
    if (i == 0) first = document.bytes;
    EXPECT_EQ(document.bytes, first);
  }
  Document other({"titel", "Peel", 0});
  ASSERT_TRUE(other.writer.AddPage(0, PageOf(kJpeg, 72, 72)).ok());
  ASSERT_TRUE(other.writer.Finish().ok());
  const size_t id = first.find("/ID[<");
  EXPECT_NE(first.substr(id), other.bytes.substr(other.bytes.find("/ID[<")));
}

TEST(PdfWriterTest, WhatIsNoPageIsRefusedAndHarmsNothing) {
  Document document;
  const auto refused = [&](const PdfPage& page, const std::string& why, int64_t index = 5) {
    const Status status = document.writer.AddPage(index, page);
    EXPECT_FALSE(status.ok()) << why;
    EXPECT_NE(status.message().find(why), std::string::npos) << status.message();
  };
  const PdfPage good = PageOf(kJpeg, 72, 72);
  ASSERT_TRUE(document.writer.AddPage(0, good).ok());
  refused(good, "page 1 of the PDF is there already", 0);
  refused(good, "counted from 0", -1);
  PdfPage page = good;
  std::get<PdfJpeg>(page.picture).channels = 4;
  refused(page, "CMYK");
  std::get<PdfJpeg>(page.picture).channels = 2;
  refused(page, "channels");
  refused(PageOf(PdfJpeg{kFaxBytes, 8, 8, 1}, 72, 72), "does not begin like one");
  refused(PageOf(PdfJpeg{{}, 8, 8, 1}, 72, 72), "does not begin like one");
  refused(PageOf(PdfJpeg{kGreyJpeg, 0, 8, 1}, 72, 72), "at least one pixel");
  refused(PageOf(PdfG4{{}, 8, 8}, 72, 72), "empty");
  refused(PageOf(PdfPixels{}, 72, 72), "at least one pixel");
  refused(PageOf(PdfPixels{nullptr, 1, 1, 1, 1}, 72, 72), "no pixels");
  const ImageU8 five = testing::Noise(1, 3, 3, 5);
  refused(PageOf(five.view(), 72, 72), "channels");
  page = good;
  page.orientation = 9;
  refused(page, "orientation");
  for (const double width : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
    refused(PageOf(kJpeg, width, 72), "wider and higher");
    refused(PageOf(kJpeg, 72, width), "wider and higher");
  }
  refused(PageOf(kJpeg, 14401, 72), "5080 mm");
  const ImageU8 mask = testing::Noise(1, 8, 8, 1), small = testing::Noise(1, 8, 7, 1);
  page = good;
  page.mask = small.view();
  refused(page, "mask");
  const ImageU8 rgba = testing::Noise(1, 8, 8, 4);
  page.picture = rgba.view();
  page.mask = mask.view();
  refused(page, "mask");

  ASSERT_TRUE(document.writer.AddPage(1, good).ok());
  ASSERT_TRUE(document.writer.Finish().ok());
  EXPECT_NE(document.bytes.find("/Count 2"), std::string::npos);
  EXPECT_NE(document.writer.AddPage(2, good).message().find("finished"), std::string::npos);
  EXPECT_NE(document.writer.Finish().message().find("finished"), std::string::npos);
}

TEST(PdfWriterTest, NoPageIsNoFile) {
  Document document;
  EXPECT_EQ(document.writer.Finish().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(document.bytes.empty());
}

TEST(PdfWriterTest, AFullDiskIsTold) {
  // Wherever it is full.
  Document whole;
  ASSERT_TRUE(whole.writer.AddPage(0, PageOf(kJpeg, 72, 72)).ok());
  ASSERT_TRUE(whole.writer.Finish().ok());
  for (size_t room = 0; room < whole.bytes.size(); room += 64) {
    size_t left = room;
    int calls_after = -1;
    PdfWriter writer(
        [&](std::span<const uint8_t> piece) {
          ++calls_after;
          if (piece.size() > left) {
            left = 0;
            calls_after = 0;
            return IoError("no space left on device");
          }
          left -= piece.size();
          return OkStatus();
        },
        {"", "Peel", {}});
    Status status = writer.AddPage(0, PageOf(kJpeg, 72, 72));
    if (status.ok()) status = writer.Finish();
    EXPECT_EQ(status.code(), StatusCode::kIo) << room;
    EXPECT_EQ(writer.AddPage(1, PageOf(kJpeg, 72, 72)).code(), StatusCode::kIo);
    EXPECT_EQ(writer.Finish().code(), StatusCode::kIo);
    EXPECT_EQ(calls_after, 0) << "it went on writing";
  }
}

TEST(PdfWriterTest, NoFileGrowsBeyondFourGibibytes) {
  uint64_t size = 0;
  PdfWriter writer(
      [&](std::span<const uint8_t> piece) {
        size += piece.size();
        return OkStatus();
      },
      {"", "Peel", {}});
  std::vector<uint8_t> large(size_t{128} << 20);
  std::copy_n(kGreyJpeg.begin(), kGreyJpeg.size(), large.begin());
  Status status;
  int added = 0;
  for (; added < 100; ++added) {
    status = writer.AddPage(added, PageOf(PdfJpeg{large, 8, 8, 1}, 72, 72));
    if (!status.ok()) break;
  }
  EXPECT_EQ(added, 31);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("4 GiB"), std::string::npos);
  EXPECT_TRUE(writer.AddPage(added, PageOf(kJpeg, 72, 72)).ok()) << "a small one still fits";
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_LT(size, uint64_t{1} << 32);
}

TEST(PdfTextTest, Numbers) {
  EXPECT_EQ(pdf::Number(595.27559), "595.2756");
  EXPECT_EQ(pdf::Number(72), "72");
  EXPECT_EQ(pdf::Number(0), "0");
  EXPECT_EQ(pdf::Number(100), "100");
  EXPECT_EQ(pdf::Number(-0.00001), "0");
  EXPECT_EQ(pdf::Number(-1.5), "-1.5");
  EXPECT_EQ(pdf::Number(std::numeric_limits<double>::infinity()), "0");
}

TEST(PdfTextTest, Strings) {
  EXPECT_EQ(pdf::TextString("a (b) \\"), "(a \\(b\\) \\\\)");
  EXPECT_EQ(pdf::TextString("\n"), "<FEFF000A>");
  EXPECT_EQ(pdf::TextString("ä€"), "<FEFF00E420AC>");
  EXPECT_EQ(pdf::TextString("😀"), "<FEFFD83DDE00>");
  // Alone, too long, a surrogate, cut off, beyond Unicode.
  EXPECT_EQ(pdf::TextString("\x80"), "<FEFFFFFD>");
  EXPECT_EQ(pdf::TextString("\xC0\x80"), "<FEFFFFFDFFFD>");
  EXPECT_EQ(pdf::TextString("\xED\xA0\x80"), "<FEFFFFFDFFFDFFFD>");
  EXPECT_EQ(pdf::TextString("a\xE2\x82"), "<FEFF0061FFFDFFFD>");
  EXPECT_EQ(pdf::TextString("\xF4\x90\x80\x80"), "<FEFFFFFDFFFDFFFDFFFD>");
}

TEST(PdfTextTest, DatesAndPacket) {
  EXPECT_EQ(pdf::Date(0), "D:19700101000000Z");
  EXPECT_EQ(pdf::XmpDate(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(pdf::Date(-1), "D:19691231235959Z");
  EXPECT_EQ(pdf::Date(std::numeric_limits<int64_t>::max()), "D:99991231235959Z");
  EXPECT_EQ(pdf::Date(std::numeric_limits<int64_t>::min()), "D:00010101000000Z");
  const std::string xmp = pdf::XmpPacket("<a> & \x01", "", nullptr);
  EXPECT_NE(xmp.find("&lt;a&gt; &amp; \xEF\xBF\xBD<"), std::string::npos) << xmp;
  EXPECT_EQ(xmp.find("Producer>"), std::string::npos);
  EXPECT_EQ(xmp.find("CreateDate>"), std::string::npos);
}

}  // namespace
}  // namespace peel
