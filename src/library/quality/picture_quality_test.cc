#include "src/library/quality/picture_quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "src/image/resize.h"
#include "src/image/test_pixels.h"
#include "src/library/quality/sharpness.h"
#include "src/library/quality/tiles.h"
#include "src/library/test_scenes.h"

namespace peel::library {
namespace {

ImageU8 Filled(int width, int height, std::array<uint8_t, 3> rgb) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, 3));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * 3; ++x) image.row(y)[x] = rgb[static_cast<size_t>(x % 3)];
  }
  return image;
}

// Pixels through `change(value, x, y)`, clipped.
template <typename F>
ImageU8 Changed(const ImageU8& in, F change) {
  ImageU8 out = std::move(*ImageU8::Allocate(in.width(), in.height(), in.channels()));
  for (int y = 0; y < in.height(); ++y) {
    for (int x = 0; x < in.width() * in.channels(); ++x) {
      out.row(y)[x] = static_cast<uint8_t>(
          std::clamp(std::lround(change(in.row(y)[x], x / in.channels(), y)), 0L, 255L));
    }
  }
  return out;
}

// The mean of 2 * reach + 1 pixels along one axis.
ImageU8 BlurredAlong(const ImageU8& in, int reach, bool across) {
  ImageU8 out = std::move(*ImageU8::Allocate(in.width(), in.height(), in.channels()));
  const int channels = in.channels(), length = across ? in.width() : in.height();
  for (int y = 0; y < in.height(); ++y) {
    for (int i = 0; i < in.width() * channels; ++i) {
      const int at = across ? i / channels : y;
      int sum = 0, count = 0;
      for (int k = std::max(0, at - reach); k <= std::min(length - 1, at + reach); ++k, ++count) {
        sum += across ? in.row(y)[k * channels + i % channels] : in.row(k)[i];
      }
      out.row(y)[i] = static_cast<uint8_t>((sum + count / 2) / count);
    }
  }
  return out;
}

// Out of focus, or shaken along one axis.
ImageU8 Blurred(const ImageU8& in, int across, int down) {
  return BlurredAlong(BlurredAlong(in, across, true), down, false);
}

ImageU8 Grainy(const ImageU8& in, double deviation) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, deviation);
  return Changed(in, [&](double v, int, int) { return v + normal(random); });
}

// As a camera shows the world: edges a little soft.
ImageU8 Photo(uint32_t seed, int width, int height) {
  const ImageU8 large = testing::Scene(seed, width * 2, height * 2, 3);
  return std::move(*Resize(large.view(), width, height, ResizeFilter::kLanczos));
}

PictureQuality Quality(const ImageU8& picture) {
  auto quality = MeasureQuality(picture.view());
  EXPECT_TRUE(quality.ok());
  return *std::move(quality);
}

TEST(PictureQualityTest, BlurShowsWhateverItsDirectionAndTheContrast) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const ImageU8 sharp = Photo(seed, 500, 375);
    EXPECT_GT(Quality(sharp).sharpness, 0.6f) << seed;
    EXPECT_LT(Quality(Blurred(sharp, 3, 3)).sharpness, 0.3f) << seed;
    EXPECT_LT(Quality(Blurred(sharp, 4, 0)).sharpness, 0.4f) << seed;
    EXPECT_LT(Quality(Blurred(sharp, 0, 4)).sharpness, 0.4f) << seed;
    const auto pale = [](double v, int, int) { return 60 + v / 2; };
    EXPECT_NEAR(Quality(Changed(sharp, pale)).sharpness, Quality(sharp).sharpness, 0.1) << seed;
    EXPECT_LT(Quality(Changed(Blurred(sharp, 3, 3), pale)).sharpness, 0.35f) << seed;
  }
}

TEST(PictureQualityTest, MoreBlurIsLessSharp) {
  const ImageU8 sharp = Photo(4, 500, 375);
  float last = Quality(sharp).sharpness;
  for (const int radius : {1, 2, 4}) {
    const float now = Quality(Blurred(sharp, radius, radius)).sharpness;
    EXPECT_LT(now, last) << radius;
    last = now;
  }
}

TEST(PictureQualityTest, ABlurredGroundBehindASharpSubjectIsNoFault) {
  const ImageU8 sharp = Photo(5, 500, 375), blurred = Blurred(sharp, 6, 6);
  ImageU8 bokeh = Blurred(sharp, 6, 6);
  for (int y = 100; y < 275; ++y) std::copy_n(sharp.row(y) + 450, 600, bokeh.row(y) + 450);
  EXPECT_GT(Quality(bokeh).sharpness, 0.5f);
  EXPECT_LT(Quality(blurred).sharpness, 0.3f);
}

TEST(PictureQualityTest, GrainIsNoSharpness) {
  const ImageU8 blurred = Blurred(Photo(6, 500, 375), 3, 3);
  const PictureQuality quality = Quality(Grainy(blurred, 8));
  EXPECT_LT(quality.sharpness, 0.5f);
}

TEST(PictureQualityTest, NoiseIsTheGrainsDeviation) {
  const ImageU8 grey = Filled(500, 375, {128, 128, 128});
  EXPECT_EQ(Quality(grey).noise, 0);
  for (const double deviation : {3.0, 9.0}) {
    // One grain for all three channels, as luma has it.
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0, deviation);
    double grain = 0;
    int i = 0;
    const ImageU8 noisy = Changed(grey, [&](double v, int, int) {
      if (i++ % 3 == 0) grain = normal(random);
      return v + grain;
    });
    EXPECT_NEAR(Quality(noisy).noise, deviation, 0.12 * deviation + 0.2);
  }
}

TEST(PictureQualityTest, WhereNothingIsToBeSeenNothingIsSaidOfBlur) {
  EXPECT_EQ(Quality(Filled(500, 375, {120, 160, 220})).sharpness, 0.5f);
  ImageU8 sky =
      Changed(Filled(500, 375, {0, 0, 0}), [](double, int, int y) { return 120 + y / 8.0; });
  EXPECT_EQ(Quality(sky).sharpness, 0.5f);
  EXPECT_EQ(Quality(Grainy(sky, 2)).sharpness, 0.5f);
}

TEST(PictureQualityTest, ExposureCountsOnlyWithoutMidTones) {
  const ImageU8 photo = Photo(7, 500, 375);
  EXPECT_EQ(Quality(photo).exposure, 0);
  const auto times = [&](double factor) {
    return Quality(Changed(photo, [&](double v, int, int) { return v * factor; })).exposure;
  };
  EXPECT_LT(times(0.12), -0.5f);
  EXPECT_GT(times(12), 0.3f);
  EXPECT_EQ(Quality(Filled(50, 50, {0, 0, 0})).exposure, -1);
  EXPECT_EQ(Quality(Filled(50, 50, {255, 255, 255})).exposure, 1);
  // A dark picture with a lit subject in it was meant so.
  ImageU8 night = Filled(500, 375, {5, 5, 5});
  for (int y = 0; y < 375; ++y) std::fill_n(night.row(y), 600, uint8_t{120});
  EXPECT_EQ(Quality(night).exposure, 0);
}

TEST(PictureQualityTest, ContrastAndColour) {
  ImageU8 half = Filled(100, 100, {40, 40, 40});
  for (int y = 0; y < 50; ++y) std::fill_n(half.row(y), 300, uint8_t{193});
  EXPECT_NEAR(Quality(half).contrast, 0.6, 1e-3);
  EXPECT_EQ(Quality(Filled(9, 9, {40, 40, 40})).contrast, 0);
  EXPECT_EQ(Quality(half).colorfulness, 0);
  // Half red, half blue: rg is 255 and 0, yb is 127.5 and -255.
  ImageU8 colours = Filled(100, 100, {255, 0, 0});
  for (int y = 0; y < 50; ++y) {
    for (int x = 0; x < 100; ++x) {
      colours.row(y)[x * 3] = 0;
      colours.row(y)[x * 3 + 2] = 255;
    }
  }
  EXPECT_NEAR(Quality(colours).colorfulness,
              std::hypot(127.5, 191.25) + 0.3 * std::hypot(127.5, -63.75), 0.01);
}

TEST(PictureQualityTest, DominantColoursAreThePicturesWithTheirShares) {
  ImageU8 flag = Filled(100, 100, {20, 60, 160});
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 100; ++x) {
      const uint8_t rgb[3] = {230, 40, 30};
      std::copy_n(rgb, 3, flag.row(y) + x * 3);
    }
  }
  flag.row(99)[0] = 255;  // a ten thousandth is no colour of the picture
  const auto colours = Quality(flag).dominant_colours;
  ASSERT_EQ(colours.size(), 2u);
  EXPECT_NEAR(colours[0].share, 0.7, 1e-3);
  EXPECT_NEAR(colours[1].share, 0.3, 1e-3);
  const int want[2][3] = {{20, 60, 160}, {230, 40, 30}};
  for (size_t i = 0; i < 2; ++i) {
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(colours[i].rgb[c], want[i][c], 1);
  }
  const auto many = Quality(Photo(8, 300, 200)).dominant_colours;
  ASSERT_FALSE(many.empty());
  EXPECT_LE(many.size(), 5u);
  for (size_t i = 1; i < many.size(); ++i) EXPECT_LE(many[i].share, many[i - 1].share);
}

TEST(PictureQualityTest, TheOneMarkFallsWithEachFault) {
  const ImageU8 photo = Photo(9, 500, 375);
  const float best = Quality(photo).quality;
  EXPECT_GT(best, 0.7f);
  EXPECT_LE(best, 1);
  EXPECT_LT(Quality(Blurred(photo, 3, 3)).quality, 0.6f * best);
  EXPECT_LT(Quality(Changed(photo, [](double v, int, int) { return v * 0.12; })).quality,
            0.8f * best);
  EXPECT_LT(Quality(Changed(photo, [](double v, int, int) { return 110 + v / 8; })).quality,
            0.95f * best);
  EXPECT_LT(Quality(Grainy(photo, 20)).quality, 0.95f * best);
}

TEST(PictureQualityTest, NoTwoMarksAreEqualUnlessTheMeasuresAre) {
  // Each measure by itself over all that a photograph may have, far beyond where it is good.
  float before = 0;
  for (const float sharpness :
       {0.0f, 0.1f, 0.5f, 0.79f, 0.81f, 0.9f, 0.99f, 0.999f, 0.9999f, 0.99999f, 0.999999f}) {
    const float mark = QualityMark(sharpness, 0, 0.7f, 1);
    EXPECT_GT(mark, before + 1e-4f) << sharpness;
    before = mark;
  }
  EXPECT_LT(before, 1);
  EXPECT_LE(QualityMark(1, 0, 1, 0), 1);
  for (int i = 1; i <= 20; ++i) {
    const auto step = static_cast<float>(i);
    const float contrast = step / 20, lower = (step - 1) / 20;
    EXPECT_GT(QualityMark(1, 0, contrast, 1), QualityMark(1, 0, lower, 1)) << contrast;
    EXPECT_LT(QualityMark(1, 0, 0.7f, step), QualityMark(1, 0, 0.7f, step - 1)) << step;
    EXPECT_LT(QualityMark(1, contrast, 0.7f, 1), QualityMark(1, lower, 0.7f, 1)) << contrast;
    EXPECT_EQ(QualityMark(1, contrast, 0.7f, 1), QualityMark(1, -contrast, 0.7f, 1));
  }
}

TEST(PictureQualityTest, OfFramesThatAreAllSharpOneIsBetter) {
  const ImageU8 photo = Photo(9, 500, 375);
  const PictureQuality best = Quality(photo), noisier = Quality(Grainy(photo, 2)),
                       flatter = Quality(
                           Changed(photo, [](double v, int, int) { return 20 + v * 0.85; }));
  EXPECT_GT(noisier.sharpness, 0.8f);
  EXPECT_GT(flatter.sharpness, 0.8f);
  EXPECT_GT(best.quality, noisier.quality + 1e-3f);
  EXPECT_GT(best.quality, flatter.quality + 1e-3f);
}

TEST(PictureQualityTest, TheScaleIsOneWhateverTheSize) {
  const ImageU8 photo = Photo(10, 1000, 750);
  const ImageU8 half = std::move(*Resize(photo.view(), 500, 375, ResizeFilter::kBox));
  const PictureQuality large = Quality(photo), small = Quality(half);
  EXPECT_EQ(large.sharpness, small.sharpness);
  EXPECT_EQ(large.exposure, small.exposure);
}

TEST(PictureQualityTest, EverySizeIsTaken) {
  for (const int width : {1, 2, 4, 5, 9, 499, 1700}) {
    for (const int height : {1, 3, 5, 40, 1001}) {
      const ImageU8 noise = testing::Noise(3, width, height, 3);
      const auto quality = MeasureQuality(noise.view());
      ASSERT_TRUE(quality.ok()) << width << "x" << height;
      EXPECT_GE(quality->quality, 0);
      EXPECT_LE(quality->quality, 1);
      const ImageU8 matte = testing::Noise(4, std::max(1, width / 2), std::max(1, height / 2), 1);
      ASSERT_TRUE(MeasureSubject(noise.view(), matte.view()).ok()) << width << "x" << height;
    }
  }
}

// A disc of the given radius about a point, in parts of the matte's width.
ImageU8 Disc(int width, int height, double cx, double cy, double radius) {
  ImageU8 matte = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      matte.row(y)[x] = std::hypot(x - cx * width, y - cy * height) < radius * width ? 255 : 0;
    }
  }
  return matte;
}

SubjectQuality Subject(const ImageU8& picture, const ImageU8& matte) {
  auto subject = MeasureSubject(picture.view(), matte.view());
  EXPECT_TRUE(subject.ok());
  return *subject;
}

TEST(SubjectQualityTest, TheSubjectsSharpnessIsNotItsGrounds) {
  const ImageU8 sharp = Photo(5, 500, 375), blurred = Blurred(sharp, 6, 6);
  const ImageU8 matte = Disc(250, 188, 0.5, 0.5, 0.2);
  const auto inside = [](int x, int y) { return std::hypot(x - 250, y - 187.5) < 100; };
  const auto mixed = [&](const ImageU8& in, const ImageU8& out) {
    ImageU8 picture = std::move(*ImageU8::Allocate(500, 375, 3));
    for (int y = 0; y < 375; ++y) {
      for (int x = 0; x < 500; ++x) {
        std::copy_n((inside(x, y) ? in : out).row(y) + x * 3, 3, picture.row(y) + x * 3);
      }
    }
    return picture;
  };
  const SubjectQuality good = Subject(mixed(sharp, blurred), matte);
  EXPECT_GT(good.sharpness, 0.55f);
  EXPECT_NEAR(good.share, 3.14159 * 100 * 100 / (500 * 375), 0.01);
  EXPECT_FALSE(good.cut_off);
  // In focus is the wall behind the subject: the picture is sharp, the subject is not. (The disc's
  // own edge is the test's, and sharp: the matte ends within it.)
  const ImageU8 behind = mixed(blurred, sharp);
  EXPECT_GT(Quality(behind).sharpness, 0.5f);
  const SubjectQuality bad = Subject(behind, Disc(250, 188, 0.5, 0.5, 0.18));
  EXPECT_LT(bad.sharpness, 0.4f);
  EXPECT_LT(bad.score, good.score);
}

TEST(SubjectQualityTest, ExposureIsTheSubjects) {
  ImageU8 backlit = Filled(500, 375, {250, 250, 250});
  for (int y = 100; y < 275; ++y) std::fill_n(backlit.row(y) + 600, 300, uint8_t{10});
  ImageU8 matte = std::move(*ImageU8::Allocate(500, 375, 1));
  for (int y = 0; y < 375; ++y) {
    for (int x = 0; x < 500; ++x) {
      matte.row(y)[x] = x >= 200 && x < 300 && y >= 100 && y < 275 ? 255 : 0;
    }
  }
  EXPECT_LT(Subject(backlit, matte).exposure, -0.6f);
  EXPECT_GT(Quality(backlit).exposure, 0.5f);
}

TEST(SubjectQualityTest, CutOffWhereItRunsOutOfThePicture) {
  const ImageU8 photo = Photo(11, 500, 375);
  const SubjectQuality whole = Subject(photo, Disc(500, 375, 0.5, 0.5, 0.2));
  const SubjectQuality below = Subject(photo, Disc(500, 375, 0.5, 0.95, 0.2));
  const SubjectQuality beside = Subject(photo, Disc(500, 375, 0.05, 0.5, 0.2));
  EXPECT_FALSE(whole.cut_off);
  EXPECT_TRUE(below.cut_off);
  EXPECT_TRUE(beside.cut_off);
}

TEST(SubjectQualityTest, NoSubjectHasNoScore) {
  const ImageU8 photo = Photo(12, 500, 375);
  const SubjectQuality none = Subject(photo, Disc(500, 375, 0.5, 0.5, 0));
  EXPECT_EQ(none.share, 0);
  EXPECT_EQ(none.score, 0);
  EXPECT_EQ(none.sharpness, 0.5f);
  EXPECT_LT(Subject(photo, Disc(500, 375, 0.5, 0.5, 0.06)).score,
            Subject(photo, Disc(500, 375, 0.5, 0.5, 0.3)).score + 0.2f);
}

TEST(SharpnessTest, ExponentsOfWhatIsKnown) {
  // A step has 0.5, a ramp 1; where nothing changes there is no answer.
  const auto exponent = [](auto level) {
    ImageU8 luma = std::move(*ImageU8::Allocate(200, 200, 1));
    for (int y = 0; y < 200; ++y) {
      for (int x = 0; x < 200; ++x) luma.row(y)[x] = static_cast<uint8_t>(level(x, y));
    }
    return Smoothness(MeasureTiles(luma.view()), 0);
  };
  EXPECT_NEAR(exponent([](int x, int) { return x % 24 < 12 ? 50 : 200; }), 0.5, 0.02);
  EXPECT_NEAR(exponent([](int x, int) { return 4 * std::abs(x % 100 - 50); }), 1, 0.06);
  EXPECT_LT(exponent([](int, int) { return 7; }), 0);
  EXPECT_EQ(SharpnessOf(-1), 0.5f);
  EXPECT_GT(SharpnessOf(0.6f), SharpnessOf(0.9f));
}

}  // namespace
}  // namespace peel::library
