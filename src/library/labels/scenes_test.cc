#include "src/library/labels/scenes.h"

#include <gtest/gtest.h>

#include <limits>

#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

TEST(SceneClassifier, SaysWhyAFileIsNoClassifier) {
  const auto other = SceneClassifier::Load({"", EmbeddedObjects(), "objects.onnx"}, {});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(
      other.status().message().find("objects.onnx: this is no classifier of scenes (it has 80 "
                                    "labels and 301665 classes)"),
      std::string::npos)
      << other.status().message();
  const auto unnamed = SceneClassifier::Load({"", EmbeddedFaces(), "faces.onnx"}, {});
  ASSERT_FALSE(unnamed.ok());
  EXPECT_NE(unnamed.status().message().find("no `labels`"), std::string::npos);
}

TEST(SceneClassifier, TellsThatItComputesInIntegers) {
  NetworkOptions options;
  options.precision = engine::Precision::kFp32;
  const auto classifier = SceneClassifier::Load({"", EmbeddedScenes(), "scenes"}, options);
  ASSERT_TRUE(classifier.ok());
  EXPECT_EQ((*classifier)->info().precision, "int8");
  EXPECT_NE((*classifier)->info().warning.find("quantised"), std::string::npos);
  options.place.strict = true;
  EXPECT_EQ(SceneClassifier::Load({"", EmbeddedScenes(), "scenes"}, options).status().code(),
            StatusCode::kUnsupported);
}

TEST(Normalise, LeavesNoVectorWithoutADirection) {
  std::vector<float> vector = {3, 0, -4};
  Normalise(&vector);
  EXPECT_EQ(vector, (std::vector<float>{0.6f, 0, -0.8f}));
  for (const float bad :
       {0.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> none(3, bad);
    Normalise(&none);
    EXPECT_TRUE(none.empty());
  }
}

}  // namespace
}  // namespace peel::library
