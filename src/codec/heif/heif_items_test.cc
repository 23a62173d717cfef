#include "src/codec/heif/heif_items.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/codec/decode.h"
#include "src/codec/frames.h"
#include "src/codec/heif/heif_check.h"
#include "src/codec/heif/hevc_size.h"
#include "src/codec/heif/test_heif.h"
#include "src/codec/lazy/heif_library.h"
#include "src/codec/test_files.h"

namespace peel {
namespace {

constexpr uint64_t kPixels = 250'000'000;

// Items 1 and 2 are plain orange pictures of 64 x 64, item 3 is of `type`, made of `parts`.
HeifBuilder Made(const std::string& type, const TestBytes& data, uint32_t width, uint32_t height,
                 const std::vector<uint32_t>& parts) {
  HeifBuilder file;
  const int hevc = file.Hevc(), small = file.Size(64, 64), whole = file.Size(width, height);
  file.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, small}});
  file.Add({2, "hvc1", HeifBuilder::HevcData(), {hevc, small}});
  file.Add({3, type, data, {whole}});
  file.Refer("dimg", 3, parts);
  return file;
}

// The code of decoding it; what is refused must be refused before the library gets it.
StatusCode CodeOf(const TestBytes& file, std::string* text = nullptr) {
  const auto picture = Decode(file);
  if (text != nullptr) *text = picture.status().message();
  if (!picture.ok()) {
    const auto info = Probe(file);
    EXPECT_FALSE(info.ok()) << "what cannot be decoded is probed: " << picture.status().message();
  }
  return picture.status().code();
}

bool HaveHeif() { return OpenHeifLibrary().ok(); }

std::vector<int> PixelAt(const Picture& picture, int x, int y) {
  const uint8_t* p = picture.u8()->row(y) + ptrdiff_t{x} * (picture.has_alpha ? 4 : 3);
  return {p[0], p[1], p[2]};
}

void ExpectOrange(const Picture& picture, int x, int y) {
  const std::vector<int> p = PixelAt(picture, x, y);
  EXPECT_NEAR(p[0], 200, 12) << x << ", " << y;
  EXPECT_NEAR(p[1], 80, 12);
  EXPECT_NEAR(p[2], 40, 12);
}

TEST(HeifItems, ReadsWhatTheBoxesSay) {
  HeifBuilder file = Made("grid", GridData(2, 1, 128, 64), 128, 64, {1, 2});
  const TestBytes bytes = file.Build(3);
  const auto items = ReadHeifItems(bytes);
  ASSERT_TRUE(items.ok()) << items.status().message();
  EXPECT_EQ(items->primary, 3u);
  ASSERT_EQ(items->items.size(), 3u);
  EXPECT_EQ(items->Find(3)->type, FourCc("grid"));
  EXPECT_EQ(items->Find(3)->made_of, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(items->Find(2)->Data(), HeifBuilder::HevcData());
  EXPECT_EQ(items->Find(4), nullptr);
  EXPECT_EQ(items->PropertyOf(*items->Find(1), FourCc("hvcC")).payload.size(), 111u);
}

TEST(HeifItems, EveryShorterFileIsRefused) {
  const TestBytes bytes = Made("grid", GridData(2, 1, 128, 64), 128, 64, {1, 2}).Build(3);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const TestBytes cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    const auto items = ReadHeifItems(cut);
    ASSERT_FALSE(items.ok()) << size;
    EXPECT_EQ(items.status().code(), StatusCode::kCorrupt);
  }
}

TEST(HeifItems, DataBehindTheEndOrRoundTheWholeOf64Bits) {
  for (const auto& [offset, length] :
       std::vector<std::pair<uint64_t, uint64_t>>{{1 << 20, 4},
                                                  {UINT64_MAX - 2, 8},
                                                  {uint64_t{1} << 63, uint64_t{1} << 63},
                                                  {0, 1 << 20}}) {
    HeifBuilder file = Made("grid", GridData(2, 1, 128, 64), 128, 64, {1, 2});
    file.Misplace(2, offset, length);
    EXPECT_EQ(CodeOf(file.Build(3)), StatusCode::kCorrupt) << offset;
  }
}

TEST(HeifItems, ItemsThatShareTheirBytesManyTimesAreALimit) {
  HeifBuilder file;
  const int hevc = file.Hevc(), size = file.Size(64, 64);
  file.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, size}});
  file.Add({2, "mime", TestBytes(1 << 20), {}});
  for (uint32_t id = 10; id < 40; ++id) file.Add({id, "mime", {}, {}, false, true});
  EXPECT_EQ(CodeOf(file.Build(1)), StatusCode::kLimit);
}

TEST(HevcSize, IsReadFromItsParameterSet) {
  HeifBuilder file;
  const int hevc = file.Hevc(128), size = file.Size(128, 64);
  file.Add({1, "hvc1", HeifBuilder::HevcData(128), {hevc, size}});
  const TestBytes bytes = file.Build(1);
  const auto items = ReadHeifItems(bytes);
  ASSERT_TRUE(items.ok());
  const auto read = HevcSizeOfPicture(items->PropertyOf(*items->Find(1), FourCc("hvcC")).payload,
                                      items->Find(1)->Data());
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->width, 128);
  EXPECT_EQ(read->height, 64);
  EXPECT_EQ(read->bits, 8);
}

TEST(HeifCheck, GridsAndOverlaysInsideTheirCanvasAreRead) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  const auto grid = Decode(Made("grid", GridData(2, 1, 120, 50), 120, 50, {1, 2}).Build(3));
  ASSERT_TRUE(grid.ok()) << grid.status().message();
  EXPECT_EQ(grid->width(), 120);
  EXPECT_EQ(grid->height(), 50);
  ExpectOrange(*grid, 119, 49);
  const auto overlay =
      Decode(Made("iovl", OverlayData(100, 90, {{0, 0}, {36, 26}}), 100, 90, {1, 2}).Build(3));
  ASSERT_TRUE(overlay.ok()) << overlay.status().message();
  ExpectOrange(*overlay, 0, 0);
  ExpectOrange(*overlay, 99, 89);
  EXPECT_EQ(PixelAt(*overlay, 99, 0), (std::vector<int>{255, 255, 255}));
  const auto same = Decode(Made("iden", {}, 64, 64, {1}).Build(3));
  ASSERT_TRUE(same.ok()) << same.status().message();
  ExpectOrange(*same, 63, 63);
}

TEST(HeifCheck, OverlayLeftOfOrAboveItsCanvas) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  for (const auto& place : std::vector<std::pair<int, int>>{
           {-40, 0}, {0, -40}, {-63, -63}, {-64, -64}, {INT32_MIN, 0}, {0, INT32_MIN}, {-1, -1}}) {
    const TestBytes file =
        Made("iovl", OverlayData(100, 90, {{0, 0}, place}), 100, 90, {1, 2}).Build(3);
    std::string text;
    EXPECT_EQ(CodeOf(file, &text), StatusCode::kUnsupported) << place.first << ", " << place.second;
    EXPECT_NE(text.find("libheif"), std::string::npos) << text;
    EXPECT_NE(text.find("'iovl'"), std::string::npos) << text;
  }
}

TEST(HeifCheck, OneBadFrameKeepsNoOtherBack) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  const TestBytes file =
      Made("iovl", OverlayData(100, 90, {{0, 0}, {0, -40}}), 100, 90, {1, 2}).Build(1);
  const auto frames = OpenFrames(file);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  ASSERT_EQ((*frames)->count(), 3);
  EXPECT_TRUE((*frames)->Next().ok());
  EXPECT_TRUE((*frames)->Next().ok());
  EXPECT_EQ((*frames)->Next().status().code(), StatusCode::kUnsupported);
}

TEST(HeifCheck, NewerLibrariesGetWhatTheyDrawRight) {
  const auto check = [](int x, int y, const std::string& version) {
    const TestBytes bytes =
        Made("iovl", OverlayData(100, 90, {{0, 0}, {x, y}}), 100, 90, {1, 2}).Build(3);
    const auto items = ReadHeifItems(bytes);
    return CheckHeifImage(*items, 3, version, kPixels).code();
  };
  EXPECT_EQ(check(-8, 0, "1.15.1"), StatusCode::kUnsupported);
  EXPECT_EQ(check(-8, 0, "1.20.2"), StatusCode::kUnsupported);
  EXPECT_EQ(check(-8, 0, "1.21.0"), StatusCode::kOk);
  EXPECT_EQ(check(0, -8, "1.21.0"), StatusCode::kUnsupported);
  EXPECT_EQ(check(200, 0, "1.15.1"), StatusCode::kUnsupported);
  EXPECT_EQ(check(200, 0, "1.18.0"), StatusCode::kOk);
  EXPECT_EQ(check(90, 80, "1.15.1"), StatusCode::kOk);
}

TEST(HeifCheck, PicturesMadeOfThemselves) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  EXPECT_EQ(CodeOf(Made("iden", {}, 64, 64, {3}).Build(3)), StatusCode::kCorrupt);
  HeifBuilder circle;
  const int size = circle.Size(64, 64);
  circle.Add({1, "iden", {}, {size}});
  circle.Add({2, "grid", GridData(1, 1, 64, 64), {size}});
  circle.Add({3, "iovl", OverlayData(64, 64, {{0, 0}}), {size}});
  circle.Refer("dimg", 1, {2});
  circle.Refer("dimg", 2, {3});
  circle.Refer("dimg", 3, {1});
  EXPECT_EQ(CodeOf(circle.Build(1)), StatusCode::kCorrupt);
  // A chain without a circle, deeper than any file needs.
  HeifBuilder chain;
  const int hevc = chain.Hevc(), same = chain.Size(64, 64);
  chain.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, same}});
  for (uint32_t id = 2; id < 2000; ++id) {
    chain.Add({id, "iden", {}, {same}});
    chain.Refer("dimg", id, {id - 1});
  }
  EXPECT_EQ(CodeOf(chain.Build(1999)), StatusCode::kCorrupt);
  EXPECT_EQ(CodeOf(chain.Build(5)), StatusCode::kOk);
}

TEST(HeifCheck, ChainsFoundFromBelowAreAsDeep) {
  // The overlay's parts are met in the order that lets each find the one below it known already.
  HeifBuilder file;
  const int hevc = file.Hevc(), size = file.Size(64, 64);
  file.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, size}});
  std::vector<uint32_t> parts = {1};
  std::vector<std::pair<int, int>> places = {{0, 0}};
  for (uint32_t id = 2; id < 40; ++id) {
    file.Add({id, "iden", {}, {size}});
    file.Refer("dimg", id, {id - 1});
    parts.push_back(id);
    places.emplace_back(0, 0);
  }
  file.Add({100, "iovl", OverlayData(64, 64, places), {size}});
  file.Refer("dimg", 100, parts);
  const TestBytes bytes = file.Build(100);
  const auto items = ReadHeifItems(bytes);
  ASSERT_TRUE(items.ok());
  EXPECT_EQ(CheckHeifImage(*items, 100, "1.15.1", kPixels).code(), StatusCode::kCorrupt);
}

TEST(HeifCheck, PicturesMadeOfWhatIsNone) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  for (const char* type : {"iden", "grid", "iovl"}) {
    HeifBuilder file;
    const int size = file.Size(64, 64);
    file.Add({1, "mime", {1, 2, 3, 4}, {size}});
    file.Add({3,
              type,
              type == std::string("grid") ? GridData(1, 1, 64, 64) : OverlayData(64, 64, {{0, 0}}),
              {size}});
    file.Refer("dimg", 3, {1});
    EXPECT_NE(CodeOf(file.Build(3)), StatusCode::kOk) << type;
    HeifBuilder nothing;
    nothing.Add({3, type, {}, {nothing.Size(64, 64)}});
    EXPECT_EQ(CodeOf(nothing.Build(3)), StatusCode::kCorrupt) << type;
  }
}

TEST(HeifCheck, GridsThatDoNotFit) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  // Its tiles leave a part uncovered, which would show foreign memory.
  EXPECT_EQ(CodeOf(Made("grid", GridData(2, 1, 200, 64), 200, 64, {1, 2}).Build(3)),
            StatusCode::kCorrupt);
  EXPECT_EQ(CodeOf(Made("grid", GridData(2, 1, 128, 65), 128, 65, {1, 2}).Build(3)),
            StatusCode::kCorrupt);
  // It is larger than its item says: memory that no limit has seen.
  EXPECT_EQ(CodeOf(Made("grid", GridData(2, 1, 30000, 30000), 128, 64, {1, 2}).Build(3)),
            StatusCode::kCorrupt);
  // Fewer tiles than it says.
  EXPECT_EQ(CodeOf(Made("grid", GridData(2, 2, 128, 128), 128, 128, {1, 2}).Build(3)),
            StatusCode::kCorrupt);
  // Tiles of two sizes.
  HeifBuilder mixed;
  const int hevc = mixed.Hevc(), small = mixed.Size(64, 64), wide = mixed.Hevc(128),
            large = mixed.Size(128, 64);
  mixed.Add({1, "hvc1", HeifBuilder::HevcData(128), {wide, large}});
  mixed.Add({2, "hvc1", HeifBuilder::HevcData(), {hevc, small}});
  mixed.Add({3, "grid", GridData(2, 1, 128, 64), {large}});
  mixed.Refer("dimg", 3, {1, 2});
  EXPECT_EQ(CodeOf(mixed.Build(3)), StatusCode::kCorrupt);
}

TEST(HeifCheck, TilesThatAreNotAsLargeAsTheySay) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  HeifBuilder file;
  const int hevc = file.Hevc(), said = file.Size(128, 128), whole = file.Size(256, 128);
  file.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, said}});
  file.Add({2, "hvc1", HeifBuilder::HevcData(), {hevc, said}});
  file.Add({3, "grid", GridData(2, 1, 256, 128), {whole}});
  file.Refer("dimg", 3, {1, 2});
  EXPECT_EQ(CodeOf(file.Build(3)), StatusCode::kCorrupt);
}

TEST(HeifCheck, TransparencyOfAnotherSizeThanItSays) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  const auto with_alpha = [](int alpha_hevc_width, uint32_t said_width, bool turned) {
    HeifBuilder file;
    const int hevc = file.Hevc(128), size = file.Size(128, 64);
    const int alpha_hevc = file.Hevc(alpha_hevc_width), alpha_size = file.Size(said_width, 64);
    TestBytes kind(4);
    for (const char c : std::string_view("urn:mpeg:hevc:2015:auxid:1\0", 27)) {
      kind.push_back(static_cast<uint8_t>(c));
    }
    const int alpha_kind = file.Property("auxC", kind);
    const int turn = file.Property("irot", {2});
    file.Add({1, "hvc1", HeifBuilder::HevcData(128), {hevc, size}});
    std::vector<int> properties = {alpha_hevc, alpha_size, alpha_kind};
    if (turned) properties.push_back(turn);
    file.Add({2, "hvc1", HeifBuilder::HevcData(alpha_hevc_width), properties});
    file.Refer("auxl", 2, {1});
    return file.Build(1);
  };
  const auto right = Decode(with_alpha(128, 128, false));
  ASSERT_TRUE(right.ok()) << right.status().message();
  EXPECT_TRUE(right->has_alpha);
  EXPECT_EQ(CodeOf(with_alpha(64, 128, false)), StatusCode::kCorrupt);
  const TestBytes turned = with_alpha(128, 128, true);
  EXPECT_EQ(CheckHeifImage(*ReadHeifItems(turned), 1, "1.15.1", kPixels).code(),
            StatusCode::kUnsupported);
  EXPECT_EQ(CheckHeifImage(*ReadHeifItems(turned), 1, "1.18.0", kPixels).code(), StatusCode::kOk);
}

TEST(HeifCheck, ManySmallPicturesOnOneCanvasAreALimit) {
  std::vector<uint32_t> parts(6000, 1);
  const std::vector<std::pair<int, int>> places(6000, {0, 0});
  const TestBytes bytes = Made("iovl", OverlayData(64, 64, places), 64, 64, parts).Build(3);
  const auto items = ReadHeifItems(bytes);
  ASSERT_TRUE(items.ok()) << items.status().message();
  EXPECT_EQ(CheckHeifImage(*items, 3, "1.15.1", 1'000'000).code(), StatusCode::kLimit);
  EXPECT_EQ(CheckHeifImage(*items, 3, "1.15.1", 10'000'000).code(), StatusCode::kOk);
}

TEST(HeifCheck, AThumbnailAsPrimaryPictureGivesTheOneThatIsShown) {
  if (!HaveHeif()) GTEST_SKIP() << "libheif is not installed";
  HeifBuilder file;
  const int hevc = file.Hevc(), size = file.Size(64, 64), wide = file.Hevc(128),
            large = file.Size(128, 64);
  file.Add({1, "hvc1", HeifBuilder::HevcData(), {hevc, size}});
  file.Add({2, "hvc1", HeifBuilder::HevcData(128), {wide, large}});
  file.Refer("thmb", 1, {2});
  const auto picture = Decode(file.Build(1));
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_EQ(picture->width(), 128);
  EXPECT_EQ(picture->frames, 1);
}

TEST(HeifCheck, KindsThatANewerLibraryReads) {
  HeifBuilder file;
  file.Add({1, "unci", {1, 2, 3}, {file.Size(64, 64)}});
  const TestBytes bytes = file.Build(1);
  const auto items = ReadHeifItems(bytes);
  ASSERT_TRUE(items.ok());
  const Status old = CheckHeifKind(*items, 1, "1.15.1");
  EXPECT_EQ(old.code(), StatusCode::kUnsupported);
  EXPECT_NE(old.message().find("libheif 1.15.1 is too old"), std::string::npos) << old.message();
  EXPECT_EQ(CheckHeifKind(*items, 1, "1.22.0").code(), StatusCode::kUnsupported);
  EXPECT_TRUE(CheckHeifKind(*items, 1, "1.22.1").ok());
}

TEST(HeifCheck, ThePictureBehindAnInvalidPrimaryOne) {
  PEEL_SKIP_WITHOUT_SHARED_IMAGES();
  const auto picture = Decode(ReadFileForTest(SharedImages() / "reports" / "invalid_id.heic"));
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_EQ(picture->width(), 564);
  EXPECT_EQ(picture->height(), 870);
}

}  // namespace
}  // namespace peel
