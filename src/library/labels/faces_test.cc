#include "src/library/labels/faces.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

constexpr int kSide = 64;

// Maps for an input of 64 x 64 pixels in which no face is seen.
class Maps {
 public:
  Maps() {
    for (size_t s = 0; s < 3; ++s) {
      const size_t cells = s == 0 ? 64 : s == 1 ? 16 : 4;
      face_[s].resize(cells);
      object_[s].resize(cells);
      box_[s].resize(cells * 4);
      points_[s].resize(cells * 10);
    }
  }
  // A box of stride 8 around a cell's corner, eyes and all at its middle.
  void Put(size_t cell, float side, float score) {
    face_[0][cell] = object_[0][cell] = score;
    box_[0][4 * cell + 2] = box_[0][4 * cell + 3] = std::log(side / 8);
  }
  std::vector<float>& box() { return box_[0]; }
  std::vector<float>& points() { return points_[0]; }
  std::vector<Face> Decode(FaceThresholds thresholds = {}) const {
    std::array<FaceMaps, 3> maps;
    for (size_t s = 0; s < 3; ++s) maps[s] = {face_[s], object_[s], box_[s], points_[s]};
    return DecodeFaces(maps, kSide, kSide, 1.0 / 64, 1.0 / 32, thresholds);
  }

 private:
  std::array<std::vector<float>, 3> face_, object_, box_, points_;
};

TEST(FitFaces, TakesFewShapes) {
  EXPECT_EQ(FitFaces(4000, 3000).height, 320);
  EXPECT_EQ(FitFaces(3000, 4000).width, 320);
  EXPECT_EQ(FitFaces(6000, 4000).height, 320);
  EXPECT_EQ(FitFaces(1920, 1080).height, 256);
  EXPECT_EQ(FitFaces(100000, 7).height, 256);
  EXPECT_EQ(FitFaces(7, 7).height, 416);
  EXPECT_EQ(FitFaces(6000, 4000).picture_height, 277);
  EXPECT_EQ(FitFaces(100000, 7).picture_height, 1);
}

TEST(DecodeFaces, GivesPartsOfThePicture) {
  Maps maps;
  maps.Put(8 + 2, 16, 0.9f);  // centre (16, 8)
  const auto faces = maps.Decode();
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_NEAR(faces[0].score, 0.9f, 1e-6);
  EXPECT_NEAR(faces[0].box.x, 8.0 / 64, 1e-6);
  EXPECT_NEAR(faces[0].box.y, 0, 1e-6);
  EXPECT_NEAR(faces[0].box.width, 16.0 / 64, 1e-6);
  EXPECT_NEAR(faces[0].box.height, 16.0 / 32, 1e-6);
  EXPECT_NEAR(faces[0].landmarks[0][0], 16.0 / 64, 1e-6);
  EXPECT_NEAR(faces[0].landmarks[0][1], 8.0 / 32, 1e-6);
}

TEST(DecodeFaces, SuppressesTheWeakerOfTwoThatOverlap) {
  Maps maps;
  maps.Put(8 + 2, 16, 0.85f);
  maps.Put(8 + 3, 16, 0.95f);
  ASSERT_EQ(maps.Decode().size(), 1U);
  EXPECT_NEAR(maps.Decode()[0].score, 0.95f, 1e-6);
  EXPECT_EQ(maps.Decode({0.8f, 0.5f}).size(), 2U);
  EXPECT_EQ(maps.Decode({0.9f, 0.5f}).size(), 1U);
}

TEST(DecodeFaces, LeavesOutWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 1e30f}) {
    for (size_t k = 0; k < 4; ++k) {
      Maps maps;
      maps.Put(10, 16, 0.9f);
      maps.box()[40 + k] = bad;
      for (const Face& f : maps.Decode()) {
        EXPECT_TRUE(std::isfinite(f.box.x + f.box.y + f.box.width + f.box.height));
      }
    }
  }
  Maps maps;
  maps.Put(10, 16, 0.9f);
  maps.points()[100] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(maps.Decode().empty());
}

TEST(FaceDetector, SaysWhyAFileIsNoDetector) {
  const auto detector = FaceDetector::Load({"", EmbeddedObjects(), "objects.onnx"}, {});
  ASSERT_FALSE(detector.ok());
  EXPECT_NE(detector.status().message().find("objects.onnx: this is no YuNet"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
