#include "src/library/labels/labeller.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "src/engine/session.h"
#include "src/library/labels/agreement.h"
#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

// Smooth shapes in colours that differ by the seed.
ImageU8 Shapes(int width, int height, int seed) {
  ImageU8 image = *ImageU8::Allocate(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.03 * (seed + 1) * x + c) * std::cos(0.02 * y * (c + seed));
        image.row(y)[3 * x + c] = static_cast<uint8_t>(127 + 120 * wave);
      }
    }
  }
  return image;
}

void ExpectSame(const Labels& a, const Labels& b) {
  EXPECT_EQ(a.scene, b.scene);
  EXPECT_EQ(a.scene_score, b.scene_score);
  EXPECT_EQ(a.embedding, b.embedding);
  ASSERT_EQ(a.objects.size(), b.objects.size());
  for (size_t i = 0; i < a.objects.size(); ++i) {
    EXPECT_EQ(a.objects[i].label, b.objects[i].label);
    EXPECT_EQ(a.objects[i].box.x, b.objects[i].box.x);
  }
  EXPECT_EQ(a.faces.size(), b.faces.size());
}

class LabellerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = Labeller::Load({});
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    labeller = loaded->release();
  }
  static void TearDownTestSuite() {
    delete labeller;
    labeller = nullptr;
  }
  static Labeller* labeller;
};
Labeller* LabellerTest::labeller = nullptr;

TEST_F(LabellerTest, SaysWhatRuns) {
  EXPECT_EQ(labeller->info().versions, "objects=yolox-nano faces=yunet-n scenes=mobilenet-v2");
  EXPECT_EQ(labeller->info().embedding_size, 1280);
  EXPECT_EQ(labeller->info().warning, "");
  ASSERT_EQ(labeller->info().networks.size(), 3U);
  EXPECT_EQ(labeller->info().networks[0].precision, "fp32");
  EXPECT_EQ(labeller->info().networks[2].precision, "int8");
  EXPECT_EQ(labeller->ObjectLabels().size(), 80U);
  EXPECT_EQ(labeller->SceneLabels().size(), 1001U);
}

TEST_F(LabellerTest, GivesASceneAndAnEmbeddingOfLengthOne) {
  const ImageU8 picture = Shapes(300, 200, 1);
  const auto labels = labeller->Label(picture.view());
  ASSERT_TRUE(labels.ok()) << labels.status().message();
  EXPECT_FALSE(labels->scene.empty());
  EXPECT_NE(labels->scene, "background");
  EXPECT_GT(labels->scene_score, 0);
  EXPECT_LE(labels->scene_score, 1);
  double squares = 0;
  for (const float v : labels->embedding) squares += double{v} * v;
  EXPECT_NEAR(squares, 1, 1e-5);
}

TEST_F(LabellerTest, TakesPicturesOfAnySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 900}, {900, 1}, {17, 33}}) {
    const ImageU8 picture = Shapes(width, height, 2);
    EXPECT_TRUE(labeller->Label(picture.view()).ok()) << width << " x " << height;
  }
  const ImageU8 grey = *ImageU8::Allocate(8, 8, 1);
  EXPECT_EQ(labeller->Label(grey.view()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(labeller->Label({}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(LabellerTest, ABatchSaysWhatItsPicturesSayAlone) {
  std::vector<ImageU8> pictures;
  std::vector<ImageView<const uint8_t>> views;
  for (int i = 0; i < 3; ++i) pictures.push_back(Shapes(200 + 40 * i, 160, i));
  for (const ImageU8& picture : pictures) views.push_back(picture.view());
  BatchReport report;
  const auto batch = labeller->LabelBatch(views, 2, &report);
  ASSERT_TRUE(batch.ok()) << batch.status().message();
  EXPECT_EQ(report.batch, 2U);
  EXPECT_EQ(report.halvings, 0);
  for (size_t i = 0; i < views.size(); ++i) {
    const auto alone = labeller->Label(views[i]);
    ASSERT_TRUE(alone.ok());
    ExpectSame(*alone, (*batch)[i]);
  }
}

TEST_F(LabellerTest, ThreadsDoNotDisturbEachOther) {
  const ImageU8 wide = Shapes(320, 180, 3), tall = Shapes(180, 320, 4);
  const auto a = labeller->Label(wide.view()), b = labeller->Label(tall.view());
  ASSERT_TRUE(a.ok() && b.ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const auto same = labeller->Label(t % 2 == 0 ? wide.view() : tall.view());
      ASSERT_TRUE(same.ok());
      ExpectSame(t % 2 == 0 ? *a : *b, *same);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// The plain operators take a hundred times as long: a classifier's last layer alone 30 ms.
TEST(EmbeddedScenes, HaveNoConvolutionOnTheReference) {
  const auto session = engine::Session::LoadBytes(EmbeddedScenes(), nullptr, "scenes", {});
  ASSERT_TRUE(session.ok());
  const auto plan = (*session)->PlanText({{"image", {1, 3, 224, 224}}});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  int convolutions = 0;
  for (const std::string& line : SplitLines(*plan)) {
    if (line.find("peel.QConv ") == std::string::npos) continue;
    ++convolutions;
    EXPECT_EQ(line.find(" reference "), std::string::npos) << line;
  }
  EXPECT_EQ(convolutions, 53);
}

TEST(Labeller, HalvesABatchThatDoesNotFit) {
  LabellerOptions options;
  options.objects = options.faces = false;
  const auto plain = Labeller::Load(options);
  // Two pictures at once fit, four do not.
  options.network.max_memory_bytes = uint64_t{20} << 20;
  const auto tight = Labeller::Load(options);
  ASSERT_TRUE(plain.ok() && tight.ok()) << tight.status().message();
  const ImageU8 picture = Shapes(64, 64, 1), other = Shapes(64, 64, 2);
  std::vector<ImageView<const uint8_t>> views(9, picture.view());
  views[6] = other.view();
  BatchReport report;
  const auto labels = (*tight)->LabelBatch(views, 9, &report);
  ASSERT_TRUE(labels.ok()) << labels.status().message();
  EXPECT_GT(report.halvings, 0);
  EXPECT_LT(report.batch, 9U);
  for (size_t i = 0; i < views.size(); ++i) {
    const auto alone = (*plain)->Label(views[i]);
    ASSERT_TRUE(alone.ok());
    ExpectSame(*alone, (*labels)[i]);
  }
  options.network.max_memory_bytes = 1 << 20;
  const auto hopeless = Labeller::Load(options);
  ASSERT_FALSE(hopeless.ok());
  EXPECT_EQ(hopeless.status().code(), StatusCode::kOutOfMemory);
}

TEST(Labeller, LooksWithTheNetworksThatAreWantedAlone) {
  LabellerOptions options;
  options.objects = options.scenes = false;
  const auto labeller = Labeller::Load(options);
  ASSERT_TRUE(labeller.ok());
  EXPECT_EQ((*labeller)->info().versions, "faces=yunet-n");
  const ImageU8 picture = Shapes(64, 64, 1);
  const auto labels = (*labeller)->Label(picture.view());
  ASSERT_TRUE(labels.ok());
  EXPECT_TRUE(labels->scene.empty());
  EXPECT_TRUE(labels->embedding.empty());
}

TEST(Labeller, TakesModelsFromFilesAndNamesThoseThatAreNone) {
  LabellerOptions options;
  options.faces = options.scenes = false;
  options.objects_model = PEEL_SOURCE_DIR "/models/scan/objects.onnx";
  EXPECT_TRUE(Labeller::Load(options).ok());
  options.objects_model = "/nonexistent.onnx";
  const auto missing = Labeller::Load(options);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("/nonexistent.onnx"), std::string::npos);
}

Labels Seen(const char* scene, std::vector<Detection> objects, std::vector<float> embedding) {
  Labels labels;
  labels.scene = scene;
  labels.objects = std::move(objects);
  labels.embedding = std::move(embedding);
  return labels;
}

TEST(Agreement, CountsWhatHasNoPartner) {
  const Box left = {0, 0, 0.4f, 1}, right = {0.5f, 0, 0.4f, 1};
  const Labels reference = Seen("alp", {{"cat", 0.9f, left}, {"cat", 0.8f, right}}, {1, 0});
  Agreement same;
  same.Add(reference, reference);
  EXPECT_EQ(same.labels(), 1);
  EXPECT_TRUE(same.passes());
  Agreement other;  // the scene and one of two cats: two of four, for a dog instead of the other
  other.Add(reference, Seen("alp", {{"cat", 0.9f, left}, {"dog", 0.8f, right}}, {1, 0}));
  EXPECT_DOUBLE_EQ(other.labels(), 0.5);
  EXPECT_FALSE(other.passes());
  Agreement turned;
  turned.Add(reference, Seen("alp", reference.objects, {0.8f, 0.6f}));
  EXPECT_NEAR(turned.cosine(), 0.8, 1e-6);
  EXPECT_FALSE(turned.passes());
  EXPECT_EQ(turned.Text(),
            "labels agree 100.0 %, embeddings' cosine at least 0.8000, on 1 pictures");
}

TEST(LoadProven, FallsBackOnlyWithAReason) {
  const ImageU8 picture = Shapes(96, 64, 1);
  const ImageView<const uint8_t> view = picture.view();
  LabellerOptions options;
  options.faces = false;
  options.network.precision = engine::Precision::kBf16;
  const auto labeller = LoadProven(options, {&view, 1});
  ASSERT_TRUE(labeller.ok()) << labeller.status().message();
  // Where the processor has no bfloat16 that is said; where it has, the labels agree or that is.
  for (const NetworkInfo& network : (*labeller)->info().networks) {
    if (network.name == "yolox-nano" && network.precision != "bf16") {
      EXPECT_FALSE((*labeller)->info().warning.empty());
    }
  }
}

}  // namespace
}  // namespace peel::library
