#include "src/rectify/bilevel/sauvola.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::ForEveryTarget;
using testing::Noise;

// The published formula, window by window, in extended precision. NaN where limits decide.
long double Threshold(ImageView<const uint8_t> grey, int x, int y, const SauvolaOptions& options) {
  const int r = options.window / 2;
  int64_t n = 0, sum = 0, squares = 0;
  for (int v = std::max(y - r, 0); v <= std::min(y + r, grey.height - 1); ++v) {
    for (int u = std::max(x - r, 0); u <= std::min(x + r, grey.width - 1); ++u) {
      const int64_t p = grey.row(v)[u];
      ++n;
      sum += p;
      squares += p * p;
    }
  }
  const auto count = static_cast<long double>(n);
  const long double mean = static_cast<long double>(sum) / count;
  const long double variance = static_cast<long double>(squares * n - sum * sum) / (count * count);
  const long double k = options.k / 256.0L;
  return mean * (1 + k * (std::sqrt(variance) / options.range - 1));
}

void ExpectReference(ImageView<const uint8_t> grey, const SauvolaOptions& options, ThreadPool* pool,
                     const std::string& where) {
  const auto out = Sauvola(grey, options, pool);
  ASSERT_TRUE(out.ok()) << out.status().message();
  for (int y = 0; y < grey.height; ++y) {
    for (int x = 0; x < grey.width; ++x) {
      const int p = grey.row(y)[x];
      const long double threshold = Threshold(grey, x, y, options);
      if (std::abs(threshold - p) < 1e-9L) continue;  // a tie, up to rounding
      const bool white = p >= options.black && (p >= options.white || p > threshold);
      ASSERT_EQ(out->row(y)[x], white ? 255 : 0)
          << where << " at " << x << ", " << y << ": " << p << " against " << threshold;
    }
  }
}

TEST(SauvolaTest, IsThePublishedFormula) {
  ThreadPool pool(3);
  ForEveryTarget([&](const std::string& target) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {1, 40}, {40, 1}, {37, 23}, {64, 64}, {21, 430}}) {
      const ImageU8 grey = Noise(static_cast<uint32_t>(width * 7 + height), width, height, 1);
      for (const int window : {3, 15, 101}) {
        SauvolaOptions options;
        options.window = window;
        ExpectReference(grey.view(), options, &pool, target);
      }
    }
  });
}

TEST(SauvolaTest, EveryOptionCounts) {
  const ImageU8 grey = Noise(3, 60, 50, 1);
  const auto with = [&](auto set) {
    SauvolaOptions options;
    options.window = 11;
    set(options);
    ExpectReference(grey.view(), options, nullptr, "");
    return testing::Crc(*Sauvola(grey.view(), options, nullptr));
  };
  const uint32_t plain = with([](auto&) {});
  EXPECT_NE(plain, with([](auto& o) { o.window = 13; }));
  EXPECT_NE(plain, with([](auto& o) { o.k = 90; }));
  EXPECT_NE(plain, with([](auto& o) { o.range = 60; }));
  EXPECT_NE(plain, with([](auto& o) { o.black = 110; }));
  EXPECT_NE(plain, with([](auto& o) { o.white = 100; }));
}

TEST(SauvolaTest, LargestWindowOfExtremesDoesNotOverflow) {
  // Running sums wrap round; those of a window must not.
  ForEveryTarget([&](const std::string& target) {
    for (const int pattern : {0, 1, 2}) {
      ImageU8 grey = std::move(*ImageU8::Allocate(300, 258, 1));
      for (int y = 0; y < 258; ++y) {
        for (int x = 0; x < 300; ++x) {
          grey.row(y)[x] = pattern == 0 ? 255 : pattern == 1 ? 1 : x % 2 == 0 ? 255 : 0;
        }
      }
      SauvolaOptions options;
      options.window = 255;
      const auto out = Sauvola(grey.view(), options, nullptr);
      ASSERT_TRUE(out.ok());
      for (const int x : {0, 128, 150, 299}) {
        for (const int y : {0, 129, 257}) {
          const bool white = pattern < 2 || x % 2 == 0;
          EXPECT_EQ(out->row(y)[x], white ? 255 : 0) << target << " " << pattern << ": " << x;
        }
      }
    }
  });
}

TEST(SauvolaTest, SameForEveryTargetAndNumberOfThreads) {
  const ImageU8 grey = Noise(11, 517, 431, 1);
  const uint32_t alone = testing::Crc(*Sauvola(grey.view(), {}, nullptr));
  ForEveryTarget([&](const std::string& target) {
    for (const int threads : {1, 2, 5}) {
      ThreadPool pool(threads);
      EXPECT_EQ(testing::Crc(*Sauvola(grey.view(), {}, &pool)), alone) << target << threads;
    }
  });
}

TEST(SauvolaTest, RefusesWhatMakesNoSense) {
  const ImageU8 grey = Noise(1, 8, 8, 1), colour = Noise(1, 8, 8, 3);
  const auto code = [&](auto set) {
    SauvolaOptions options;
    set(options);
    return Sauvola(grey.view(), options, nullptr).status().code();
  };
  EXPECT_EQ(code([](auto&) {}), StatusCode::kOk);
  EXPECT_EQ(code([](auto& o) { o.window = 1; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.window = 8; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.window = 257; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.k = -1; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.k = 257; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& o) { o.range = 0; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(Sauvola(colour.view(), {}, nullptr).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Sauvola({}, {}, nullptr).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
