#include "src/library/labels/objects.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

const std::vector<std::string> kLabels = {"cat", "dog"};
constexpr int kSize = 64;
constexpr size_t kValues = 7, kCells = 64 + 16 + 4;

// A grid for an input of 64 x 64 pixels in which nothing is seen.
class Grid {
 public:
  Grid() : values_(kCells * kValues) {}
  // Puts a box of stride 8 around the middle of a cell.
  void Put(size_t column, size_t row, float side, float cat, float dog) {
    float* v = &values_[(row * 8 + column) * kValues];
    v[0] = v[1] = 0.5f;
    v[2] = v[3] = std::log(side / 8);
    v[4] = 1;
    v[5] = cat;
    v[6] = dog;
  }
  float& at(size_t cell, size_t value) { return values_[cell * kValues + value]; }
  std::vector<Detection> Decode(ObjectThresholds thresholds = {}) const {
    return DecodeObjects(values_, kLabels, FitInto(kSize, 128, 64), 128, 64, thresholds);
  }

 private:
  std::vector<float> values_;
};

TEST(FitInto, KeepsTheShapeAndAPixel) {
  EXPECT_EQ(FitInto(416, 640, 480).width, 416);
  EXPECT_EQ(FitInto(416, 640, 480).height, 312);
  EXPECT_EQ(FitInto(416, 5000, 3).height, 1);
  EXPECT_EQ(FitInto(416, 1, 1).width, 416);
}

TEST(DecodeObjects, GivesPartsOfThePicture) {
  Grid grid;
  grid.Put(3, 2, 16, 0.1f, 0.9f);  // centre (28, 20) of the input, half the picture's scale
  const auto found = grid.Decode();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, "dog");
  EXPECT_FLOAT_EQ(found[0].score, 0.9f);
  EXPECT_NEAR(found[0].box.x, 40.0 / 128, 1e-6);
  EXPECT_NEAR(found[0].box.y, 24.0 / 64, 1e-6);
  EXPECT_NEAR(found[0].box.width, 32.0 / 128, 1e-6);
  EXPECT_NEAR(found[0].box.height, 32.0 / 64, 1e-6);
}

TEST(DecodeObjects, SuppressesWithinAClassAlone) {
  Grid grid;
  grid.Put(3, 2, 32, 0.9f, 0);
  grid.Put(4, 2, 32, 0.8f, 0);
  grid.Put(4, 1, 32, 0, 0.7f);
  const auto found = grid.Decode();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].label, "cat");
  EXPECT_EQ(found[1].label, "dog");
  EXPECT_EQ(grid.Decode({0.3f, 0.9f}).size(), 3U);   // the overlap allowed
  EXPECT_EQ(grid.Decode({0.75f, 0.9f}).size(), 2U);  // the score demanded
}

TEST(DecodeObjects, EndsBoxesAtTheBorderAndLeavesOutWhatLiesBeyond) {
  Grid grid;
  grid.Put(0, 0, 32, 0.9f, 0);
  grid.Put(2, 7, 8, 0.9f, 0);  // below the picture, which is 32 pixels high in the input
  const auto found = grid.Decode();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box.x, 0);
  EXPECT_EQ(found[0].box.y, 0);
  EXPECT_NEAR(found[0].box.width, 40.0 / 128, 1e-6);
}

TEST(DecodeObjects, LeavesOutWhatIsNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    for (size_t value = 0; value < kValues; ++value) {
      Grid grid;
      grid.Put(1, 1, 8, 0.9f, 0.2f);
      grid.at(9, value) = bad;
      for (const Detection& d : grid.Decode()) {
        EXPECT_TRUE(std::isfinite(d.box.x + d.box.y + d.box.width + d.box.height + d.score));
        EXPECT_LE(d.score, 1);
      }
    }
  }
  EXPECT_TRUE(DecodeObjects({}, kLabels, FitInto(kSize, 9, 9), 9, 9, {}).empty());
}

TEST(ObjectDetector, KnowsCocosNames) {
  const auto detector = ObjectDetector::Load({"", EmbeddedObjects(), "(embedded)"}, {});
  ASSERT_TRUE(detector.ok()) << detector.status().message();
  ASSERT_EQ((*detector)->labels().size(), 80U);
  for (size_t i = 0; i < 80; ++i) EXPECT_EQ((*detector)->labels()[i], CocoLabels()[i]);
}

TEST(ObjectDetector, SaysWhyAFileIsNoDetector) {
  const auto detector = ObjectDetector::Load({"", EmbeddedScenes(), "scenes.onnx"}, {});
  ASSERT_FALSE(detector.ok());
  EXPECT_EQ(detector.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(detector.status().message().find("scenes.onnx: this is no YOLOX"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
