#include "src/codec/metadata/colour_transform.h"

#include <gtest/gtest.h>

#include <cmath>

#include "src/codec/decode.h"
#include "src/codec/test_files.h"

namespace peel {
namespace {

// The profile of a photograph in Display P3.
std::vector<uint8_t> DisplayP3() {
  const auto path = SharedImages() / "reports/photo_p3.jpg";
  if (!std::filesystem::exists(path)) return {};
  const std::vector<uint8_t> bytes = ReadFileForTest(path);
  auto picture = Decode(bytes);
  return picture.ok() ? picture->metadata.icc : std::vector<uint8_t>();
}

TEST(ColourTransform, SrgbIntoDisplayP3AndBack) {
  const std::vector<uint8_t> p3 = DisplayP3();
  if (p3.empty()) GTEST_SKIP() << "../shared/images is not at hand";
  ImageU8 pixels = *ImageU8::Allocate(3, 1, 4);
  const uint8_t values[] = {200, 60, 60, 255, 255, 255, 255, 128, 0, 0, 0, 7};
  std::copy(std::begin(values), std::end(values), pixels.row(0));
  const auto there = ConvertColours(std::as_const(pixels).view(), {}, p3);
  ASSERT_TRUE(there.ok()) << there.status().message();
  // By the matrices of both spaces (ICC.1, Display P3: SMPTE EG 432-1 primaries).
  EXPECT_NEAR(there->row(0)[0], 185, 3);
  EXPECT_NEAR(there->row(0)[1], 71, 3);
  EXPECT_NEAR(there->row(0)[2], 66, 3);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(there->row(0)[4 + c], 255);
    EXPECT_EQ(there->row(0)[8 + c], 0);
  }
  EXPECT_EQ(there->row(0)[3], 255);
  EXPECT_EQ(there->row(0)[7], 128);
  EXPECT_EQ(there->row(0)[11], 7);
  const auto back = ConvertColours(there->view(), p3, {});
  ASSERT_TRUE(back.ok());
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(back->row(0)[c], values[c], 1);
}

TEST(ColourTransform, RefusesWhatIsNoProfile) {
  const ImageU8 pixels = *ImageU8::Allocate(1, 1, 3);
  const std::vector<uint8_t> nonsense(200, 9);
  EXPECT_EQ(ConvertColours(pixels.view(), {}, nonsense).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace peel
