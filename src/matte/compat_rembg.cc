#include "src/matte/compat_rembg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/image/colour.h"
#include "src/image/rows.h"
#include "src/matte/colour/foreground.h"
#include "src/matte/matting/closed_form.h"

namespace peel {
namespace {

constexpr double kSigma = 2.0;
constexpr int kReach = 8;  // int(4 sigma + 0.5)

// Half a Gaussian: [0] its centre, [i] the weight i samples away; normalised as SciPy does it.
std::array<double, kReach + 1> GaussianWeights() {
  std::array<double, kReach + 1> w;
  double sum = 0;
  for (int i = -kReach; i <= kReach; ++i) sum += std::exp(-0.5 / (kSigma * kSigma) * i * i);
  for (int i = 0; i <= kReach; ++i) {
    w[static_cast<size_t>(i)] = std::exp(-0.5 / (kSigma * kSigma) * i * i) / sum;
  }
  return w;
}

// Where index i of a line reflected about its outer edges (d c b a | a b c d | d c b a) comes from.
int Reflect(int i, int n) {
  const int period = 2 * n;
  i %= period;
  if (i < 0) i += period;
  return i < n ? i : period - 1 - i;
}

// The minimum (or maximum) over a pixel and its four neighbours. Reflected, a border pixel is its
// own neighbour, which changes nothing: neighbours outside can be left out.
template <typename Pick>
Result<ImageU8> Cross(ImageView<const uint8_t> in, Pick pick, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, 1));
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* above = in.row(std::max(y - 1, 0));
      const uint8_t* here = in.row(y);
      const uint8_t* below = in.row(std::min(y + 1, in.height - 1));
      uint8_t* to = out.row(y);
      for (int x = 0; x < in.width; ++x) to[x] = pick(pick(above[x], here[x]), below[x]);
      for (int x = 0; x + 1 < in.width; ++x) {
        to[x] = pick(to[x], here[x + 1]);
        to[x + 1] = pick(to[x + 1], here[x]);
      }
    }
  });
  return out;
}

// cutout * 255 as float64, truncated.
uint8_t Truncated(double v) { return static_cast<uint8_t>(std::clamp(v * 255, 0.0, 255.0)); }

// The estimated foreground with the matte (1 channel, 0..1) as alpha.
Result<ImageU8> ForegroundCutout(ImageView<const uint8_t> photo, ImageView<const float> alpha) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 picture, ImageF32::Allocate(photo.width, photo.height, 3));
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        picture.row(y)[3 * x + c] =
            static_cast<float>(photo.row(y)[ptrdiff_t{x} * photo.channels + c] / 255.0);
      }
    }
  }
  PEEL_ASSIGN_OR_RETURN(const ForegroundPair pair,
                        EstimateForeground(std::as_const(picture).view(), alpha));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(photo.width, photo.height, 4));
  for (int y = 0; y < photo.height; ++y) {
    const float* f = pair.foreground.row(y);
    uint8_t* to = out.row(y);
    for (int x = 0; x < photo.width; ++x) {
      for (int c = 0; c < 3; ++c) to[4 * x + c] = Truncated(f[3 * x + c]);
      to[4 * x + 3] = Truncated(alpha.row(y)[x]);
    }
  }
  return out;
}

Result<ImageU8> DecontaminatedCutout(ImageView<const uint8_t> photo,
                                     ImageView<const uint8_t> mask) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 alpha, ImageF32::Allocate(photo.width, photo.height, 1));
  for (int y = 0; y < photo.height; ++y) {
    std::transform(mask.row(y), mask.row(y) + photo.width, alpha.row(y),
                   [](uint8_t v) { return static_cast<float>(v / 255.0); });
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 cutout, ForegroundCutout(photo, std::as_const(alpha).view()));
  // From the bytes: their quotients in single precision may fall just short of where they came
  // from.
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x) {
      cutout.row(y)[4 * x + 3] = Truncated(mask.row(y)[x] / 255.0);
    }
  }
  return cutout;
}

// Much closer to the exact solution than a cut-out needs, as rembg's solver is.
constexpr double kMattingTolerance = 1e-5;

// Empty where PyMatting raises a ValueError, after which rembg goes on without matting: the mask
// has no certain subject, no certain background or nothing uncertain, or the picture is too small
// for the 3x3 windows of the matting Laplacian.
Result<ImageU8> MattedCutout(ImageView<const uint8_t> photo, ImageView<const uint8_t> mask,
                             const TrimapOptions& options, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(const ImageU8 trimap, MakeTrimap(mask, options, pool));
  if (photo.width < 3 || photo.height < 3 || !HasBothSides(trimap.view()) ||
      !HasUnknown(trimap.view())) {
    return ImageU8();
  }
  ClosedFormOptions matting;
  matting.tolerance = kMattingTolerance;
  PEEL_ASSIGN_OR_RETURN(const ImageF32 alpha, ClosedFormAlpha(photo, trimap.view(), matting, pool));
  return ForegroundCutout(photo, alpha.view());
}

Status CheckInputs(ImageView<const uint8_t> photo, const std::vector<ImageU8>& masks) {
  if (photo.empty()) return InvalidArgument("there is no picture to cut out");
  for (const ImageU8& mask : masks) {
    if (mask.channels() != 1 || mask.width() != photo.width || mask.height() != photo.height) {
      return InvalidArgument("the mask must have one channel and the picture's size");
    }
  }
  return OkStatus();
}

// rembg pastes everything into RGBA when it stacks; a grey mask becomes opaque grey.
void PasteAsRgba(ImageView<const uint8_t> in, ImageView<uint8_t> out, int top) {
  for (int y = 0; y < in.height; ++y) {
    const uint8_t* from = in.row(y);
    uint8_t* to = out.row(top + y);
    if (in.channels == 4) {
      std::memcpy(to, from, static_cast<size_t>(in.width) * 4);
      continue;
    }
    for (int x = 0; x < in.width; ++x) {
      uint8_t* const pixel = to + ptrdiff_t{4} * x;
      std::fill_n(pixel, 3, from[x]);
      pixel[3] = 255;
    }
  }
}

Result<ImageU8> Opaque(ImageView<const uint8_t> photo) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 full, ImageU8::Allocate(photo.width, photo.height, 1));
  for (int y = 0; y < photo.height; ++y) std::fill_n(full.row(y), photo.width, uint8_t{255});
  return WithAlpha(photo, std::as_const(full).view(), true);
}

}  // namespace

Result<ImageU8> PostProcessMask(ImageView<const uint8_t> mask, ThreadPool* pool) {
  if (mask.empty() || mask.channels != 1) return InvalidArgument("a mask has one channel");
  PEEL_ASSIGN_OR_RETURN(ImageU8 eroded,
                        Cross(
                            mask, [](uint8_t a, uint8_t b) { return std::min(a, b); }, pool));
  PEEL_ASSIGN_OR_RETURN(
      ImageU8 opened,
      Cross(
          std::as_const(eroded).view(), [](uint8_t a, uint8_t b) { return std::max(a, b); }, pool));
  const auto weights = GaussianWeights();
  const int width = mask.width, height = mask.height;
  std::vector<int> column(static_cast<size_t>(width) + size_t{2} * kReach);
  for (size_t i = 0; i < column.size(); ++i) {
    column[i] = Reflect(static_cast<int>(i) - kReach, width);
  }
  // Columns first, in double, then rows; only one row of doubles at a time has to be kept.
  std::vector<double> scratch((column.size() + static_cast<size_t>(width)) *
                              static_cast<size_t>(Workers(pool)));
  ForRowBands(height, pool, [&](int first, int last, int worker) {
    double* line =
        scratch.data() + (column.size() + static_cast<size_t>(width)) * static_cast<size_t>(worker);
    double* wide = line + width;
    for (int y = first; y < last; ++y) {
      const uint8_t* here = opened.row(y);
      for (int x = 0; x < width; ++x) line[x] = here[x] * weights[0];
      for (int i = kReach; i >= 1; --i) {
        const uint8_t* above = opened.row(Reflect(y - i, height));
        const uint8_t* below = opened.row(Reflect(y + i, height));
        const double w = weights[static_cast<size_t>(i)];
        for (int x = 0; x < width; ++x) line[x] += (above[x] + below[x]) * w;
      }
      for (size_t i = 0; i < column.size(); ++i) wide[i] = line[column[i]];
      uint8_t* to = eroded.row(y);  // no longer needed, so it takes the result
      for (int x = 0; x < width; ++x) {
        const double* at = wide + x + kReach;
        double sum = at[0] * weights[0];
        for (int i = kReach; i >= 1; --i) {
          sum += (at[-i] + at[i]) * weights[static_cast<size_t>(i)];
        }
        to[x] = sum < 127 ? 0 : 255;
      }
    }
  });
  return eroded;
}

Result<ImageU8> RembgCutout(ImageView<const uint8_t> photo, const std::vector<ImageU8>& masks,
                            const RembgOptions& options, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckInputs(photo, masks));
  ImageU8 spread;
  if (photo.channels < 3) {
    // Grey with alpha keeps it: RGBA. Grey alone becomes RGB.
    PEEL_ASSIGN_OR_RETURN(spread, ToRgb(photo, pool));
    if (photo.channels == 2) {
      PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(photo.width, photo.height, 1));
      for (int y = 0; y < photo.height; ++y) {
        for (int x = 0; x < photo.width; ++x) alpha.row(y)[x] = photo.row(y)[2 * x + 1];
      }
      PEEL_ASSIGN_OR_RETURN(spread, WithAlpha(std::as_const(spread).view(),
                                              std::as_const(alpha).view(), false, pool));
    }
    photo = std::as_const(spread).view();
  }

  std::vector<ImageU8> cutouts;
  // putalpha changes rembg's one picture in place: every copy of it ends with the last such mask.
  std::vector<bool> in_place;
  size_t last_in_place = 0;
  for (const ImageU8& mask : masks) {
    ImageU8 processed;
    ImageView<const uint8_t> used = mask.view();
    if (options.steps.post_process_mask) {
      PEEL_ASSIGN_OR_RETURN(processed, PostProcessMask(used, pool));
      used = std::as_const(processed).view();
    }
    in_place.push_back(false);
    ImageU8 cutout;
    if (options.alpha_matting && !options.only_mask) {
      PEEL_ASSIGN_OR_RETURN(cutout, MattedCutout(photo, used, *options.alpha_matting, pool));
    }
    if (!cutout.empty()) {
      cutouts.push_back(std::move(cutout));
      continue;
    }
    if (options.only_mask) {
      PEEL_ASSIGN_OR_RETURN(cutout, ImageU8::Allocate(photo.width, photo.height, 1));
      for (int y = 0; y < photo.height; ++y) {
        std::memcpy(cutout.row(y), used.row(y), static_cast<size_t>(photo.width));
      }
    } else if (options.steps.putalpha) {
      PEEL_ASSIGN_OR_RETURN(cutout, WithAlpha(photo, used, false, pool));
      in_place.back() = true;
      last_in_place = cutouts.size();
    } else if (options.steps.decontaminate || options.alpha_matting) {  // the latter failed
      PEEL_ASSIGN_OR_RETURN(cutout, DecontaminatedCutout(photo, used));
    } else {
      PEEL_ASSIGN_OR_RETURN(cutout, NaiveCutout(photo, used, pool));
    }
    cutouts.push_back(std::move(cutout));
  }

  ImageU8 result;
  if (cutouts.empty()) {
    PEEL_ASSIGN_OR_RETURN(result, Opaque(photo));
  } else if (cutouts.size() == 1) {
    result = std::move(cutouts.front());
  } else {
    const auto rows = CheckedMul<int>(photo.height, static_cast<int>(cutouts.size()));
    if (!rows) return LimitExceeded("the stacked cut-outs would be too high");
    PEEL_ASSIGN_OR_RETURN(result, ImageU8::Allocate(photo.width, *rows, 4));
    for (size_t i = 0; i < cutouts.size(); ++i) {
      const ImageU8& source = cutouts[in_place[i] ? last_in_place : i];
      PasteAsRgba(source.view(), result.view(), static_cast<int>(i) * photo.height);
    }
  }
  if (options.bgcolor && !options.only_mask) {
    return AlphaComposite(std::as_const(result).view(), *options.bgcolor, pool);
  }
  return result;
}

}  // namespace peel
