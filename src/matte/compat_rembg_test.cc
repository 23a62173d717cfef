#include "src/matte/compat_rembg.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "src/matte/colour/foreground.h"
#include "src/matte/model/fake_network.h"

namespace peel {
namespace {

using testing::Blobs;
using testing::Crc;
using testing::Noise;

std::vector<ImageU8> Masks(std::initializer_list<uint32_t> seeds, int width, int height) {
  std::vector<ImageU8> masks;
  for (const uint32_t seed : seeds) masks.push_back(Noise(seed, width, height, 1));
  return masks;
}

template <typename T>
std::vector<T> ReadAll(const std::string& name, size_t count) {
  std::vector<T> values(count);
  std::ifstream in(std::string(PEEL_SOURCE_DIR) + "/src/matte/testdata/" + name, std::ios::binary);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  EXPECT_EQ(in.gcount(), static_cast<std::streamsize>(count * sizeof(T))) << name;
  return values;
}

// Columns: kind, width, height, seed, CRC.
TEST(PostProcessMask, IsScipysByteForByte) {
  const auto table = testing::Checksums(PEEL_SOURCE_DIR, "post_process");
  ASSERT_EQ(table.size(), 5u);
  ThreadPool pool(3);
  for (const auto& f : table) {
    const ImageU8 mask =
        Blobs(static_cast<uint32_t>(std::stoul(f[3])), std::stoi(f[1]), std::stoi(f[2]));
    EXPECT_EQ(Crc(*PostProcessMask(mask.view())), std::stoul(f[4])) << f[1] << "x" << f[2];
    EXPECT_EQ(Crc(*PostProcessMask(mask.view(), &pool)), std::stoul(f[4]));
  }
}

constexpr int kWidth = 45, kHeight = 34;

ImageU8 BlobPicture() {
  ImageU8 picture = std::move(*ImageU8::Allocate(kWidth, kHeight, 3));
  for (uint32_t c = 0; c < 3; ++c) {
    const ImageU8 plane = Blobs(72 + c, kWidth, kHeight);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x)
        picture.row(y)[3 * x + static_cast<int>(c)] = plane.row(y)[x];
    }
  }
  return picture;
}

TEST(EstimateForeground, IsPymattings) {
  const ImageU8 picture = BlobPicture(), matte = Blobs(71, kWidth, kHeight);
  ImageF32 image = std::move(*ImageF32::Allocate(kWidth, kHeight, 3));
  ImageF32 alpha = std::move(*ImageF32::Allocate(kWidth, kHeight, 1));
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < 3 * kWidth; ++i) {
      image.row(y)[i] = static_cast<float>(picture.row(y)[i] / 255.0);
    }
    for (int x = 0; x < kWidth; ++x) {
      alpha.row(y)[x] = static_cast<float>(matte.row(y)[x] / 255.0);
    }
  }
  const auto pair = EstimateForeground(std::as_const(image).view(), std::as_const(alpha).view());
  ASSERT_TRUE(pair.ok());
  const size_t count = size_t{3} * kWidth * kHeight;
  const auto wanted = ReadAll<float>("foreground.f32", 2 * count);
  for (size_t i = 0; i < count; ++i) {
    const size_t y = i / (3 * kWidth), x = i % (3 * kWidth);
    ASSERT_NEAR(pair->foreground.row(static_cast<int>(y))[x], wanted[i], 1e-4) << x << "," << y;
    ASSERT_NEAR(pair->background.row(static_cast<int>(y))[x], wanted[count + i], 1e-4);
  }
}

TEST(RembgCutout, DecontaminatesLikePymatting) {
  const ImageU8 picture = BlobPicture();
  std::vector<ImageU8> masks;
  masks.push_back(Blobs(71, kWidth, kHeight));
  RembgOptions options;
  options.steps.decontaminate = true;
  const auto cutout = RembgCutout(picture.view(), masks, options);
  ASSERT_TRUE(cutout.ok());
  const auto wanted = ReadAll<uint8_t>("decontaminate.u8", size_t{4} * kWidth * kHeight);
  int different = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const int got = cutout->row(static_cast<int>(i / (4 * kWidth)))[i % (4 * kWidth)];
    ASSERT_NEAR(got, wanted[i], 1) << i;
    different += got != wanted[i];
  }
  // The last bit of a truncated product may depend on the compiler; alpha and most colours do not.
  EXPECT_LE(different, 5);
}

TEST(RembgCutout, StacksSeveralMasks) {
  const ImageU8 photo = Noise(1, 20, 10, 3);
  const auto masks = Masks({2, 3, 4}, 20, 10);
  const auto cutout = RembgCutout(photo.view(), masks);
  ASSERT_TRUE(cutout.ok());
  ASSERT_EQ(cutout->height(), 30);
  for (int i = 0; i < 3; ++i) {
    const auto one = NaiveCutout(photo.view(), masks[static_cast<size_t>(i)].view());
    for (int y = 0; y < 10; ++y) {
      ASSERT_TRUE(std::equal(one->row(y), one->row(y) + 80, cutout->row(10 * i + y)));
    }
  }
  // putalpha works on one shared picture, so the last mask wins everywhere.
  RembgOptions options;
  options.steps.putalpha = true;
  const auto put = RembgCutout(photo.view(), masks, options);
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 20; ++x) ASSERT_EQ(put->row(y)[4 * x + 3], masks[2].row(y % 10)[x]);
  }
  options = {};
  options.only_mask = true;
  options.bgcolor = Rgba{1, 2, 3, 4};  // skipped
  const auto grey = RembgCutout(photo.view(), masks, options);
  ASSERT_EQ(grey->channels(), 4);
  EXPECT_EQ(grey->row(13)[4 * 7], masks[1].row(3)[7]);
  EXPECT_EQ(grey->row(13)[4 * 7 + 3], 255);
}

// PyMatting raises a ValueError there, and rembg goes on with what putalpha or else decontaminate
// makes.
TEST(RembgCutout, WhereMattingCannotBe) {
  const auto expect_fallback = [](const ImageU8& photo, uint8_t left, uint8_t right, int erode) {
    std::vector<ImageU8> masks;
    masks.push_back(std::move(*ImageU8::Allocate(photo.width(), photo.height(), 1)));
    for (int y = 0; y < photo.height(); ++y) {
      for (int x = 0; x < photo.width(); ++x) {
        masks[0].row(y)[x] = x < photo.width() / 2 ? left : right;
      }
    }
    RembgOptions matting, decontaminate, putalpha;
    matting.alpha_matting = TrimapOptions{.erode = erode};
    decontaminate.steps.decontaminate = putalpha.steps.putalpha = true;
    EXPECT_EQ(Crc(*RembgCutout(photo.view(), masks, matting)),
              Crc(*RembgCutout(photo.view(), masks, decontaminate)));
    matting.steps.putalpha = true;
    EXPECT_EQ(Crc(*RembgCutout(photo.view(), masks, matting)),
              Crc(*RembgCutout(photo.view(), masks, putalpha)));
  };
  const ImageU8 photo = Noise(1, 20, 10, 4);
  expect_fallback(photo, 250, 3, 60);                // no certain subject
  expect_fallback(photo, 250, 100, 1);               // no certain background
  expect_fallback(photo, 250, 3, 1);                 // nothing uncertain
  expect_fallback(Noise(2, 20, 2, 3), 250, 100, 1);  // too small for a window
  // Of several masks, those that fall back to putalpha share one picture.
  std::vector<ImageU8> masks = Masks({2, 3}, 20, 10);
  RembgOptions options;
  options.alpha_matting.emplace();
  options.steps.putalpha = true;
  const auto put = RembgCutout(photo.view(), masks, options);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) ASSERT_EQ(put->row(y)[4 * x + 3], masks[1].row(y % 10)[x]);
  }
}

TEST(RembgCutout, OnlyMaskPutalphaAndBackground) {
  const ImageU8 photo = Noise(1, 20, 10, 4);
  const auto masks = Masks({2}, 20, 10);
  RembgOptions options;
  options.only_mask = true;
  options.alpha_matting.emplace();  // never reached by a mask
  const auto mask = RembgCutout(photo.view(), masks, options);
  ASSERT_TRUE(mask.ok());
  EXPECT_EQ(mask->channels(), 1);
  EXPECT_EQ(Crc(*mask), Crc(masks[0]));
  options = {};
  options.bgcolor = Rgba{200, 100, 50, 255};
  const auto coloured = RembgCutout(photo.view(), masks, options);
  const auto naive = NaiveCutout(photo.view(), masks[0].view());
  EXPECT_EQ(Crc(*coloured), Crc(*AlphaComposite(naive->view(), *options.bgcolor)));
  EXPECT_EQ(RembgCutout(photo.view(), Masks({2}, 10, 20)).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
