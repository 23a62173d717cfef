// Hashes and marks of real pictures, read by Peel's own decoders.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/decode.h"
#include "src/image/colour.h"
#include "src/library/duplicates/pdq.h"
#include "src/library/quality/picture_quality.h"

namespace peel::library {
namespace {

const std::string kPictures = PEEL_SHARED_DIR "/data/library/";

ImageU8 Read(const std::string& path, int side) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  DecodeOptions options;
  options.min_width = options.min_height = side;
  auto picture = Decode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, options);
  EXPECT_TRUE(picture.ok()) << path;
  return picture.ok() ? std::move(*ToRgb(picture->u8()->view())) : ImageU8();
}

bool Missing() { return !std::filesystem::exists(kPictures); }

PdqHashes HashesOf(const std::string& path, int side) {
  const ImageU8 picture = Read(path, side);
  auto hashes = ComputePdq(picture.view());
  EXPECT_TRUE(hashes.ok());
  return *hashes;
}

TEST(MeasuredPicturesTest, PdqIsTheReferencesOnItsOwnPictures) {
  if (Missing()) GTEST_SKIP() << "../shared/data/library is not there";
  // From pdqhash 0.2.8, Meta's own C++, for the pixels of the same decoder; most stand in PDQ's
  // tests as well.
  const struct {
    const char* name;
    const char* hash;
    int quality;
  } cases[] = {
      {"reg-test-input__dih__bridge-1-original.jpg",
       "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22", 100},
      {"reg-test-input__dih__bridge-2-rotate-90.jpg",
       "30a10efd71cc3d429013d48d0ffffc52e34e0e17ada952a9d29685211ea9e5af", 100},
      {"reg-test-input__dih__bridge-3-rotate-180.jpg",
       "adad5a64b5a142e75b62a09857da895ae63b847fc23794b766b319361bc93188", 100},
      {"reg-test-input__dih__bridge-4-rotate-270.jpg",
       "a5f0a457a48995e8c9065c275aaa5498b61ba4bdf8fcf80387c32f8b1bfc4f05", 100},
      {"reg-test-input__dih__bridge-5-flipx.jpg",
       "f8f80f31e0f417b20e37f5cd028f980fb36ed02a9662c1e233e64c634e9c64dd", 100},
      {"reg-test-input__dih__bridge-6-flipy.jpg",
       "0dad2599b1a1bd1a5362576742da32a5e63b7380c2374b4866b366c91bc9ce77", 100},
      {"reg-test-input__dih__bridge-7-flip-plus-1.jpg",
       "f0a5e102f1ccc0bd945308720fff038de34ef1e8ada9a956d2967ade5ea91a50", 100},
      {"reg-test-input__dih__bridge-8-flip-minus-1.jpg",
       "a5f05aa8a4896a17c906a2d85aaaab07b61b5b42f8fc07fc87c3d0741bfcb0fa", 100},
      {"reg-test-input__labelme-subset__q0003.jpg",
       "54a9f7c321d1443c43ba566e21d4a13989a3553f1472611cbbc5fda59e03b677", 3},
      {"reg-test-input__labelme-subset__q0122.jpg",
       "cfb2009ddd21c6dab0046a7745b5984757a8a4535b3377aea2591d32b33ff940", 100},
      {"reg-test-input__labelme-subset__q0746.jpg",
       "1049d96239e24d4dca2c55512b8bdb77425f4dbcf575a0a95555aaab5554aaaa", 100},
      {"reg-test-input__labelme-subset__q2821.jpg",
       "b150231ffae4710ffcf4f18bb574b109a576f14bb8543189f8743289f174b109", 100},
      {"misc-images__small.jpg", "0007001f003f003f007f00ff00ff00ff01ff01ff01ff03ff03ff03ff03ff03ff",
       0},
      {"misc-images__wee.jpg", "6227401f601ff4ccafcc9fad4b0d95d371a2eb7265a3285234d228ca94deeb2d",
       100},
  };
  for (const auto& c : cases) {
    const PdqHashes hashes = HashesOf(kPictures + "pdq/pdq__data__" + c.name, 0);
    EXPECT_EQ(hashes.orientations[0].Hex(), c.hash) << c.name;
    EXPECT_EQ(hashes.quality, c.quality) << c.name;
  }
}

TEST(MeasuredPicturesTest, TheBridgeIsKnownInEveryOrientation) {
  if (Missing()) GTEST_SKIP() << "../shared/data/library is not there";
  // The reference's order is that of its pictures' numbers.
  const std::string folder = kPictures + "pdq/pdq__data__reg-test-input__dih__bridge-";
  const PdqHashes upright = HashesOf(folder + "1-original.jpg", 0);
  const char* names[] = {"1-original", "2-rotate-90", "3-rotate-180",  "4-rotate-270",
                         "5-flipx",    "6-flipy",     "7-flip-plus-1", "8-flip-minus-1"};
  for (size_t i = 0; i < 8; ++i) {
    const PdqHashes turned = HashesOf(folder + names[i] + ".jpg", 0);
    EXPECT_LE(HammingDistance(turned.orientations[0], upright.orientations[i]), 31) << names[i];
  }
}

TEST(MeasuredPicturesTest, AFractionOfTheSizeHasNearlyTheSameHash) {
  if (Missing()) GTEST_SKIP() << "../shared/data/library is not there";
  for (const char* name :
       {"blur/images__noblur__DSC05405.JPG", "focus-bursts/examples__pcb__pcb_001.jpg"}) {
    const int distance = HammingDistance(HashesOf(kPictures + name, 0).orientations[0],
                                         HashesOf(kPictures + name, 375).orientations[0]);
    EXPECT_LE(distance, 16) << name;
  }
}

float SharpnessOfFile(const std::string& path) {
  const ImageU8 picture = Read(path, 375);
  auto quality = MeasureQuality(picture.view());
  EXPECT_TRUE(quality.ok());
  return quality->sharpness;
}

TEST(MeasuredPicturesTest, PhotographsLabelledBlurredAreToldFromSharpOnes) {
  if (Missing()) GTEST_SKIP() << "../shared/data/library is not there";
  int pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kPictures + "blur")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("images__")) continue;
    ++pictures;
    const float sharpness = SharpnessOfFile(entry.path().string());
    if (name.find("__blur__") != std::string::npos) {
      EXPECT_LT(sharpness, 0.5f) << name;
    } else {
      EXPECT_GT(sharpness, 0.5f) << name;
    }
  }
  EXPECT_EQ(pictures, 6);
}

TEST(MeasuredPicturesTest, ASeriesThroughTheFocusRunsFromSharpToBlurred) {
  if (Missing()) GTEST_SKIP() << "../shared/data/library is not there";
  const auto frame = [](int i) {
    return SharpnessOfFile(kPictures + "focus-bursts/examples__pcb__pcb_00" + std::to_string(i) +
                           ".jpg");
  };
  const float first = std::min({frame(1), frame(2), frame(3)});
  const float middle = std::min(frame(4), frame(5));
  const float last = std::max(frame(6), frame(7));
  EXPECT_GT(first, 0.8f);
  EXPECT_LT(middle, first);
  EXPECT_LT(last, middle);
  EXPECT_LT(last, 0.4f);
}

}  // namespace
}  // namespace peel::library
