#include "src/matte/model/model_family.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "src/image/resize.h"
#include "src/matte/model/fake_network.h"

namespace peel {
namespace {

using testing::FakeNetwork;

Result<Profile> ProfileFor(int64_t side, std::optional<Family> hint,
                           std::map<std::string, std::string, std::less<>> metadata = {}) {
  auto network = FakeNetwork::Square(side);
  network->metadata_ = std::move(metadata);
  return MakeProfile(*network, hint);
}

// Columns: kind, family, size, width, height, seed, bits shifted away, CRC of the float32 input.
TEST(Preprocess, IsNumpysBitForBit) {
  const auto table = testing::Checksums(PEEL_SOURCE_DIR, "preprocess");
  ASSERT_EQ(table.size(), 12u);
  for (const auto& f : table) {
    SCOPED_TRACE(f[1] + " " + f[3] + "x" + f[4]);
    auto profile = ProfileFor(std::stoi(f[2]), FamilyFromName(f[1]));
    ASSERT_TRUE(profile.ok());
    ImageU8 in = testing::Noise(static_cast<uint32_t>(std::stoul(f[5])), std::stoi(f[3]),
                                std::stoi(f[4]), 3);
    for (int y = 0; y < in.height(); ++y) {
      for (int i = 0; i < 3 * in.width(); ++i) {
        in.row(y)[i] = static_cast<uint8_t>(in.row(y)[i] >> std::stoi(f[6]));
      }
    }
    const auto input = Preprocess(std::as_const(in).view(), *profile);
    ASSERT_TRUE(input.ok());
    const ImageView<const float> row{input->data(), static_cast<int>(input->size()), 1, 1, 0};
    EXPECT_EQ(testing::Crc(row), std::stoul(f[7]));
  }
}

TEST(Preprocess, ABlackPictureIsFinite) {
  ImageU8 in = std::move(*ImageU8::Allocate(5, 5, 1));
  for (int y = 0; y < 5; ++y) std::fill_n(in.row(y), 5, uint8_t{0});
  const auto input = Preprocess(std::as_const(in).view(), *ProfileFor(32, Family::kU2net));
  ASSERT_TRUE(input.ok());
  EXPECT_EQ(input->size(), 3u * 32 * 32);
  EXPECT_FLOAT_EQ(input->front(), static_cast<float>(-0.485 / 0.229));
}

TEST(Preprocess, TheFastWayStaysClose) {
  ImageU8 in = std::move(*ImageU8::Allocate(640, 480, 3));
  for (int y = 0; y < 480; ++y) {
    for (int x = 0; x < 640; ++x) {
      for (int c = 0; c < 3; ++c) {
        in.row(y)[3 * x + c] =
            static_cast<uint8_t>(128 + 100 * std::sin(0.02 * x + c) * std::cos(0.03 * y));
      }
    }
  }
  const auto profile = ProfileFor(64, Family::kU2net);
  const auto exact = Preprocess(std::as_const(in).view(), *profile);
  const auto fast = Preprocess(std::as_const(in).view(), *profile, nullptr, Sampling::kFast);
  ASSERT_TRUE(exact.ok() && fast.ok());
  double sum = 0;
  for (size_t i = 0; i < exact->size(); ++i) {
    sum += std::fabs((*exact)[i] - (*fast)[i]);
  }
  EXPECT_LT(sum / static_cast<double>(exact->size()), 0.02);  // a level is 0.017
}

TEST(MakeProfile, PrefersMetadataThenNameThenShape) {
  EXPECT_EQ(ProfileFor(320, {})->family, Family::kU2net);
  EXPECT_EQ(ProfileFor(1024, {})->family, Family::kIsnet);
  EXPECT_EQ(ProfileFor(1024, Family::kBria)->family, Family::kBria);
  EXPECT_EQ(ProfileFor(512, {})->family, Family::kModnet);
  EXPECT_EQ(ProfileFor(768, {})->family, Family::kClothSeg);
  EXPECT_EQ(ProfileFor(512, Family::kBria, {{"peel.family", "isnet"}})->family, Family::kIsnet);
  const auto profile = ProfileFor(-1, {},
                                  {{"peel.family", "peel"},
                                   {"peel.size", "256"},
                                   {"peel.mean", "0.1, 0.2,0.3"},
                                   {"peel.std", "[0.4 0.5 0.6]"},
                                   {"peel.subject_threshold", "0.25"}});
  ASSERT_TRUE(profile.ok()) << profile.status().message();
  EXPECT_EQ(profile->width, 256);
  EXPECT_EQ(profile->height, 256);
  EXPECT_EQ(profile->mean[1], 0.2);
  EXPECT_EQ(profile->deviation[2], 0.6);
  EXPECT_EQ(profile->subject_threshold, 0.25);
  EXPECT_FALSE(profile->divide_by_max);
  // A size fixed in the file cannot be argued with.
  EXPECT_EQ(ProfileFor(416, Family::kIsnet)->width, 416);
}

TEST(MakeProfile, SaysWhatIsWrong) {
  EXPECT_EQ(ProfileFor(320, Family::kSam).status().code(), StatusCode::kUnsupported);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"peel.family", "nonsense"},
                                                                     {"peel.size", "0"},
                                                                     {"peel.size", "1e9"},
                                                                     {"peel.mean", "1,2"},
                                                                     {"peel.std", "1,0,1"},
                                                                     {"peel.std", "1,x,1"}}) {
    EXPECT_EQ(ProfileFor(-1, {}, {{key, value}}).status().code(), StatusCode::kCorrupt) << key;
  }
  FakeNetwork text({{"ids", {1, 77}}}, {{"out", {1, 5}}});
  EXPECT_EQ(MakeProfile(text, {}).status().code(), StatusCode::kUnsupported);
  FakeNetwork many({{"x", {1, 7, 32, 32}}}, {{"out", {1, 1, 32, 32}}});
  EXPECT_FALSE(MakeProfile(many, {}).ok());
  FakeNetwork none({}, {});
  EXPECT_FALSE(MakeProfile(none, {}).ok());
}

TEST(ReadOutputs, AppliesSigmoidAndArgmax) {
  Profile profile;
  profile.mask_output = "m";
  profile.logits = true;
  const std::vector<float> logits = {0, 2, -2, 100};
  auto p = ReadOutputs({{"m", {1, 1, 2, 2}, logits, nullptr}}, profile);
  ASSERT_TRUE(p.ok());
  EXPECT_FLOAT_EQ(p->mask.row(0)[0], 0.5f);
  EXPECT_FLOAT_EQ(p->mask.row(0)[1], 0.880797f);
  EXPECT_FLOAT_EQ(p->mask.row(1)[1], 1.0f);

  profile.logits = false;
  profile.classes = 4;
  const std::vector<float> planes = {9, 0, 1, 1, 1, 3, 1, 2};  // two pixels: classes 0..3 each
  p = ReadOutputs({{"m", {1, 4, 1, 2}, planes, nullptr}}, profile);
  ASSERT_TRUE(p.ok());
  EXPECT_EQ(p->mask.row(0)[0], 0);
  EXPECT_EQ(p->mask.row(0)[1], 2);

  EXPECT_FALSE(ReadOutputs({{"m", {1, 3, 1, 2}, planes, nullptr}}, profile).ok());
  EXPECT_FALSE(ReadOutputs({{"m", {1, 4, 1, 3}, planes, nullptr}}, profile).ok());
  EXPECT_FALSE(ReadOutputs({{"other", {1, 4, 1, 2}, planes, nullptr}}, profile).ok());
  EXPECT_FALSE(ReadOutputs({{"m", {1, 4, -1, 2}, planes, nullptr}}, profile).ok());
  EXPECT_FALSE(
      ReadOutputs({{"m", {1, 4, int64_t{1} << 40, int64_t{1} << 40}, planes, nullptr}}, profile)
          .ok());
}

// Columns: kind, network's size, width, height, seed, CRC of rembg's mask.
TEST(StretchLikeRembg, IsNumpysAndPillowsByteForByte) {
  const auto table = testing::Checksums(PEEL_SOURCE_DIR, "mask");
  ASSERT_EQ(table.size(), 3u);
  for (const auto& f : table) {
    const int side = std::stoi(f[1]);
    const ImageU8 noise = testing::Noise(static_cast<uint32_t>(std::stoul(f[4])), side, side, 1);
    ImageF32 p = std::move(*ImageF32::Allocate(side, side, 1));
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        p.row(y)[x] = static_cast<float>(noise.row(y)[x]) / 300.0f + 0.01f;
      }
    }
    const auto mask = StretchLikeRembg(p);
    ASSERT_TRUE(mask.ok());
    const auto full =
        Resize(mask->view(), std::stoi(f[2]), std::stoi(f[3]), ResizeFilter::kLanczos);
    EXPECT_EQ(testing::Crc(*full), std::stoul(f[5])) << f[2] << "x" << f[3];
  }
}

TEST(StretchLikeRembg, AConstantGivesNothing) {
  for (const float v : {0.0f, 0.7f, NAN, INFINITY}) {
    ImageF32 p = std::move(*ImageF32::Allocate(3, 2, 1));
    for (int y = 0; y < 2; ++y) std::fill_n(p.row(y), 3, v);
    const auto mask = StretchLikeRembg(p);
    ASSERT_TRUE(mask.ok());
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < 3; ++x) EXPECT_EQ(mask->row(y)[x], 0);
    }
  }
}

}  // namespace
}  // namespace peel
