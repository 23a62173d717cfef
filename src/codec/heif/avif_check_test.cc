#include "src/codec/heif/avif_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/codec/frames.h"
#include "src/codec/heif/avif.h"
#include "src/codec/heif/heif_items.h"
#include "src/codec/heif/test_heif.h"
#include "src/codec/lazy/avif_library.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/test_files.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

TestBytes Track(std::string_view kind) {
  TestBytes handler(8);
  Put(handler, kind);
  handler.resize(25);
  return TestBox("trak", TestBox("mdia", TestBox("hdlr", handler)));
}

TEST(AvifCheck, TracksOfSoundBecomeFreeSpace) {
  TestBytes tracks = Track("pict");
  Put(tracks, Track("soun"));
  Put(tracks, Track("auxv"));
  const TestBytes file = TestBox("moov", tracks);
  TestBytes want = file;
  const std::string_view name = "trak";
  auto at = std::search(want.begin(), want.end(), name.begin(), name.end());
  at = std::search(at + 4, want.end(), name.begin(), name.end());
  std::copy_n("free", 4, at);
  EXPECT_EQ(AvifWithoutSound(file), want);
  EXPECT_TRUE(AvifWithoutSound(TestBox("moov", Track("pict"))).empty());
  for (size_t size = 0; size < file.size(); ++size) {
    AvifWithoutSound({file.data(), size});  // within its bytes
  }
}

TEST(AvifCheck, ASequenceWithSoundIsRead) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto file = ReadFileForTest(SharedImages() / "reports" / "colors-animated-8bpc-audio.avif");
  const auto frames = OpenFrames(file);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  EXPECT_EQ((*frames)->count(), 5);
  const auto picture = (*frames)->Next();
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_EQ(picture->width(), 150);
}

// A grid of two tiles, items 2 and 3, with alpha maps for the first `alphas` of them, items 4
// and 5.
TestBytes GridWithTileAlphas(size_t alphas) {
  HeifBuilder file;
  const int size = file.Size(64, 64), whole = file.Size(128, 64);
  TestBytes kind(4);
  Put(kind, "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha");
  kind.push_back(0);
  const int alpha = file.Property("auxC", kind);
  file.Add({1, "grid", GridData(2, 1, 128, 64), {whole}});
  for (const uint32_t id : {2, 3}) file.Add({id, "av01", {1}, {size}});
  for (const uint32_t id : {4, 5}) file.Add({id, "av01", {1}, {size, alpha}});
  file.Refer("dimg", 1, {2, 3});
  for (uint32_t i = 0; i < alphas; ++i) file.Refer("auxl", 4 + i, {2 + i});
  return file.Build(1);
}

TEST(AvifCheck, TilesGiveTheirPlaceToTheirAlphaMaps) {
  const TestBytes bytes = GridWithTileAlphas(2);
  const auto alphas = AvifOfTileAlphas(bytes, "0.11.1");
  ASSERT_TRUE(alphas.ok()) << alphas.status().message();
  ASSERT_EQ(alphas->size(), bytes.size());
  EXPECT_EQ(ReadHeifItems(*alphas)->Find(1)->made_of, (std::vector<uint32_t>{4, 5}));
  EXPECT_TRUE(AvifOfTileAlphas(bytes, "1.0.0")->empty());
  EXPECT_TRUE(AvifOfTileAlphas(GridWithTileAlphas(0), "0.11.1")->empty());
  const Status old = AvifOfTileAlphas(GridWithTileAlphas(1), "0.11.1").status();
  EXPECT_EQ(old.code(), StatusCode::kUnsupported);
  EXPECT_NE(old.message().find("libavif 0.11.1 is too old"), std::string::npos) << old.message();
}

TEST(AvifCheck, TransparencyTileByTileIsKept) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto bytes = ReadFileForTest(SharedImages() / "reports" / "color_grid_alpha_nogrid.avif");
  const auto info = Probe(bytes);
  ASSERT_TRUE(info.ok()) << info.status().message();
  EXPECT_TRUE(info->has_alpha);
  const Picture picture = MustDecode(bytes);
  ASSERT_TRUE(picture.has_alpha);
  ASSERT_EQ(picture.width(), 80);
  int least = 255, most = 0;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      const int alpha = picture.u8()->row(y)[4 * x + 3];
      least = std::min(least, alpha);
      most = std::max(most, alpha);
    }
  }
  EXPECT_LT(least, 32);
  EXPECT_GT(most, 224);
}

TEST(AvifCheck, TooLargeIsALimitAndNoDamage) {
  if (!OpenAvifLibrary().ok()) GTEST_SKIP() << "libavif is not installed";
  auto file = EncodeAvif(Smooth(40, 30, 3).view(), {});
  ASSERT_TRUE(file.ok()) << file.status().message();
  DecodeOptions options;
  options.limits.max_pixels = 1000;
  const auto small = DecodeAvif(*file, options);
  EXPECT_EQ(small.status().code(), StatusCode::kLimit) << small.status().message();
  EXPECT_NE(small.status().message().find("40 x 30"), std::string::npos);
  options.limits.max_pixels = 1200;
  EXPECT_TRUE(DecodeAvif(*file, options).ok());

  const std::string_view name = "ispe";
  auto at = std::search(file->begin(), file->end(), name.begin(), name.end());
  ASSERT_NE(at, file->end());
  for (const ptrdiff_t side : {8, 12}) {
    at[side] = 0, at[side + 1] = 0, at[side + 2] = 20000 >> 8, at[side + 3] = 20000 & 255;
  }
  const auto large = DecodeAvif(*file, {});
  EXPECT_EQ(large.status().code(), StatusCode::kLimit) << large.status().message();
  EXPECT_NE(large.status().message().find("20000 x 20000"), std::string::npos);
  // Allowed by the user, and more than libavif can.
  options.limits.max_pixels = 1'000'000'000;
  const auto allowed = DecodeAvif(*file, options);
  EXPECT_EQ(allowed.status().code(), StatusCode::kLimit);
  EXPECT_NE(allowed.status().message().find("libavif"), std::string::npos);
}

TEST(LibraryText, IsOneCleanLine) {
  EXPECT_EQ(LibraryText("File does not include any supported brands.\n"),
            "File does not include any supported brands");
  EXPECT_EQ(LibraryText("a\t\n b\x1b[31m\x80"), "a b [31m");
  EXPECT_EQ(LibraryText(""), "");
  EXPECT_EQ(InParentheses(" \n"), "");
  EXPECT_EQ(InParentheses("x.\n"), " (x)");
  EXPECT_EQ(LibraryText(std::string(5000, 'x')).size(), 200u);
}

TEST(LibraryVersion, Compares) {
  EXPECT_LT(LibraryVersion::Parse("1.9.1"), LibraryVersion::Parse("1.15.1"));
  EXPECT_LT(LibraryVersion::Parse("0.11.1"), LibraryVersion::Parse("1.0.0"));
  EXPECT_EQ(LibraryVersion::Parse("1.15"), (LibraryVersion{1, 15, 0}));
  EXPECT_EQ(LibraryVersion::Parse("1.2.3-rc1"), (LibraryVersion{1, 2, 3}));
  EXPECT_EQ(LibraryVersion::Parse("x"), LibraryVersion{});
}

}  // namespace
}  // namespace peel
