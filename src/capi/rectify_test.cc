// Straightening through the C and the C++ interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <peel/peel.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using testing::HasSubstr;

constexpr int kWidth = 480, kHeight = 320;

// White sheets on a dark ground with some grain: two of them, upright.
std::vector<uint8_t> TwoSheets() {
  std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * 3);
  uint32_t noise = 1;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      noise = noise * 1664525 + 1013904223;
      const bool sheet = (y >= 30 && y < 190 && x >= 30 && x < 200) ||
                         (y >= 130 && y < 300 && x >= 270 && x < 440);
      for (int c = 0; c < 3; ++c) {
        pixels[(static_cast<size_t>(y) * kWidth + x) * 3 + c] =
            static_cast<uint8_t>((sheet ? 235 : 60 - 8 * c) + (noise >> 24) % 5);
      }
    }
  }
  return pixels;
}

peel_pixels PixelsOf(const std::vector<uint8_t>& data) {
  return {data.data(), kWidth, kHeight, 3, 0};
}

TEST(Rectify, CornersByHandInC) {
  const std::vector<uint8_t> data = TwoSheets();
  const peel_pixels pixels = PixelsOf(data);
  peel_engine* engine = peel_engine_create(nullptr);
  peel_rectify_options options;
  peel_rectify_options_init(&options, sizeof(options));
  EXPECT_EQ(options.turn, -1);
  const double corners[8] = {30, 30, 200, 30, 200, 190, 30, 190};
  options.corners = corners;
  options.width = 170;
  options.height = 160;
  peel_result* result = peel_rectify_pixels(engine, &pixels, &options, nullptr);
  ASSERT_EQ(peel_result_status(result), PEEL_OK) << peel_result_error(result);
  EXPECT_EQ(peel_result_straightened(result), 1);
  EXPECT_STREQ(peel_result_reason(result), "");
  EXPECT_EQ(peel_result_width(result), 170);
  EXPECT_EQ(peel_result_channels(result), 3);
  EXPECT_EQ(peel_result_confidence(result), 1);
  EXPECT_EQ(peel_result_quad_kind(result), PEEL_QUAD_DOCUMENT);
  std::array<double, 8> told;
  ASSERT_EQ(peel_result_corners(result, told.data()), 8);
  EXPECT_THAT(told, testing::ElementsAreArray(corners));
  std::array<double, 9> h;
  ASSERT_EQ(peel_result_homography(result, h.data()), 9);
  const double scale = h[6] * 200 + h[7] * 190 + h[8];
  EXPECT_NEAR((h[0] * 200 + h[1] * 190 + h[2]) / scale, 170, 1e-6);
  EXPECT_NEAR((h[3] * 200 + h[4] * 190 + h[5]) / scale, 160, 1e-6);
  EXPECT_NEAR(peel_result_ratio(result), 170.0 / 160, 0.01);
  EXPECT_EQ(peel_result_turn(result), 0);
  EXPECT_EQ(peel_result_next(result), nullptr);
  // The first pixels are the sheet's.
  EXPECT_EQ(peel_result_data(result)[0], data[(30 * kWidth + 30) * 3]);
  peel_result_free(result);
  peel_engine_free(engine);
}

TEST(Rectify, EverySheetInReadingOrder) {
  const std::vector<uint8_t> data = TwoSheets();
  const peel::Engine engine;
  peel::RectifyOptions options;
  options.all = true;
  options.kind = PEEL_QUAD_DOCUMENT;
  std::optional<peel::Result> second;
  {
    const peel::Result first = engine.Rectify({data, kWidth, kHeight, 3, 0}, options);
    ASSERT_TRUE(first.straightened()) << first.reason();
    EXPECT_NEAR((*first.corners())[0], 30, 2);
    second = first.next();
  }
  // It outlives the first: they share what they hold.
  ASSERT_TRUE(second);
  EXPECT_NEAR((*second->corners())[0], 270, 2);
  EXPECT_GT(second->bytes().size(), size_t{100} * 100 * 3);
  EXPECT_FALSE(second->next());
  options.all = false;
  EXPECT_FALSE(engine.Rectify({data, kWidth, kHeight, 3, 0}, options).next());
}

TEST(Rectify, AbstainingIsNoError) {
  const std::vector<uint8_t> plain(size_t{kWidth} * kHeight * 3, 120);
  const peel::Engine engine;
  const peel::Result result = engine.Rectify({plain, kWidth, kHeight, 3, 0});
  EXPECT_FALSE(result.straightened());
  EXPECT_NE(result.reason(), "");
  EXPECT_TRUE(result.bytes().empty());
  EXPECT_EQ(result.width(), 0);
  EXPECT_FALSE(result.corners());
  EXPECT_FALSE(result.homography());
  EXPECT_EQ(result.quad_kind(), PEEL_QUAD_AUTO);
  // A cut-out stays one.
  peel::CutOptions cut;
  cut.rectify.emplace();
  const peel::Result whole = engine.Cut(peel::Pixels{plain, kWidth, kHeight, 3, 0}, cut);
  EXPECT_FALSE(whole.straightened());
  EXPECT_EQ(whole.width(), kWidth);
  EXPECT_EQ(whole.channels(), 4);
}

TEST(Rectify, RefusalsSayWhy) {
  const std::vector<uint8_t> data = TwoSheets();
  const peel::Engine engine;
  const auto refusal = [&](const peel::RectifyOptions& options, const peel::CutOptions& cut = {}) {
    try {
      engine.Rectify({data, kWidth, kHeight, 3, 0}, options, cut);
    } catch (const peel::Error& error) {
      EXPECT_EQ(error.status(), PEEL_INVALID_ARGUMENT);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal({.corners = {{0, 0, 9, 9, 9, 0, 0, 9}}}), HasSubstr("corners"));
  EXPECT_THAT(refusal({.corners = {{0, 0, NAN, 0, 9, 9, 0, 9}}}), HasSubstr("corners"));
  EXPECT_THAT(refusal({.corners = {{0, 0, 4000, 0, 4000, 9, 0, 9}}}), HasSubstr("far outside"));
  EXPECT_THAT(refusal({.ratio = "round"}), HasSubstr("ratio"));
  EXPECT_THAT(refusal({.width = -3}), HasSubstr("width"));
  EXPECT_THAT(refusal({.turn = 45}), HasSubstr("90"));
  EXPECT_THAT(refusal({.margin = "wide"}), HasSubstr("margin"));
  EXPECT_THAT(refusal({.kind = static_cast<peel_quad_kind>(9)}), HasSubstr("peel_quad_kind"));
  peel::CutOptions mask;
  mask.mask_only = true;
  EXPECT_THAT(refusal({}, mask), HasSubstr("mask"));
  peel::CutOptions both;
  both.rectify.emplace();
  EXPECT_THAT(refusal({}, both), HasSubstr("rectify"));
}

TEST(Rectify, NullIsAccepted) {
  EXPECT_EQ(peel_result_straightened(nullptr), 0);
  EXPECT_STREQ(peel_result_reason(nullptr), "");
  EXPECT_EQ(peel_result_corners(nullptr, nullptr), 0);
  EXPECT_EQ(peel_result_homography(nullptr, nullptr), 0);
  EXPECT_EQ(peel_result_next(nullptr), nullptr);
  EXPECT_EQ(peel_result_dpi_x(nullptr), 0);
  peel_rectify_options_init(nullptr, 0);
  peel_result* result = peel_rectify(nullptr, "x", 1, nullptr, nullptr);
  EXPECT_EQ(peel_result_status(result), PEEL_INVALID_ARGUMENT);
  peel_result_free(result);
}

}  // namespace
