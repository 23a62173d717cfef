#include "src/rectify/enhance/enhance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "src/image/test_pixels.h"
#include "src/rectify/text/test_page.h"

namespace peel {
namespace {

using testing::Crc;
using testing::IsClear;
using testing::Photograph;
using testing::TextMask;

constexpr int kWidth = 900, kHeight = 1200;
constexpr double kInk = 0.15;  // reflectance

double Flat(int, int, int) { return 215; }

// A page of text under a light.
struct Page {
  ImageU8 mask = TextMask(kWidth, kHeight, 3, 5);
  ImageU8 picture;

  template <typename Light>
  explicit Page(Light light, double noise = 2)
      : picture(Photograph(kWidth, kHeight, noise, light, [this](int x, int y, int) {
          return mask.row(y)[x] == 0 ? kInk : 1.0;
        })) {}
};

ImageU8 MustEnhance(const ImageU8& page, Enhancement how, ThreadPool* pool = nullptr) {
  auto out = Enhance(page.view(), how, pool);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return out.ok() ? std::move(*out) : ImageU8();
}

struct Levels {
  int least_paper = 255, most_ink = 0;
  double mean_paper = 0;
};

// Of all channels; paper at some distance from ink.
Levels Measure(const ImageU8& page, const ImageU8& mask) {
  Levels levels;
  int64_t n = 0;
  for (int y = 0; y < page.height(); ++y) {
    for (int x = 0; x < page.width(); ++x) {
      const bool ink = mask.row(y)[x] == 0;
      if (!ink && !IsClear(mask, x, y, 1)) continue;
      for (int c = 0; c < page.channels(); ++c) {
        const int v = page.row(y)[x * page.channels() + c];
        if (ink) {
          levels.most_ink = std::max(levels.most_ink, v);
        } else {
          levels.least_paper = std::min(levels.least_paper, v);
          levels.mean_paper += v;
          ++n;
        }
      }
    }
  }
  levels.mean_paper /= static_cast<double>(n);
  return levels;
}

void ExpectWhitePaperAndBlackInk(const Page& page, int least_paper, const char* what) {
  const Levels levels = Measure(MustEnhance(page.picture, Enhancement::kColour), page.mask);
  EXPECT_GE(levels.least_paper, least_paper) << what;
  EXPECT_GE(levels.mean_paper, 253) << what;
  EXPECT_LE(levels.most_ink, 70) << what;
}

TEST(EnhanceTest, GradientBecomesFlat) {
  const Page page([](int x, int y, int) { return 100 + 120.0 * x / kWidth + 30.0 * y / kHeight; });
  const Levels before = Measure(page.picture, page.mask);
  ASSERT_LT(before.least_paper, 110);
  ExpectWhitePaperAndBlackInk(page, 245, "gradient");
}

TEST(EnhanceTest, CornersFallingOffBecomeFlat) {
  ExpectWhitePaperAndBlackInk(Page([](int x, int y, int) {
                                const double u = 2.0 * x / kWidth - 1, v = 2.0 * y / kHeight - 1;
                                return 230 / (1 + 0.6 * (u * u + v * v));
                              }),
                              245, "vignette");
}

TEST(EnhanceTest, ShadowOverTheBorderGoes) {
  // Of a hand or telephone: half as bright, its edge 60 pixels wide.
  ExpectWhitePaperAndBlackInk(Page([](int x, int y, int) {
                                const double edge = 0.5 * kWidth + 0.2 * y - x;
                                return 215 * (1 - 0.5 / (1 + std::exp(-edge / 15)));
                              }),
                              232, "shadow");
}

TEST(EnhanceTest, HardShadowOverTheBorderGoesGreyBoxStays) {
  // Its edge is four pixels wide; a strip of a block's width along it may keep a trace.
  const auto from_edge = [](int x, int y) { return 0.5 * kWidth + 0.2 * y - x; };
  const auto in_box = [](int x, int y) { return x >= 650 && x < 800 && y >= 300 && y < 450; };
  const ImageU8 mask = TextMask(kWidth, kHeight, 3, 5);
  const ImageU8 page = Photograph(
      kWidth, kHeight, 2,
      [&](int x, int y, int) { return 215 * (1 - 0.5 / (1 + std::exp(-from_edge(x, y)))); },
      [&](int x, int y, int) { return in_box(x, y)          ? 0.6
                                      : mask.row(y)[x] == 0 ? kInk
                                                            : 1.0; });
  const ImageU8 out = MustEnhance(page, Enhancement::kColour);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int v = out.row(y)[3 * x];
      if (in_box(x - 12, y - 12) && in_box(x + 12, y + 12)) {
        ASSERT_NEAR(v, 255 * 0.6, 15) << x << ", " << y;
      } else if (std::abs(from_edge(x, y)) > 20 && !in_box(x, y) && IsClear(mask, x, y, 1)) {
        ASSERT_GE(v, 235) << x << ", " << y;
      }
    }
  }
}

TEST(EnhanceTest, PaleWritingGainsContrast) {
  // Of a pencil or a thermal printer; nothing darker is on the page.
  const ImageU8 mask = TextMask(kWidth, kHeight, 3, 5);
  for (const double ink : {0.75, 0.5}) {
    const ImageU8 page = Photograph(kWidth, kHeight, 2, Flat, [&](int x, int y, int) {
      return mask.row(y)[x] == 0 ? ink : 1.0;
    });
    const ImageU8 out = MustEnhance(page, Enhancement::kColour);
    EXPECT_LE(Measure(out, mask).most_ink, 255 - 1.5 * 255 * (1 - ink)) << ink;
    const ImageU8 bits = MustEnhance(page, Enhancement::kBilevel);
    int missed = 0, inks = 0;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        inks += mask.row(y)[x] == 0;
        missed += mask.row(y)[x] == 0 && bits.row(y)[x] != 0;
      }
    }
    EXPECT_LT(missed, inks / 20) << ink;
  }
}

TEST(EnhanceTest, ColourCastGoes) {
  const Page page([](int x, int, int c) {
    constexpr double kCast[3] = {1, 0.9, 0.68};
    return (180 + 40.0 * x / kWidth) * kCast[c];
  });
  ExpectWhitePaperAndBlackInk(page, 245, "cast");
  const ImageU8 out = MustEnhance(page.picture, Enhancement::kColour);
  for (const int y : {4, 600, 1195}) {
    for (const int x : {4, 895}) {
      const uint8_t* p = out.row(y) + 3 * ptrdiff_t{x};
      EXPECT_LE(std::max({p[0], p[1], p[2]}) - std::min({p[0], p[1], p[2]}), 4);
    }
  }
}

TEST(EnhanceTest, ColouredInkKeepsItsHue) {
  const ImageU8 mask = TextMask(kWidth, kHeight, 3, 5);
  const ImageU8 page = Photograph(kWidth, kHeight, 0, Flat, [&](int x, int y, int c) {
    constexpr double kBlue[3] = {0.2, 0.3, 0.8};
    return mask.row(y)[x] == 0 ? kBlue[c] : 1.0;
  });
  const ImageU8 out = MustEnhance(page, Enhancement::kColour);
  double sum[3] = {0, 0, 0};
  int n = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (mask.row(y)[x] != 0) continue;
      for (int c = 0; c < 3; ++c) sum[c] += 255 - out.row(y)[3 * x + c];
      ++n;
    }
  }
  EXPECT_NEAR(sum[1] / sum[0], 0.7 / 0.8, 0.03);
  EXPECT_NEAR(sum[2] / sum[0], 0.2 / 0.8, 0.03);
  EXPECT_GT(sum[0] / n, 0.75 * 255);
}

TEST(EnhanceTest, BleedThroughFadesAndInkStays) {
  const ImageU8 mask = TextMask(kWidth, kHeight, 3, 5), back = TextMask(kWidth, kHeight, 3, 77);
  const auto through = [&](int x, int y) { return back.row(y)[kWidth - 1 - x] == 0; };
  const ImageU8 page = Photograph(kWidth, kHeight, 1, Flat, [&](int x, int y, int) {
    return mask.row(y)[x] == 0 ? kInk : through(x, y) ? 0.86 : 1.0;
  });
  const ImageU8 out = MustEnhance(page, Enhancement::kColour);
  double paper[2] = {0, 0}, shine[2] = {0, 0}, ink[2] = {0, 0};
  int64_t papers = 0, shines = 0, inks = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double before = page.row(y)[3 * x], after = out.row(y)[3 * x];
      const bool is_ink = mask.row(y)[x] == 0, is_through = !is_ink && through(x, y);
      double* sum = is_ink ? ink : is_through ? shine : paper;
      ++(is_ink ? inks : is_through ? shines : papers);
      sum[0] += before;
      sum[1] += after;
    }
  }
  const auto contrast = [&](const double* sum, int64_t n, int i) {
    return 1 - (sum[i] / static_cast<double>(n)) / (paper[i] / static_cast<double>(papers));
  };
  EXPECT_NEAR(contrast(shine, shines, 0), 0.14, 0.01);
  EXPECT_LT(contrast(shine, shines, 1), 0.14 / 2.5);
  EXPECT_GE(contrast(ink, inks, 1), contrast(ink, inks, 0));
}

TEST(EnhanceTest, PicturesOnThePageKeepTheirTones) {
  // A photograph of soft shapes in the middle of the text, paper light all round.
  const ImageU8 mask = TextMask(kWidth, kHeight, 3, 5);
  const auto inside = [](int x, int y) { return x >= 250 && x < 650 && y >= 400 && y < 750; };
  const auto tone = [](int x, int y, int c) {
    return 0.45 + 0.3 * std::sin(0.013 * x + 0.4 * c) * std::cos(0.017 * y) + 0.002 * (x * 7 % 23);
  };
  const ImageU8 page = Photograph(kWidth, kHeight, 1, Flat, [&](int x, int y, int c) {
    return inside(x, y) ? tone(x, y, c) : mask.row(y)[x] == 0 ? kInk : 1.0;
  });
  const ImageU8 out = MustEnhance(page, Enhancement::kColour);
  double off = 0;
  int n = 0;
  for (int y = 430; y < 720; ++y) {
    for (int x = 280; x < 620; ++x) {
      for (int c = 0; c < 3; ++c) {
        off += std::abs(out.row(y)[3 * x + c] - 255 * tone(x, y, c));
        ++n;
      }
    }
  }
  EXPECT_LT(off / n, 6) << "levels, on average";
}

TEST(EnhanceTest, BilevelIsTheTextItself) {
  // Under a gradient and a cast, with noise.
  const Page page(
      [](int x, int y, int c) {
        return (90 + 100.0 * x / kWidth + 30.0 * y / kHeight) * (c == 2 ? 0.8 : 1);
      },
      6);
  const ImageU8 out = MustEnhance(page.picture, Enhancement::kBilevel);
  ASSERT_EQ(out.channels(), 1);
  int wrong = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      ASSERT_TRUE(out.row(y)[x] == 0 || out.row(y)[x] == 255);
      wrong += out.row(y)[x] != page.mask.row(y)[x];
    }
  }
  EXPECT_LT(wrong, kWidth * kHeight / 2000);
}

TEST(EnhanceTest, LargeBlackAreasAreNotHollow) {
  const ImageU8 page = Photograph(kWidth, kHeight, 3, Flat, [&](int x, int y, int) {
    return x >= 300 && x < 600 && y >= 300 && y < 600 ? 0.1 : 1.0;
  });
  const ImageU8 out = MustEnhance(page, Enhancement::kBilevel);
  for (int y = 310; y < 590; ++y) {
    ASSERT_EQ(std::count(out.row(y) + 310, out.row(y) + 590, 0), 280) << y;
  }
}

TEST(EnhanceTest, GreyHasNoColourAndAlphaIsKept) {
  const Page page(Flat);
  ImageU8 rgba = std::move(*ImageU8::Allocate(kWidth, kHeight, 4));
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      std::copy_n(page.picture.row(y) + 3 * x, 3, rgba.row(y) + 4 * x);
      rgba.row(y)[4 * x + 3] = static_cast<uint8_t>(x < 40 ? 0 : 255 - y % 3);
    }
  }
  const ImageU8 colour = MustEnhance(rgba, Enhancement::kColour);
  const ImageU8 grey = MustEnhance(rgba, Enhancement::kGrey);
  const ImageU8 opaque = MustEnhance(page.picture, Enhancement::kGrey);
  const ImageU8 bits = MustEnhance(rgba, Enhancement::kBilevel);
  ASSERT_EQ(colour.channels(), 4);
  ASSERT_EQ(grey.channels(), 2);
  ASSERT_EQ(opaque.channels(), 1);
  ASSERT_EQ(bits.channels(), 1);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int alpha = rgba.row(y)[4 * x + 3];
      ASSERT_EQ(colour.row(y)[4 * x + 3], alpha);
      ASSERT_EQ(grey.row(y)[2 * x + 1], alpha);
      const uint8_t* p = colour.row(y) + 4 * ptrdiff_t{x};
      ASSERT_EQ(grey.row(y)[2 * x], (77 * p[0] + 150 * p[1] + 29 * p[2] + 128) >> 8);
      if (alpha == 0) {
        ASSERT_EQ(bits.row(y)[x], 255);
      }
    }
  }
}

TEST(EnhanceTest, SixteenBitsAgreeWithEight) {
  const Page page([](int x, int, int c) { return 120 + 90.0 * x / kWidth - 20.0 * c; });
  ImageU16 deep = std::move(*ImageU16::Allocate(kWidth, kHeight, 3));
  for (int y = 0; y < kHeight; ++y) {
    std::transform(page.picture.row(y), page.picture.row(y) + 3 * kWidth, deep.row(y),
                   [](uint8_t v) { return static_cast<uint16_t>(v * 257); });
  }
  for (const Enhancement how :
       {Enhancement::kNone, Enhancement::kColour, Enhancement::kGrey, Enhancement::kBilevel}) {
    const ImageU8 eight = MustEnhance(page.picture, how);
    const auto sixteen = Enhance(deep.view(), how, nullptr);
    ASSERT_TRUE(sixteen.ok());
    ASSERT_EQ(sixteen->channels(), eight.channels());
    for (int y = 0; y < kHeight; ++y) {
      for (int i = 0; i < kWidth * eight.channels(); ++i) {
        ASSERT_NEAR(sixteen->row(y)[i] / 257.0, eight.row(y)[i], 1.6)
            << static_cast<int>(how) << ": " << i << ", " << y;
      }
    }
  }
}

TEST(EnhanceTest, SameForEveryTargetAndNumberOfThreads) {
  const Page page([](int x, int y, int) { return 120 + 60.0 * x / kWidth + 30.0 * y / kHeight; });
  for (const Enhancement how : {Enhancement::kColour, Enhancement::kGrey, Enhancement::kBilevel}) {
    const uint32_t alone = Crc(MustEnhance(page.picture, how));
    testing::ForEveryTarget([&](const std::string& target) {
      ThreadPool pool(3);
      EXPECT_EQ(Crc(MustEnhance(page.picture, how, &pool)), alone) << target;
    });
  }
}

// Soft blobs in colour, everywhere.
ImageU8 Scenery() {
  return Photograph(
      kWidth, kHeight, 4, [](int, int, int) { return 255; },
      [](int x, int y, int c) {
        return 0.5 + 0.25 * std::sin(0.011 * x + c) * std::cos(0.007 * y - c) +
               0.2 * std::sin(0.05 * x + 0.03 * y);
      });
}

TEST(EnhanceTest, AutoEnhancesPagesAndLeavesPhotographsAlone) {
  const Page page([](int x, int, int) { return 120 + 90.0 * x / kWidth; });
  EXPECT_TRUE(IsTextPage(page.picture.view(), nullptr));
  EXPECT_EQ(Crc(MustEnhance(page.picture, Enhancement::kAuto)),
            Crc(MustEnhance(page.picture, Enhancement::kColour)));
  EXPECT_NE(Crc(MustEnhance(page.picture, Enhancement::kAuto)), Crc(page.picture));
  const ImageU8 scenery = Scenery();
  EXPECT_FALSE(IsTextPage(scenery.view(), nullptr));
  EXPECT_EQ(Crc(MustEnhance(scenery, Enhancement::kAuto)), Crc(scenery));
  // A single thing before a white ground is no page either.
  const ImageU8 product = Photograph(kWidth, kHeight, 2, Flat, [](int x, int y, int c) {
    return std::hypot(x - 450, y - 600) < 250 ? 0.3 + 0.1 * c : 1.0;
  });
  EXPECT_FALSE(IsTextPage(product.view(), nullptr));
}

TEST(EnhanceTest, NoneIsACopy) {
  const Page page(Flat);
  EXPECT_EQ(Crc(MustEnhance(page.picture, Enhancement::kNone)), Crc(page.picture));
}

TEST(EnhanceTest, AnyPictureComesThrough) {
  // Tiny, narrow, black, white, transparent.
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 3000}, {3000, 1}, {7, 9}, {130, 90}}) {
    for (const int channels : {3, 4}) {
      for (const int fill : {-1, 0, 255}) {
        ImageU8 page = testing::Noise(9, width, height, channels);
        for (int y = 0; fill >= 0 && y < height; ++y) {
          std::fill_n(page.row(y), width * channels, static_cast<uint8_t>(fill));
        }
        for (const Enhancement how : {Enhancement::kAuto, Enhancement::kColour, Enhancement::kGrey,
                                      Enhancement::kBilevel}) {
          const ImageU8 out = MustEnhance(page, how);
          EXPECT_EQ(out.width(), width);
          EXPECT_EQ(out.height(), height);
        }
      }
    }
  }
}

TEST(EnhanceTest, RefusesOtherChannels) {
  for (const int channels : {1, 2, 5}) {
    const ImageU8 page = testing::Noise(1, 20, 20, channels);
    EXPECT_EQ(Enhance(page.view(), Enhancement::kColour, nullptr).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_FALSE(IsTextPage(page.view(), nullptr));
  }
  EXPECT_EQ(Enhance(ImageView<const uint8_t>{}, Enhancement::kNone, nullptr).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
