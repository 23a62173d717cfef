// The C interface, with the embedded model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <peel/peel.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/video/media/test_films.h"

namespace {

using testing::HasSubstr;

// A red ball over a soft green ground, RGB.
std::vector<uint8_t> Ball(int width, int height) {
  std::vector<uint8_t> pixels;
  const double radius = 0.35 * std::min(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::hypot(x - width / 2.0, y - height / 2.0) < radius;
      const auto shade = static_cast<uint8_t>(60 * y / height);
      pixels.insert(pixels.end(), {static_cast<uint8_t>(inside ? 235 - shade : 90 + shade),
                                   static_cast<uint8_t>(inside ? 60 : 140 + shade / 2),
                                   static_cast<uint8_t>(inside ? 45 : 100)});
    }
  }
  return pixels;
}

std::vector<uint8_t> BallPng(int width, int height) {
  std::vector<uint8_t> pixels = Ball(width, height);
  auto png = peel::Encode(
      peel::ImageView<const uint8_t>{pixels.data(), width, height, 3, ptrdiff_t{width} * 3}, {});
  return png.ok() ? *std::move(png) : std::vector<uint8_t>();
}

class CApi : public testing::Test {
 protected:
  static void SetUpTestSuite() { engine_ = peel_engine_create(nullptr); }
  static void TearDownTestSuite() {
    peel_engine_free(engine_);
    engine_ = nullptr;
  }
  void SetUp() override {
    ASSERT_EQ(peel_engine_status(engine_), PEEL_OK) << peel_engine_error(engine_);
  }
  static peel_engine* engine_;
};
peel_engine* CApi::engine_ = nullptr;

TEST_F(CApi, EngineSaysWhatItIs) {
  EXPECT_STREQ(peel_engine_model(engine_), "peel");
  EXPECT_STREQ(peel_engine_device(engine_), "cpu");
  EXPECT_STREQ(peel_engine_device_asked(engine_), "auto");
  EXPECT_STREQ(peel_engine_device_reason(engine_), "");
  EXPECT_STREQ(peel_engine_backend(nullptr), "");
  EXPECT_GE(peel_engine_threads(engine_), 1);
  EXPECT_STREQ(peel_engine_error(engine_), "");
  EXPECT_STREQ(peel_engine_warning(engine_), "");
}

TEST_F(CApi, BytesToBytes) {
  const auto png = BallPng(200, 120);
  peel_result* result = peel_cut(engine_, png.data(), png.size(), nullptr);
  ASSERT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  EXPECT_EQ(peel_result_width(result), 200);
  EXPECT_EQ(peel_result_height(result), 120);
  EXPECT_EQ(peel_result_channels(result), 4);
  EXPECT_EQ(peel_result_stride(result), 0u);
  const auto picture = peel::Decode({peel_result_data(result), peel_result_size(result)});
  ASSERT_TRUE(picture.ok());
  EXPECT_TRUE(picture.value().has_alpha);
  EXPECT_GE(peel_result_subject_score(result), 0);
  EXPECT_LE(peel_result_subject_score(result), 1);
  peel_result_free(result);
}

TEST_F(CApi, FormatsAndBackground) {
  const auto png = BallPng(64, 48);
  for (const auto& [format, start] :
       {std::pair{PEEL_JPEG, "\xff\xd8"}, {PEEL_WEBP, "RIFF"}, {PEEL_TIFF, "II*"}}) {
    peel_cut_options options;
    peel_cut_options_init(&options, sizeof options);
    options.format = format;
    options.background = "#fff";
    peel_result* result = peel_cut(engine_, png.data(), png.size(), &options);
    ASSERT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
    EXPECT_EQ(std::memcmp(peel_result_data(result), start, std::strlen(start)), 0);
    EXPECT_EQ(peel_result_channels(result), 3);
    peel_result_free(result);
  }
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof options);
  options.format = PEEL_AVIF;
  peel_result* result = peel_cut(engine_, png.data(), png.size(), &options);
  ASSERT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  EXPECT_EQ(std::memcmp(peel_result_data(result) + 4, "ftypavif", 8), 0);
  EXPECT_EQ(peel_result_channels(result), 4);
  peel_result_free(result);
}

TEST_F(CApi, PixelsToPixelsAndMatte) {
  // Rows longer than their pixels, as in a window of a larger image.
  const int width = 90, height = 70;
  const size_t stride = 512;
  const auto dense = Ball(width, height);
  std::vector<uint8_t> padded(stride * height, 7);
  for (int y = 0; y < height; ++y) {
    std::memcpy(&padded[y * stride], &dense[static_cast<size_t>(y) * width * 3], width * 3);
  }
  const peel_pixels loose = {padded.data(), width, height, 3, stride};
  const peel_pixels tight = {dense.data(), width, height, 3, 0};
  peel_result* a = peel_cut_pixels(engine_, &loose, nullptr);
  peel_result* b = peel_cut_pixels(engine_, &tight, nullptr);
  peel_result* matte = peel_matte_pixels(engine_, &tight, nullptr);
  ASSERT_EQ(peel_result_status(a), PEEL_OK) << peel_result_error(a);
  ASSERT_EQ(peel_result_status(b), PEEL_OK);
  ASSERT_EQ(peel_result_status(matte), PEEL_OK);
  EXPECT_EQ(peel_result_channels(a), 4);
  EXPECT_EQ(peel_result_channels(matte), 1);
  ASSERT_GE(peel_result_stride(a), size_t{width} * 4);
  for (int y = 0; y < height; ++y) {
    const uint8_t* row_a = peel_result_data(a) + y * peel_result_stride(a);
    const uint8_t* row_b = peel_result_data(b) + y * peel_result_stride(b);
    const uint8_t* row_matte = peel_result_data(matte) + y * peel_result_stride(matte);
    ASSERT_EQ(std::memcmp(row_a, row_b, size_t{width} * 4), 0);
    for (int x = 0; x < width; ++x) ASSERT_EQ(row_a[x * 4 + 3], row_matte[x]);
  }
  peel_result_free(a);
  peel_result_free(b);
  peel_result_free(matte);
}

TEST_F(CApi, BadInputIsTextNotDeath) {
  const char junk[] = "this is no picture at all";
  const auto png = BallPng(40, 40);
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof options);
  options.max_pixels = 100;
  const auto expect = [](peel_result* result, peel_status status) {
    EXPECT_EQ(peel_result_status(result), status) << peel_result_error(result);
    EXPECT_STRNE(peel_result_error(result), "");
    EXPECT_EQ(peel_result_data(result), nullptr);
    EXPECT_EQ(peel_result_size(result), 0u);
    peel_result_free(result);
  };
  expect(peel_cut(engine_, junk, sizeof junk, nullptr), PEEL_UNSUPPORTED);
  expect(peel_cut(engine_, nullptr, 0, nullptr), PEEL_CORRUPT);
  expect(peel_cut(engine_, nullptr, 5, nullptr), PEEL_INVALID_ARGUMENT);
  expect(peel_cut(engine_, png.data(), png.size() / 2, nullptr), PEEL_CORRUPT);
  expect(peel_cut(engine_, png.data(), png.size(), &options), PEEL_LIMIT);
  expect(peel_cut(nullptr, png.data(), png.size(), nullptr), PEEL_INVALID_ARGUMENT);
  options.max_pixels = 0;
  options.background = "no such colour";
  expect(peel_cut(engine_, png.data(), png.size(), &options), PEEL_INVALID_ARGUMENT);
  options.background = nullptr;
  options.edges = PEEL_EDGES_MATTING;
  peel_result* matted = peel_cut(engine_, png.data(), png.size(), &options);
  EXPECT_EQ(peel_result_status(matted), PEEL_OK) << peel_result_error(matted);
  peel_result_free(matted);
  options.size = 0;
  expect(peel_cut(engine_, png.data(), png.size(), &options), PEEL_INVALID_ARGUMENT);
  const peel_pixels grey = {png.data(), 2, 2, 2, 0};
  expect(peel_cut_pixels(engine_, &grey, nullptr), PEEL_INVALID_ARGUMENT);
  const peel_pixels short_rows = {png.data(), 9, 2, 3, 10};
  expect(peel_cut_pixels(engine_, &short_rows, nullptr), PEEL_INVALID_ARGUMENT);
  expect(peel_cut_pixels(engine_, nullptr, nullptr), PEEL_INVALID_ARGUMENT);
}

TEST_F(CApi, CancelledCallsStop) {
  const auto png = BallPng(40, 40);
  peel_cancel* cancel = peel_cancel_create();
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof options);
  options.cancel = cancel;
  peel_result* before = peel_cut(engine_, png.data(), png.size(), &options);
  EXPECT_EQ(peel_result_status(before), PEEL_OK);
  peel_cancel_set(cancel);
  peel_result* after = peel_cut(engine_, png.data(), png.size(), &options);
  EXPECT_EQ(peel_result_status(after), PEEL_CANCELLED);
  peel_result_free(before);
  peel_result_free(after);
  peel_cancel_free(cancel);
}

// A program built against a header with fewer members, or more, works with this library.
TEST_F(CApi, OptionsOfOtherVersions) {
  const auto png = BallPng(40, 40);
  alignas(peel_cut_options) unsigned char memory[sizeof(peel_cut_options) + 64];
  auto* options = reinterpret_cast<peel_cut_options*>(memory);

  std::memset(memory, 0xAB, sizeof memory);
  const size_t older = offsetof(peel_cut_options, mask_only);
  peel_cut_options_init(options, older);
  EXPECT_EQ(memory[older], 0xAB) << "written beyond the caller's struct";
  peel_result* result = peel_cut(engine_, png.data(), png.size(), options);
  EXPECT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  EXPECT_EQ(peel_result_channels(result), 4);
  peel_result_free(result);

  peel_cut_options_init(options, sizeof memory);
  EXPECT_EQ(options->crop_margin, -1);
  result = peel_cut(engine_, png.data(), png.size(), options);
  EXPECT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  peel_result_free(result);
}

TEST(CApiHandles, NullIsTaken) {
  EXPECT_EQ(peel_engine_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_result_status(nullptr), PEEL_OUT_OF_MEMORY);
  EXPECT_EQ(peel_result_data(nullptr), nullptr);
  EXPECT_STREQ(peel_engine_model(nullptr), "");
  EXPECT_EQ(peel_model_list_count(nullptr), 0);
  peel_cancel_set(nullptr);
  peel_engine_free(nullptr);
  peel_result_free(nullptr);
  peel_cancel_free(nullptr);
  peel_model_list_free(nullptr);
  peel_cut_options_init(nullptr, 8);
}

TEST(CApiEngine, WhatCannotBeLoaded) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  const auto expect = [&](peel_status status, const char* word) {
    peel_engine* engine = peel_engine_create(&options);
    EXPECT_EQ(peel_engine_status(engine), status) << peel_engine_error(engine);
    EXPECT_THAT(peel_engine_error(engine), HasSubstr(word));
    EXPECT_EQ(peel_engine_threads(engine), 0);
    peel_engine_free(engine);
  };
  options.model = "/nowhere/model.onnx";
  expect(PEEL_NOT_FOUND, "/nowhere/model.onnx");
  options.model = nullptr;
  options.threads = -1;
  expect(PEEL_INVALID_ARGUMENT, "threads");
  options.threads = 0;
  options.backend = "tensorflow";
  expect(PEEL_INVALID_ARGUMENT, "onnxruntime");
  options.backend = nullptr;
  options.runtime_options = "graph=fast";
  expect(PEEL_INVALID_ARGUMENT, "graph");
  options.runtime_options = nullptr;
  const peel::video::TestVariable library("PEEL_ORT_LIB", "off");  // as on a machine without it
  options.device = PEEL_DEVICE_CUDA;
  options.strict = 1;
  expect(PEEL_DEVICE_REFUSED, "cuda");
}

TEST(CApiEngine, FallsBackWithAWarning) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof options);
  const peel::video::TestVariable library("PEEL_ORT_LIB", "off");
  options.device = PEEL_DEVICE_TENSORRT;
  options.threads = 2;
  peel_engine* engine = peel_engine_create(&options);
  EXPECT_EQ(peel_engine_status(engine), PEEL_OK);
  EXPECT_THAT(peel_engine_warning(engine), HasSubstr("tensorrt"));
  EXPECT_STREQ(peel_engine_device(engine), "cpu");
  EXPECT_STREQ(peel_engine_device_asked(engine), "tensorrt");
  EXPECT_THAT(peel_engine_device_reason(engine), HasSubstr("onnxruntime-gpu"));
  EXPECT_STREQ(peel_engine_backend(engine), "native");
  EXPECT_EQ(peel_engine_threads(engine), 2);
  peel_engine_free(engine);
}

TEST(CApiModels, ListBeginsWithTheEmbeddedOne) {
  peel_model_list* list = peel_models();
  ASSERT_GT(peel_model_list_count(list), 5);
  EXPECT_STREQ(peel_model_list_name(list, 0), "peel");
  EXPECT_STREQ(peel_model_list_path(list, 0), "(embedded)");
  EXPECT_EQ(peel_model_list_name(list, -1), nullptr);
  EXPECT_EQ(peel_model_list_path(list, 10000), nullptr);
  peel_model_list_free(list);
}

TEST(CApiNames, EveryStatusHasOne) {
  for (int status = PEEL_OK; status <= PEEL_INTERNAL; ++status) {
    EXPECT_STRNE(peel_status_name(static_cast<peel_status>(status)), "unknown status");
  }
  EXPECT_THAT(peel_version(), HasSubstr("."));
}

}  // namespace
