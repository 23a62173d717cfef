// Pictures straightened by a whole cutter, with mattes and corners that are given.
#include "src/pipeline/cut/rectify_upright.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/folder/report.h"

namespace peel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int kWidth = 160, kHeight = 120;
const Quad kBox = {{{{40, 30}, {120, 30}, {120, 90}, {40, 90}}}};

// Each quarter of the box has a colour of its own; dark around.
template <typename T>
Image<T> Picture(int channels = 3) {
  constexpr int kOne = sizeof(T) == 1 ? 1 : 257;
  Image<T> image = *Image<T>::Allocate(kWidth, kHeight, channels);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool inside = x >= 40 && x < 120 && y >= 30 && y < 90;
      const int quarter = inside ? 1 + (x >= 80) + 2 * (y >= 60) : 0;
      const int colours[5][3] = {
          {20, 20, 20}, {200, 40, 40}, {40, 200, 40}, {40, 40, 200}, {200, 200, 40}};
      T* p = image.row(y) + x * channels;
      for (int c = 0; c < 3; ++c) p[c] = static_cast<T>(colours[quarter][c] * kOne);
      if (channels == 4) p[3] = static_cast<T>(255 * kOne);
    }
  }
  return image;
}

// Subject where `inside` says so.
template <typename F>
std::shared_ptr<const ImageU8> MatteOf(F inside) {
  auto matte = std::make_shared<ImageU8>(*ImageU8::Allocate(kWidth, kHeight, 1));
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) matte->row(y)[x] = inside(x, y) ? 255 : 0;
  }
  return matte;
}

std::vector<uint8_t> FileOf(const ImageU8& image, Format format = Format::kPng) {
  EncodeOptions options;
  options.format = format;
  return *Encode(image.view(), options);
}

template <typename T>
std::vector<int> At(const Image<T>& image, int x, int y) {
  const T* p = image.row(y) + x * image.channels();
  return {p, p + image.channels()};
}

class RectifyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { cutter_ = Cutter::Start({.threads = 2}).release(); }
  static void TearDownTestSuite() {
    delete cutter_;
    cutter_ = nullptr;
  }
  // By hand; asked for the size of the box itself.
  static CutOptions ByHand() {
    CutOptions options;
    options.rectify.emplace();
    options.rectify->corners = kBox;
    options.rectify->size.size = {80, 60};
    return options;
  }
  static Cutter* cutter_;
};
Cutter* RectifyTest::cutter_ = nullptr;

TEST_F(RectifyTest, WhatLiesStraightComesOutPixelByPixel) {
  const ImageU8 picture = Picture<uint8_t>();
  const auto cut = cutter_->CutPixels(picture.view(), ByHand());
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  ASSERT_EQ(cut->pixels.width(), 80);
  ASSERT_EQ(cut->pixels.height(), 60);
  ASSERT_EQ(cut->pixels.channels(), 3);
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 80; ++x) {
      ASSERT_EQ(At(cut->pixels, x, y), At(picture, x + 40, y + 30)) << x << "," << y;
    }
  }
  ASSERT_TRUE(cut->rectify && cut->rectify->ok());
  EXPECT_EQ(cut->rectify->quad, kBox);
  EXPECT_EQ(cut->rectify->confidence, 1);
  const Point end = cut->rectify->homography({120, 90});
  EXPECT_NEAR(end.x, 80, 1e-9);
  EXPECT_NEAR(end.y, 60, 1e-9);
  EXPECT_EQ(cut->input_width, kWidth);
}

TEST_F(RectifyTest, SixteenBitsStaySo) {
  const ImageU16 picture = Picture<uint16_t>();
  const auto cut = cutter_->CutPixels(picture.view(), ByHand());
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(At(cut->pixels, 10, 10), At(picture, 50, 40));
  CutOptions draw;
  draw.rectify.emplace();
  draw.rectify->corners = kBox;
  draw.rectify->draw = true;
  EXPECT_THAT(cutter_->CutPixels(picture.view(), draw).status().message(), HasSubstr("8 bits"));
}

TEST_F(RectifyTest, ATurnByHandTurns) {
  CutOptions options = ByHand();
  options.rectify->turn = 90;
  options.rectify->size.size = {60, 80};
  const auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_THAT(At(cut->pixels, 5, 5), ElementsAre(40, 40, 200));    // was at the bottom left
  EXPECT_THAT(At(cut->pixels, 55, 5), ElementsAre(200, 40, 40));   // at the top left
  EXPECT_THAT(At(cut->pixels, 55, 75), ElementsAre(40, 200, 40));  // at the top right
  EXPECT_EQ(cut->rectify->quad.corners[0], kBox.corners[3]);
  EXPECT_EQ(cut->rectify->turn, 90);
}

TEST_F(RectifyTest, MarginsShowWhatIsAroundOrCutOff) {
  CutOptions options = ByHand();
  options.rectify->margin = Length(10);
  auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->pixels.width(), 100);
  EXPECT_THAT(At(cut->pixels, 4, 4), ElementsAre(20, 20, 20));
  EXPECT_THAT(At(cut->pixels, 12, 12), ElementsAre(200, 40, 40));
  const Point corner = cut->rectify->homography(kBox.corners[0]);
  EXPECT_NEAR(corner.x, 10, 1e-9);
  options.rectify->margin = Length::Percent(-10);
  cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->pixels.width(), 64);
  EXPECT_EQ(cut->pixels.height(), 44);
  options.rectify->margin = Length::Percent(-50);
  EXPECT_THAT(cutter_->CutPixels(Picture<uint8_t>().view(), options).status().message(),
              HasSubstr("margin"));
}

TEST_F(RectifyTest, ResultsAreBounded) {
  CutOptions options = ByHand();
  options.decode.max_size = 40;
  const auto cut = cutter_->CutBytes(FileOf(Picture<uint8_t>()), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->width, 40);
  EXPECT_EQ(cut->height, 30);
  EXPECT_EQ(cut->info.full_width, 80);
  options = ByHand();
  options.rectify->size.size = {60000, 60000};
  EXPECT_EQ(cutter_->CutPixels(Picture<uint8_t>().view(), options).status().code(),
            StatusCode::kLimit);
}

TEST_F(RectifyTest, ACutOutIsTheQuadAndWhatTheMatteLeavesOfIt) {
  CutOptions options = ByHand();
  options.rectify->cutout = true;
  options.rectify->margin = Length(4);
  // A rounded corner, and a hole that is not one of the sheet.
  options.matte.given = MatteOf([](int x, int y) {
    const bool box = x >= 40 && x < 120 && y >= 30 && y < 90;
    return box && !(x < 46 && y < 36) && !(x > 70 && x < 80 && y > 50 && y < 60);
  });
  const auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  ASSERT_EQ(cut->pixels.channels(), 4);
  EXPECT_EQ(cut->pixels.width(), 88);
  EXPECT_EQ(At(cut->pixels, 1, 30)[3], 0);     // margin
  EXPECT_EQ(At(cut->pixels, 6, 6)[3], 0);      // rounded
  EXPECT_EQ(At(cut->pixels, 40, 30)[3], 255);  // the hole is filled
  EXPECT_EQ(At(cut->pixels, 80, 50)[3], 255);
}

TEST_F(RectifyTest, AMatteOfSomethingElseDoesNotCount) {
  CutOptions options = ByHand();
  options.rectify->cutout = true;
  options.matte.given = MatteOf([](int x, int y) { return x < 60 && y < 60; });
  const auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(At(cut->pixels, 70, 50)[3], 255);
  EXPECT_TRUE(cut->has_subject);
}

TEST_F(RectifyTest, WhatIsNotInThePictureIsTransparent) {
  CutOptions options = ByHand();
  options.rectify->cutout = true;
  options.rectify->corners = Quad{{{{-40, 30}, {40, 30}, {40, 90}, {-40, 90}}}};
  options.matte.given = MatteOf([](int x, int) { return x < 40; });
  const auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(At(cut->pixels, 10, 30)[3], 0);
  EXPECT_EQ(At(cut->pixels, 60, 30)[3], 255);
}

TEST_F(RectifyTest, GreyResultsHaveOneChannelAndNoColourProfile) {
  CutOptions options = ByHand();
  options.rectify->enhance = Enhancement::kGrey;
  const auto cut = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(cut->pixels.channels(), 1);
  options.rectify->cutout = true;  // which needs its alpha
  options.matte.given =
      MatteOf([](int x, int y) { return x >= 40 && x < 120 && y >= 30 && y < 90; });
  const auto rgba = cutter_->CutPixels(Picture<uint8_t>().view(), options);
  ASSERT_TRUE(rgba.ok()) << rgba.status().message();
  ASSERT_EQ(rgba->pixels.channels(), 4);
  EXPECT_EQ(At(rgba->pixels, 10, 10)[0], At(rgba->pixels, 10, 10)[2]);
}

TEST_F(RectifyTest, AbstainingLeavesNothingUnlessKept) {
  ImageU8 plain = *ImageU8::Allocate(64, 48, 3);
  for (int y = 0; y < 48; ++y) std::fill_n(plain.row(y), 64 * 3, uint8_t{90});
  CutOptions options;
  options.rectify.emplace();
  const auto none = cutter_->CutPixels(plain.view(), options);
  ASSERT_TRUE(none.ok()) << none.status().message();
  ASSERT_TRUE(none->rectify);
  EXPECT_FALSE(none->rectify->ok());
  EXPECT_NE(none->rectify->reason, "");
  EXPECT_TRUE(none->pixels.empty());
  const std::vector<uint8_t> file = FileOf(plain, Format::kJpeg);
  options.encode.format = Format::kJpeg;
  const auto gone = cutter_->CutBytes(file, options);
  ASSERT_TRUE(gone.ok()) << gone.status().message();
  EXPECT_TRUE(gone->bytes.empty());
  options.rectify->keep = true;
  const auto kept = cutter_->CutBytes(file, options);
  ASSERT_TRUE(kept.ok()) << kept.status().message();
  EXPECT_EQ(kept->bytes, file);
  EXPECT_TRUE(kept->info.rectify->is_input);
  options.encode.format = Format::kPng;
  const auto converted = cutter_->CutBytes(file, options);
  ASSERT_TRUE(converted.ok()) << converted.status().message();
  EXPECT_FALSE(converted->info.rectify->is_input);
  EXPECT_EQ(converted->width, 64);
}

TEST_F(RectifyTest, PagesAreJpegsOrGroup4) {
  CutOptions options = ByHand();
  options.encode.format = Format::kJpeg;
  options.encode.pdf_page = true;
  const auto colour = cutter_->CutBytes(FileOf(Picture<uint8_t>()), options);
  ASSERT_TRUE(colour.ok()) << colour.status().message();
  EXPECT_EQ(colour->coding, EncodedCut::Coding::kFile);
  EXPECT_EQ(Sniff(colour->bytes), Format::kJpeg);
  options.rectify->enhance = Enhancement::kBilevel;
  const auto bilevel = cutter_->CutBytes(FileOf(Picture<uint8_t>()), options);
  ASSERT_TRUE(bilevel.ok()) << bilevel.status().message();
  EXPECT_EQ(bilevel->coding, EncodedCut::Coding::kGroup4);
  EXPECT_EQ(bilevel->channels, 1);
}

TEST_F(RectifyTest, CornersByHandWaitForNoModel) {
  const auto broken = Cutter::Start({.model = "/nowhere.onnx", .threads = 1});
  EXPECT_TRUE(broken->CutPixels(Picture<uint8_t>().view(), ByHand()).ok());
  CutOptions found;
  found.rectify.emplace();
  EXPECT_EQ(broken->CutPixels(Picture<uint8_t>().view(), found).status().code(),
            StatusCode::kNotFound);
}

TEST_F(RectifyTest, MemoryIsThatOfTheWholePictureAndOfTheResult) {
  PictureInfo info;
  info.format = Format::kJpeg;
  info.width = 4000;
  info.height = 3000;
  CutOptions options;
  options.decode.max_size = 100;
  const uint64_t cut = EstimateMemory(info, 1 << 20, options);
  options.rectify.emplace();
  const uint64_t straightened = EstimateMemory(info, 1 << 20, options);
  EXPECT_GT(straightened, cut + uint64_t{12'000'000} * 4);
  options.rectify->size.size = {20000, 20000};
  EXPECT_GT(EstimateMemory(info, 1 << 20, options), straightened + uint64_t{300'000'000} * 4);
}

TEST_F(RectifyTest, ReportsHaveTheWordsOfTheirCommand) {
  FileReport report;
  report.input = "a.jpg";
  report.output = "a.rect.png";
  report.state = FileReport::State::kDone;
  RectifyResult& result = report.rectify.emplace();
  result.status = RectifyResult::Status::kOk;
  result.quad = kBox;
  result.ratio = 4.0 / 3;
  EXPECT_THAT(ReportLine(report, nullptr, ReportStyle::kRectify),
              AllOf(HasSubstr(R"("status":"ok")"),
                    HasSubstr(R"("corners":[[40.0,30.0],[120.0,30.0],[120.0,90.0],[40.0,90.0]])"),
                    HasSubstr(R"("homography":[1.0,0.0,)"), HasSubstr(R"("ms":{)"),
                    Not(HasSubstr("focal_px")), Not(HasSubstr("subject"))));
  EXPECT_THAT(ReportLine(report, nullptr),
              AllOf(HasSubstr(R"("status":"done")"), HasSubstr(R"("rectify":{"kind":"document")"),
                    HasSubstr("times_ms")));
  result = {};
  result.reason = "nothing is there";
  report.output.clear();
  EXPECT_THAT(ReportLine(report, nullptr, ReportStyle::kRectify),
              AllOf(HasSubstr(R"("output":"")"), HasSubstr(R"("status":"abstained")"),
                    HasSubstr(R"("reason":"nothing is there")"), Not(HasSubstr("corners")),
                    Not(HasSubstr("width"))));
}

TEST_F(RectifyTest, ResultsGoToPagesInsteadOfFiles) {
  TestFolder folder;
  for (const char* name : {"a.png", "b.png"}) {
    const std::vector<uint8_t> bytes = FileOf(Picture<uint8_t>());
    folder.Put(name, std::string(bytes.begin(), bytes.end()));
  }
  BatchOptions options;
  options.cut = ByHand();
  std::vector<std::pair<uint64_t, int>> pages;
  options.page = [&](const Job& job, int part, const EncodedCut& cut) {
    EXPECT_FALSE(cut.bytes.empty());
    pages.emplace_back(job.number, part);
    return OkStatus();
  };
  const std::vector<Job> jobs = {{{folder / "a.png", ""}, folder / "x.pdf", 7},
                                 {{folder / "b.png", ""}, folder / "x.pdf", 8}};
  int done = 0;
  const Status status = RunBatch(*cutter_, jobs, options, [&](const FileReport& report) {
    done += report.state == FileReport::State::kDone && report.last && report.output_bytes > 0;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(done, 2);
  EXPECT_THAT(pages,
              testing::UnorderedElementsAre(std::pair(uint64_t{7}, 0), std::pair(uint64_t{8}, 0)));
}

}  // namespace
}  // namespace peel
