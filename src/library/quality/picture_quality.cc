#include "src/library/quality/picture_quality.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <new>
#include <span>

#include "src/image/colour.h"
#include "src/image/resize.h"
#include "src/library/quality/colours.h"
#include "src/library/quality/sharpness.h"
#include "src/library/quality/tiles.h"
#include "src/library/quality/tones.h"

namespace peel::library {
namespace {

// The scale of all measures: a long side of 500 to 999 pixels, reached by whole blocks, which keep
// edges as sharp as they are at that scale. What is smaller stays as it is.
constexpr int kScale = 500;
constexpr uint8_t kSubject = 128;

struct Working {
  ImageU8 reduced;                    // empty where the picture has the scale already
  ImageView<const uint8_t> rgb = {};  // 3 channels
  ImageU8 luma;
};

Result<Working> ToWorkingScale(const ImageView<const uint8_t>& picture) {
  Working working;
  working.rgb = picture;
  const int factor = std::max(picture.width, picture.height) / kScale;
  if (factor > 1) {
    // A side shorter than the blocks becomes one pixel of them.
    const int width = std::max(1, picture.width / factor);
    const int height = std::max(1, picture.height / factor);
    const ImageView<const uint8_t> whole = {picture.data, std::min(picture.width, width * factor),
                                            std::min(picture.height, height * factor),
                                            picture.channels, picture.stride};
    PEEL_ASSIGN_OR_RETURN(working.reduced, Resize(whole, width, height, ResizeFilter::kBox));
    working.rgb = working.reduced.view();
  }
  PEEL_ASSIGN_OR_RETURN(working.luma, Luma(working.rgb));
  return working;
}

// What rises from 0 to 1 and never gets there; most of the way is done at `reach`.
double Nearing(double value, double reach) { return 1 - std::exp(-std::max(0.0, value) / reach); }

// The parts of the one mark, 0 to 1 each.
float ExposureMark(float exposure) { return 1 - 0.7f * std::abs(exposure); }
float ContrastMark(float contrast) {
  return static_cast<float>(0.55 + 0.3 * std::min(1.0, contrast / 0.4) +
                            0.15 * Nearing(contrast, 0.4));
}
float NoiseMark(float noise) {
  return static_cast<float>(0.6 + 0.4 * std::exp(-std::pow(std::max(0.0f, noise) / 14.0, 1.5)));
}

// Of each side of the picture that part along which the subject touches it.
struct Touching {
  float left = 0, right = 0, top = 0, bottom = 0;
};

Touching TouchingSides(const ImageView<const uint8_t>& matte) {
  Touching touching;
  const int right = matte.width - 1, bottom = matte.height - 1;
  for (int x = 0; x < matte.width; ++x) {
    touching.top += matte.row(0)[x] >= kSubject ? 1 : 0;
    touching.bottom += matte.row(bottom)[x] >= kSubject ? 1 : 0;
  }
  for (int y = 0; y < matte.height; ++y) {
    touching.left += matte.row(y)[0] >= kSubject ? 1 : 0;
    touching.right += matte.row(y)[right] >= kSubject ? 1 : 0;
  }
  const auto width = static_cast<float>(matte.width), height = static_cast<float>(matte.height);
  touching.top /= width;
  touching.bottom /= width;
  touching.left /= height;
  touching.right /= height;
  return touching;
}

// Of a subject's own edge every pixel counts that is at most this far outside: an edge against a
// blurred ground is where it shows that the subject is sharp.
constexpr int kRim = 2;

// 1 where the subject or its rim is, else 0.
Result<ImageU8> SubjectMask(const ImageView<const uint8_t>& matte) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 mask, ImageU8::Allocate(matte.width, matte.height, 1));
  PEEL_ASSIGN_OR_RETURN(ImageU8 wide, ImageU8::Allocate(matte.width, matte.height, 1));
  for (int y = 0; y < matte.height; ++y) {
    for (int x = 0; x < matte.width; ++x) {
      const int first = std::max(0, x - kRim), last = std::min(matte.width - 1, x + kRim);
      uint8_t most = 0;
      for (int i = first; i <= last; ++i) most = std::max(most, matte.row(y)[i]);
      wide.row(y)[x] = most;
    }
  }
  for (int y = 0; y < matte.height; ++y) {
    const int first = std::max(0, y - kRim), last = std::min(matte.height - 1, y + kRim);
    for (int x = 0; x < matte.width; ++x) {
      uint8_t most = 0;
      for (int i = first; i <= last; ++i) most = std::max(most, wide.row(i)[x]);
      mask.row(y)[x] = most >= kSubject ? 1 : 0;
    }
  }
  return mask;
}

float ShareOf(const ImageView<const uint8_t>& matte) {
  double sum = 0;
  for (int y = 0; y < matte.height; ++y) {
    for (int x = 0; x < matte.width; ++x) sum += matte.row(y)[x];
  }
  return static_cast<float>(sum / 255 / (static_cast<double>(matte.width) * matte.height));
}

}  // namespace

float SharpnessMark(float sharpness) {
  // Beyond the border the mark of sharpness is near 1 for all; how far beyond tells its logarithm.
  // A float's last digit below 1 bounds it.
  constexpr double kLeast = 6e-8;
  const double beyond = std::log(std::max<double>(sharpness, kLeast) /
                                 std::max(1 - static_cast<double>(sharpness), kLeast));
  return static_cast<float>(0.1 + 0.55 * std::min(1.0, sharpness / 0.8) +
                            0.35 * Nearing(beyond, 8));
}

float QualityMark(float sharpness, float exposure, float contrast, float noise) {
  return SharpnessMark(sharpness) * ExposureMark(exposure) * ContrastMark(contrast) *
         NoiseMark(noise);
}

Result<PictureQuality> MeasureQuality(const ImageView<const uint8_t>& picture) {
  if (picture.empty()) return PictureQuality();
  try {
    PEEL_ASSIGN_OR_RETURN(const Working working, ToWorkingScale(picture));
    const std::vector<Tile> tiles = MeasureTiles(working.luma.view());
    const Histogram tones = CountTones(working.luma.view());
    PictureQuality quality;
    quality.noise = EstimateNoise(tiles);
    quality.sharpness = SharpnessOf(Smoothness(tiles, quality.noise));
    quality.exposure = ExposureOf(tones);
    quality.contrast = ContrastOf(tones);
    quality.colorfulness = ColourfulnessOf(working.rgb);
    quality.dominant_colours = DominantColours(working.rgb);
    quality.quality =
        QualityMark(quality.sharpness, quality.exposure, quality.contrast, quality.noise);
    return quality;
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory to measure a picture");
  }
}

Result<SubjectQuality> MeasureSubject(const ImageView<const uint8_t>& picture,
                                      const ImageView<const uint8_t>& matte) {
  if (picture.empty() || matte.empty()) return SubjectQuality();
  try {
    PEEL_ASSIGN_OR_RETURN(const Working working, ToWorkingScale(picture));
    PEEL_ASSIGN_OR_RETURN(
        const ImageU8 scaled,
        Resize(matte, working.luma.width(), working.luma.height(), ResizeFilter::kBilinear));
    SubjectQuality subject;
    subject.share = ShareOf(scaled.view());
    PEEL_ASSIGN_OR_RETURN(const ImageU8 mask, SubjectMask(scaled.view()));
    const ImageView<const uint8_t> here = mask.view();
    // Grain is the whole picture's: a subject alone may have nothing flat.
    const float noise = EstimateNoise(MeasureTiles(working.luma.view()));
    subject.sharpness = SharpnessOf(Smoothness(MeasureTiles(working.luma.view(), &here), noise));
    subject.exposure = ExposureOf(CountTones(working.luma.view(), &here));
    const Touching touching = TouchingSides(scaled.view());
    constexpr float kCut = 0.02f;
    const bool cut_beside = touching.left > kCut || touching.right > kCut || touching.top > kCut;
    subject.cut_off = cut_beside || touching.bottom > kCut;
    if (subject.share < 0.002f) return subject;  // nothing there: score 0
    // From 5 % of the picture on a subject is large enough. People stand on a picture's lower side
    // as a rule; what is cut at another costs more.
    const float size = std::min(1.0f, std::sqrt(subject.share / 0.05f));
    const float whole = cut_beside ? 0.75f : subject.cut_off ? 0.9f : 1.0f;
    subject.score = SharpnessMark(subject.sharpness) * ExposureMark(subject.exposure) *
                    (0.5f + 0.5f * size) * whole;
    return subject;
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory to measure a picture's subject");
  }
}

}  // namespace peel::library
