// peel_compose_pixels, work_size and the options of rembg, through the C interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <peel/peel.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace {

using testing::HasSubstr;

constexpr int kWidth = 96, kHeight = 64;

struct Free {
  void operator()(peel_engine* p) const { peel_engine_free(p); }
  void operator()(peel_result* p) const { peel_result_free(p); }
};
using Result = std::unique_ptr<peel_result, Free>;

std::vector<uint8_t> Gradient(int width, int height, int channels) {
  std::vector<uint8_t> pixels(static_cast<size_t>(width) * height * channels);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7 % 251);
  return pixels;
}

// Soft at the left and right, 255 in the middle third.
std::vector<uint8_t> SoftMatte(int width, int height) {
  std::vector<uint8_t> matte(static_cast<size_t>(width) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double d = std::abs(x + 0.5 - width / 2.0) / width;
      matte[static_cast<size_t>(y) * width + x] =
          static_cast<uint8_t>(d < 1.0 / 6 ? 255 : std::max(0.0, 255 * (1 - 4 * (d - 1.0 / 6))));
    }
  }
  return matte;
}

peel_cut_options Defaults() {
  peel_cut_options options;
  peel_cut_options_init(&options, sizeof(options));
  return options;
}

class Compose : public testing::Test {
 protected:
  std::vector<uint8_t> photo_ = Gradient(kWidth, kHeight, 3);
  std::vector<uint8_t> matte_ = SoftMatte(kWidth, kHeight);
  peel_pixels picture_ = {photo_.data(), kWidth, kHeight, 3, 0};
  peel_pixels mask_ = {matte_.data(), kWidth, kHeight, 1, 0};
};

TEST_F(Compose, AlphaIsTheMatteAndOpaquePixelsKeepTheirColour) {
  const Result result(peel_compose_pixels(nullptr, &picture_, &mask_, nullptr));
  ASSERT_EQ(peel_result_status(result.get()), PEEL_OK) << peel_result_error(result.get());
  ASSERT_EQ(peel_result_channels(result.get()), 4);
  const uint8_t* data = peel_result_data(result.get());
  const size_t stride = peel_result_stride(result.get());
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const uint8_t* p = data + static_cast<size_t>(y) * stride + static_cast<size_t>(x) * 4;
      const size_t i = static_cast<size_t>(y) * kWidth + static_cast<size_t>(x);
      ASSERT_EQ(p[3], matte_[i]);
      if (p[3] == 255) {
        ASSERT_EQ(std::memcmp(p, &photo_[3 * i], 3), 0);
      }
    }
  }
}

TEST_F(Compose, AnEngineMakesNoDifference) {
  const std::unique_ptr<peel_engine, Free> engine(peel_engine_create(nullptr));
  ASSERT_EQ(peel_engine_status(engine.get()), PEEL_OK);
  const Result a(peel_compose_pixels(nullptr, &picture_, &mask_, nullptr));
  const Result b(peel_compose_pixels(engine.get(), &picture_, &mask_, nullptr));
  ASSERT_EQ(peel_result_size(a.get()), peel_result_size(b.get()));
  ASSERT_GT(peel_result_size(a.get()), 0u);
  EXPECT_EQ(
      std::memcmp(peel_result_data(a.get()), peel_result_data(b.get()), peel_result_size(a.get())),
      0);
}

TEST_F(Compose, SmallMattesAreEnlarged) {
  const auto small = SoftMatte(kWidth / 4, kHeight / 4);
  const peel_pixels mask = {small.data(), kWidth / 4, kHeight / 4, 1, 0};
  peel_cut_options options = Defaults();
  options.mask_only = 1;
  for (const peel_edges edges : {PEEL_EDGES_OFF, PEEL_EDGES_AUTO, PEEL_EDGES_REFINE}) {
    options.edges = edges;
    const Result result(peel_compose_pixels(nullptr, &picture_, &mask, &options));
    ASSERT_EQ(peel_result_status(result.get()), PEEL_OK) << peel_result_error(result.get());
    EXPECT_EQ(peel_result_width(result.get()), kWidth);
    EXPECT_EQ(peel_result_height(result.get()), kHeight);
    EXPECT_NEAR(peel_result_data(result.get())[kWidth / 2], 255, 2);
  }
}

// Its rows without their padding; empty after an error.
std::vector<uint8_t> Dense(const peel_result* result) {
  const size_t row = static_cast<size_t>(peel_result_width(result)) *
                     static_cast<size_t>(peel_result_channels(result));
  std::vector<uint8_t> bytes;
  for (int y = 0; y < peel_result_height(result); ++y) {
    const uint8_t* from =
        peel_result_data(result) + static_cast<size_t>(y) * peel_result_stride(result);
    bytes.insert(bytes.end(), from, from + row);
  }
  return bytes;
}

class RembgSteps : public Compose {
 protected:
  RembgSteps() { options_.compat_rembg = 1; }
  std::vector<uint8_t> Composed() {
    const Result result(peel_compose_pixels(nullptr, &picture_, &mask_, &options_));
    EXPECT_EQ(peel_result_status(result.get()), PEEL_OK) << peel_result_error(result.get());
    return Dense(result.get());
  }
  peel_cut_options options_ = Defaults();
};

TEST_F(RembgSteps, OptionsReachThem) {
  const auto naive = Composed();
  options_.putalpha = 1;
  const auto putalpha = Composed();
  for (size_t i = 0; i < matte_.size(); ++i) {
    ASSERT_EQ(putalpha[4 * i], photo_[3 * i]);
    ASSERT_EQ(putalpha[4 * i + 3], matte_[i]);
  }
  options_.putalpha = 0;
  options_.decontaminate = 1;
  EXPECT_NE(Composed(), naive);
  options_.decontaminate = 0;
  options_.mask_only = options_.post_process_mask = 1;
  for (const uint8_t v : Composed()) ASSERT_TRUE(v == 0 || v == 255);
}

TEST_F(RembgSteps, AlphaMattingIsMattingAndItsNumbersCount) {
  const auto naive = Composed();
  options_.alpha_matting = 1;
  const auto matted = Composed();
  EXPECT_NE(matted, naive);
  options_.alpha_matting = 0;
  options_.edges = PEEL_EDGES_MATTING;
  EXPECT_EQ(Composed(), matted) << "two ways to say the same";
  options_.alpha_matting = 1;
  for (int peel_cut_options::*number : {&peel_cut_options::alpha_matting_foreground_threshold,
                                        &peel_cut_options::alpha_matting_background_threshold,
                                        &peel_cut_options::alpha_matting_erode_size}) {
    const int before = std::exchange(options_.*number, options_.*number == 240 ? 100 : 3);
    if (number == &peel_cut_options::alpha_matting_background_threshold) options_.*number = 150;
    EXPECT_NE(Composed(), matted);
    options_.*number = before;
  }
  // Without a certain subject rembg decontaminates, or with putalpha does that.
  options_.alpha_matting_erode_size = 60;
  const auto without = Composed();
  options_.alpha_matting = 0;
  options_.edges = PEEL_EDGES_AUTO;
  options_.decontaminate = 1;
  EXPECT_EQ(without, Composed());
  options_.decontaminate = 0;
  options_.putalpha = 1;
  const auto putalpha = Composed();
  options_.alpha_matting = 1;
  EXPECT_EQ(Composed(), putalpha);
}

// What cannot be had together is refused, not ignored.
TEST_F(RembgSteps, WhatWouldHaveNoEffectIsRefused) {
  const auto refused = [&](const char* word) {
    const Result result(peel_compose_pixels(nullptr, &picture_, &mask_, &options_));
    EXPECT_EQ(peel_result_status(result.get()), PEEL_INVALID_ARGUMENT) << word;
    EXPECT_THAT(peel_result_error(result.get()), HasSubstr(word));
    options_ = Defaults();
  };
  options_.edges = PEEL_EDGES_REFINE;
  refused("refine");
  options_.alpha_matting = 1;
  options_.edges = PEEL_EDGES_OFF;
  refused("alpha_matting");
  for (int peel_cut_options::*step :
       {&peel_cut_options::post_process_mask, &peel_cut_options::putalpha,
        &peel_cut_options::decontaminate}) {
    options_.*step = 1;
    refused("compat_rembg");
  }
  options_.mask_only = 1;
  options_.background = "red";
  refused("mask");
}

TEST_F(Compose, BadInputIsText) {
  const auto error = [](peel_result* made) {
    const Result result(made);
    EXPECT_EQ(peel_result_status(result.get()), PEEL_INVALID_ARGUMENT);
    return std::string(peel_result_error(result.get()));
  };
  EXPECT_THAT(error(peel_compose_pixels(nullptr, &picture_, &picture_, nullptr)),
              HasSubstr("1 channel"));
  const peel_pixels two = {photo_.data(), kWidth, kHeight, 2, 0};
  EXPECT_THAT(error(peel_compose_pixels(nullptr, &two, &mask_, nullptr)), HasSubstr("not 2"));
  EXPECT_THAT(error(peel_compose_pixels(nullptr, &picture_, nullptr, nullptr)),
              HasSubstr("no pixels"));
  peel_cut_options options = Defaults();
  options.max_size = 10;
  EXPECT_THAT(error(peel_compose_pixels(nullptr, &picture_, &mask_, &options)),
              HasSubstr("max_size"));
}

TEST(WorkSize, KeepsThePicturesSize) {
  const std::unique_ptr<peel_engine, Free> engine(peel_engine_create(nullptr));
  ASSERT_EQ(peel_engine_status(engine.get()), PEEL_OK);
  const auto photo = Gradient(700, 500, 3);
  const peel_pixels picture = {photo.data(), 700, 500, 3, 0};
  peel_cut_options options = Defaults();
  options.work_size = 350;
  const Result result(peel_matte_pixels(engine.get(), &picture, &options));
  ASSERT_EQ(peel_result_status(result.get()), PEEL_OK) << peel_result_error(result.get());
  EXPECT_EQ(peel_result_width(result.get()), 700);
  EXPECT_EQ(peel_result_height(result.get()), 500);
}

TEST(Family, UnknownOnesAreRefused) {
  peel_engine_options options;
  peel_engine_options_init(&options, sizeof(options));
  options.family = "no-such-family";
  const std::unique_ptr<peel_engine, Free> engine(peel_engine_create(&options));
  EXPECT_EQ(peel_engine_status(engine.get()), PEEL_INVALID_ARGUMENT);
  EXPECT_THAT(peel_engine_error(engine.get()), HasSubstr("no-such-family"));
}

}  // namespace
