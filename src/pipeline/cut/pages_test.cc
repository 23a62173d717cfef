// What src/rectify does with pages, together with the codecs: real photographs, and PDFs of what
// they encode.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/test_files.h"
#include "src/codec/tiff/g4_encode.h"
#include "src/rectify/enhance/enhance.h"
#include "src/rectify/pdf/pdf_writer.h"
#include "src/rectify/text/reading_direction.h"
#include "src/rectify/text/test_page.h"

namespace peel {
namespace {

// People, animals, food and streets.
TEST(PagesTest, PhotographsAreNoPages) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  ThreadPool pool;
  int looked_at = 0;
  for (const char* name :
       {"objects/cat_1080p.jpg", "objects/hot_dog.jpg", "objects/owl.jpg", "objects/parrot.jpg",
        "objects/pets.jpg", "camera/Nikon_D70.jpg", "camera/iphone_hdr_NO.jpg"}) {
    const auto bytes = ReadFileForTest(SharedImages() / name);
    if (bytes.empty()) continue;
    DecodeOptions options;
    options.min_width = options.min_height = 600;  // a reduced copy where that is quicker
    const auto picture = Decode(bytes, options);
    ASSERT_TRUE(picture.ok()) << name << ": " << picture.status().message();
    if (picture->u8() == nullptr) continue;
    ++looked_at;
    EXPECT_FALSE(IsTextPage(picture->u8()->view(), &pool)) << name;
    const ReadingDirection direction = FindReadingDirection(picture->u8()->view(), &pool);
    EXPECT_LT(direction.confidence, kCertainTurn) << name;
    EXPECT_EQ(direction.turn, 0) << name;
  }
  EXPECT_GE(looked_at, 5);
}

struct Pages {
  ImageU8 mask = testing::TextMask(600, 800, 3, 2);
  ImageU8 colour = testing::Photograph(
      600, 800, 3, [](int x, int, int c) { return 240 - 0.05 * x - 20 * c; },
      [this](int x, int y, int) { return mask.row(y)[x] == 0 ? 0.2 : 1.0; });
};

TEST(PagesTest, PdfHoldsTheJpegAndTheFaxAsTheyAre) {
  for (const char* tool : {"qpdf", "pdfimages"}) {
    if (std::system((std::string("command -v ") + tool + " >/dev/null").c_str()) != 0) {
      GTEST_SKIP() << tool << " is not installed (Debian: qpdf, poppler-utils)";
    }
  }
  const Pages pages;
  const auto jpeg = Encode(pages.colour.view(), {.format = Format::kJpeg});
  const auto fax = EncodeG4(pages.mask.view());
  ASSERT_TRUE(jpeg.ok() && fax.ok());
  std::string bytes;
  PdfWriter writer(
      [&](std::span<const uint8_t> piece) {
        bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return OkStatus();
      },
      {"Two pages", "Peel", {}});
  PdfPage page;
  page.width_pt = PointsFromMm(210);
  page.height_pt = PointsFromMm(280);
  page.picture = PdfG4{*fax, 600, 800};
  ASSERT_TRUE(writer.AddPage(1, page).ok());
  page.picture = PdfJpeg{*jpeg, 600, 800, 3};
  ASSERT_TRUE(writer.AddPage(0, page).ok());
  ASSERT_TRUE(writer.Finish().ok());

  TestFolder folder;
  folder.Put("doc.pdf", bytes);
  ASSERT_EQ(std::system(("cd '" + folder / "" +
                         "' && qpdf --check doc.pdf >said 2>&1 && pdfimages -j -f 1 -l 1 doc.pdf "
                         "one && pdfimages -png -f 2 -l 2 doc.pdf two")
                            .c_str()),
            0)
      << folder.Get("said");
  EXPECT_EQ(folder.Get("one-000.jpg"), std::string(jpeg->begin(), jpeg->end()));
  const std::string png = folder.Get("two-000.png");
  const auto picture = Decode({reinterpret_cast<const uint8_t*>(png.data()), png.size()}, {});
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  for (int y = 0; y < 800; ++y) {
    for (int x = 0; x < 600; ++x) {
      ASSERT_EQ(picture->u8()->row(y)[3 * x], pages.mask.row(y)[x]) << x << ", " << y;
    }
  }
}

}  // namespace
}  // namespace peel
