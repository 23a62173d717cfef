#include "src/library/duplicates/pdq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/library/test_scenes.h"

namespace peel::library {
namespace {

PdqHashes HashOf(const ImageU8& picture) {
  auto hashes = ComputePdq(picture.view());
  EXPECT_TRUE(hashes.ok());
  return *hashes;
}

// Turned by a quarter counterclockwise: the right column becomes the first row.
ImageU8 TurnedLeft(const ImageU8& in) {
  ImageU8 out = std::move(*ImageU8::Allocate(in.height(), in.width(), in.channels()));
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      for (int c = 0; c < in.channels(); ++c) {
        out.row(y)[x * in.channels() + c] = in.row(x)[(in.width() - 1 - y) * in.channels() + c];
      }
    }
  }
  return out;
}

ImageU8 UpsideDown(const ImageU8& in) {
  ImageU8 out = std::move(*ImageU8::Allocate(in.width(), in.height(), in.channels()));
  for (int y = 0; y < out.height(); ++y) {
    std::copy_n(in.row(in.height() - 1 - y), in.width() * in.channels(), out.row(y));
  }
  return out;
}

TEST(PdqTest, IsTheReferencesToTheBit) {
  // From pdqhash 0.2.8 (Meta's own C++) for the same pixels, with its quality.
  const struct {
    int width, height, channels;
    const char* hash;
    int quality;
  } cases[] = {
      {320, 240, 3, "9f4302c91acc7f3a1a4f1a47fa07fa49e950fef0a9f2a182e0782dae25e3a5c2", 100},
      {500, 375, 3, "9f4303c116cc7f3a1acf1a47fa077a4be950feb0e8f2a942e0702dae25e3a5c2", 100},
      {375, 500, 3, "9f4303c91acc7f3a1a4f1a47fb077a49e950fef0a9f2a102e0782dae25e3a5c2", 100},
      {65, 130, 3, "9f4312c91ede7f3e0a4f1a57fb0778d8e970feb029722902e0382dae25e3a1c2", 100},
      {64, 200, 3, "9f4303c91ace7f3a1a4f1a47fb037a59e950fef021f2a1c2e0782dae25e3a1c2", 100},
      {1000, 333, 3, "9f4303c112cc7f1a1acf1a47fb07fa4be950fef0a8f2a142e0782dae25e3a5c2", 100},
      {37, 5, 3, "19ce7631e6318dce25b3a5aa05e25a55da5c7a3119ce7631e6318dce25a3a5aa", 100},
  };
  for (const auto& c : cases) {
    const PdqHashes hashes = HashOf(testing::Scene(7, c.width, c.height, c.channels));
    EXPECT_EQ(hashes.orientations[0].Hex(), c.hash) << c.width << "x" << c.height;
    EXPECT_EQ(hashes.quality, c.quality) << c.width << "x" << c.height;
  }
}

TEST(PdqTest, OrientationsAreHashesOfTheTurnedPicture) {
  const ImageU8 upright = testing::Scene(3, 320, 240, 3);
  const PdqHashes hashes = HashOf(upright);
  // Not to the bit: boxes of an even width lie half a pixel off.
  ImageU8 turned = testing::Scene(3, 320, 240, 3);
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    EXPECT_LE(HammingDistance(HashOf(turned).orientations[0], hashes.orientations[quarter]), 24)
        << quarter;
    // Mirrored it is among the other four.
    int nearest = 256;
    for (size_t i = 4; i < 8; ++i) {
      nearest = std::min(nearest, HammingDistance(HashOf(UpsideDown(turned)).orientations[0],
                                                  hashes.orientations[i]));
    }
    EXPECT_LE(nearest, 24) << quarter;
    turned = TurnedLeft(turned);
  }
  // None of them is another.
  for (size_t a = 0; a < 8; ++a) {
    for (size_t b = 0; b < a; ++b) {
      EXPECT_GT(HammingDistance(hashes.orientations[a], hashes.orientations[b]), 60);
    }
  }
}

TEST(PdqTest, CropsAreHashesOfTheCroppedPicture) {
  const ImageU8 whole = testing::Scene(5, 400, 300, 3);
  const PdqHashes hashes = HashOf(whole);
  // In the order of the header: the whole axis, less its end, less half of it at either, less its
  // beginning; across runs fastest, and the whole picture is left out.
  const double begins[] = {0, 0, 0.025, 0.05}, cuts[] = {0, 0.05, 0.05, 0.05};
  size_t crop = 0;
  for (int down = 0; down < 4; ++down) {
    for (int across = 0; across < 4; ++across) {
      if (down == 0 && across == 0) continue;
      const int left = static_cast<int>(begins[across] * 400),
                top = static_cast<int>(begins[down] * 300);
      const ImageView<const uint8_t> part = {
          whole.row(top) + left * 3, static_cast<int>((1 - cuts[across]) * 400),
          static_cast<int>((1 - cuts[down]) * 300), 3, whole.stride()};
      const auto cropped = ComputePdq(part);
      ASSERT_TRUE(cropped.ok());
      const int with = HammingDistance(cropped->orientations[0], hashes.crops[crop]);
      const int without = HammingDistance(cropped->orientations[0], hashes.orientations[0]);
      EXPECT_LE(with, 24) << across << " " << down;
      EXPECT_LT(with, without) << across << " " << down;
      ++crop;
    }
  }
}

TEST(PdqTest, GreyIsTheSameInOneChannelAndInThree) {
  const ImageU8 grey = testing::Scene(9, 200, 150, 1);
  ImageU8 rgb = std::move(*ImageU8::Allocate(200, 150, 3));
  for (int y = 0; y < 150; ++y) {
    for (int x = 0; x < 200 * 3; ++x) rgb.row(y)[x] = grey.row(y)[x / 3];
  }
  // Not to the bit: the three weights' sum is 1 only nearly.
  EXPECT_LE(HammingDistance(HashOf(grey).orientations[0], HashOf(rgb).orientations[0]), 2);
}

TEST(PdqTest, WhatIsTooSmallOrFlatHasNoQuality) {
  for (const auto [width, height] : {std::pair(1, 1), std::pair(4, 300), std::pair(300, 4)}) {
    const PdqHashes hashes = HashOf(testing::Scene(1, width, height, 3));
    EXPECT_EQ(hashes.quality, 0);
    EXPECT_EQ(hashes.orientations[0], PdqHash());
  }
  ImageU8 flat = std::move(*ImageU8::Allocate(300, 200, 3));
  for (int y = 0; y < 200; ++y) std::fill_n(flat.row(y), 900, uint8_t{128});
  EXPECT_EQ(HashOf(flat).quality, 0);
  EXPECT_GT(HashOf(testing::Scene(1, 300, 200, 3)).quality, 50);
}

TEST(PdqTest, EverySizeIsTaken) {
  for (const int width : {5, 6, 63, 64, 65, 127, 128, 129, 700}) {
    for (const int height : {5, 64, 130, 257}) {
      EXPECT_TRUE(ComputePdq(testing::Noise(1, width, height, 3).view()).ok());
    }
  }
}

TEST(PdqHashTest, TextAndBack) {
  const std::string text = "d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22";
  const auto hash = ParsePdqHash(text);
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(hash->Hex(), text);
  EXPECT_EQ(hash->words[0] & 0xff, 0x22u);
  EXPECT_EQ(hash->words[3] >> 56, 0xd8u);
  std::string upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  EXPECT_EQ(*ParsePdqHash(upper), *hash);
  PdqHash other = *hash;
  other.words[2] ^= 7;
  EXPECT_EQ(HammingDistance(*hash, other), 3);
}

TEST(PdqHashTest, WhatIsNoHashIsToldWithItsReason) {
  EXPECT_NE(ParsePdqHash("12").status().message().find("64 hexadecimal digits, not 2"),
            std::string::npos);
  std::string text(64, '0');
  text[9] = 'g';
  EXPECT_NE(ParsePdqHash(text).status().message().find("character 10"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
