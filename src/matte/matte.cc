#include "src/matte/matte.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/colour.h"
#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/matte/edges/guided.h"
#include "src/matte/matting/closed_form.h"

namespace peel {
namespace {

// A prediction this sure of its most certain pixels has found something.
constexpr float kFoundThreshold = 0.5f;
// What counts as certainly background or subject. Networks end in a sigmoid and reach 0 and 1 only
// nearly; without this whole interiors would stay a touch transparent. The range only ever widens
// towards the values that the prediction reaches, so an unsure matte is not stretched.
constexpr float kSurelyBackground = 0.02f;
constexpr float kSurelySubject = 0.96f;
// Matte growth from which kAuto lets the photo guide the edges.
constexpr double kGuidedFrom = 1.5;

float Clean(float p) { return p > 0 ? std::min(p, 1.0f) : 0.0f; }  // NaN becomes 0

// The value that the most certain thousandth of the plane reaches.
float TopThousandth(const ImageF32& plane) {
  std::vector<float> values;
  values.reserve(static_cast<size_t>(plane.width()) * static_cast<size_t>(plane.height()));
  for (int y = 0; y < plane.height(); ++y) {
    values.insert(values.end(), plane.row(y), plane.row(y) + plane.width());
  }
  const auto at = values.begin() + static_cast<ptrdiff_t>((values.size() - 1) / 1000);
  std::nth_element(values.begin(), at, values.end(), std::greater<>());
  return *at;
}

// Probabilities of one class, cleaned of NaN and of what lies outside 0..1.
Result<ImageF32> CleanPlane(const ImageF32& mask, int classes, int wanted) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 plane, ImageF32::Allocate(mask.width(), mask.height(), 1));
  for (int y = 0; y < mask.height(); ++y) {
    const float* from = mask.row(y);
    std::transform(from, from + mask.width(), plane.row(y), [&](float v) {
      if (classes > 1) return v == static_cast<float>(wanted) ? 1.0f : 0.0f;
      return Clean(v);
    });
  }
  return plane;
}

// rembg's masks: stretched, or for cloth the label picture resized as if it were grey and compared.
Result<std::vector<ImageU8>> RembgMasks(const Prediction& prediction, const Profile& profile,
                                        ImageView<const uint8_t> photo, ThreadPool* pool) {
  std::vector<ImageU8> masks;
  ImageU8 small;
  if (profile.classes == 1) {
    PEEL_ASSIGN_OR_RETURN(small, StretchLikeRembg(prediction.mask));
  } else {
    PEEL_ASSIGN_OR_RETURN(small,
                          ImageU8::Allocate(prediction.mask.width(), prediction.mask.height(), 1));
    for (int y = 0; y < small.height(); ++y) {
      for (int x = 0; x < small.width(); ++x) {
        small.row(y)[x] = static_cast<uint8_t>(prediction.mask.row(y)[x]);
      }
    }
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 full, Resize(std::as_const(small).view(), photo.width, photo.height,
                                             ResizeFilter::kLanczos, pool));
  if (profile.classes == 1) {
    masks.push_back(std::move(full));
    return masks;
  }
  for (int label = 1; label < profile.classes; ++label) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 mask, ImageU8::Allocate(photo.width, photo.height, 1));
    for (int y = 0; y < photo.height; ++y) {
      const uint8_t* from = full.row(y);
      std::transform(from, from + photo.width, mask.row(y),
                     [&](uint8_t v) { return v == label ? uint8_t{255} : uint8_t{0}; });
    }
    masks.push_back(std::move(mask));
  }
  return masks;
}

// Closed-form matting where the enlarged matte is neither certainly subject nor background. There
// the matte that the photo has guided is the prior: it knows of glass and far strands, the colours
// of hair.
Result<ImageU8> MatteByMatting(ImageView<const uint8_t> enlarged, ImageU8 guided,
                               ImageView<const uint8_t> photo, const TrimapOptions& options,
                               ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(const ImageU8 trimap, MakeTrimap(enlarged, options, pool));
  // Nothing to learn from: too small a subject for the erosion, or one that fills the picture.
  if (!HasBothSides(trimap.view())) return guided;
  return ClosedFormMatte(photo, trimap.view(), {.prior = std::as_const(guided).view()}, pool);
}

}  // namespace

void Settle(ImageF32* plane) {
  const float scale = 1.0f / (kSurelySubject - kSurelyBackground);
  for (int y = 0; y < plane->height(); ++y) {
    float* row = plane->row(y);
    for (int x = 0; x < plane->width(); ++x) row[x] = Clean((row[x] - kSurelyBackground) * scale);
  }
}

SubjectScore ScoreSubject(const Prediction& prediction, const ImageF32& plane,
                          const Profile& profile) {
  if (prediction.subject) {
    return {Clean(*prediction.subject), static_cast<float>(profile.subject_threshold)};
  }
  return {TopThousandth(plane), kFoundThreshold};
}

Result<ImageU8> MatteBytes(const ImageF32& plane) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(plane.width(), plane.height(), 1));
  for (int y = 0; y < plane.height(); ++y) {
    const float* from = plane.row(y);
    std::transform(from, from + plane.width(), out.row(y),
                   [](float v) { return static_cast<uint8_t>(v * 255.0f + 0.5f); });
  }
  return out;
}

bool GuidedByPhoto(Edges edges, double growth) {
  return edges == Edges::kRefine || (edges == Edges::kAuto && growth > kGuidedFrom);
}

float Coverage(ImageView<const uint8_t> alpha) {
  uint64_t sum = 0;
  for (int y = 0; y < alpha.height; ++y) {
    uint32_t row = 0;
    for (int x = 0; x < alpha.width; ++x) row += alpha.row(y)[x];
    sum += row;
  }
  return static_cast<float>(static_cast<double>(sum) / (255.0 * alpha.width * alpha.height));
}

bool HasSubject(ImageView<const uint8_t> alpha) {
  for (int y = 0; y < alpha.height; ++y) {
    const uint8_t* row = alpha.row(y);
    if (std::any_of(row, row + alpha.width, [](uint8_t v) { return v >= 128; })) return true;
  }
  return false;
}

ImageU8 TakeUnion(Matte& matte, ThreadPool* pool) {
  ImageU8 all = std::move(matte.alphas[0]);
  for (size_t i = 1; i < matte.alphas.size(); ++i) {
    const ImageU8& other = matte.alphas[i];
    ForRowBands(all.height(), pool, [&](int first, int last, int) {
      for (int y = first; y < last; ++y) {
        uint8_t* to = all.row(y);
        const uint8_t* from = other.row(y);
        for (int x = 0; x < all.width(); ++x) to[x] = std::max(to[x], from[x]);
      }
    });
  }
  return all;
}

Result<Matte> MatteFromTrimap(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                              ThreadPool* pool) {
  if (photo.empty()) return InvalidArgument("there is no picture to make a matte for");
  ImageU8 rgb;
  if (photo.channels < 3) {
    PEEL_ASSIGN_OR_RETURN(rgb, ToRgb(photo, pool));
    photo = std::as_const(rgb).view();
  }
  Matte matte;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ClosedFormMatte(photo, trimap, {}, pool));
  const bool subject = HasSubject(std::as_const(alpha).view());
  matte.subject_found = subject;
  matte.subject_score = subject ? 1.0f : 0.0f;
  matte.coverage = Coverage(std::as_const(alpha).view());
  matte.refined = true;
  matte.alphas.push_back(std::move(alpha));
  return matte;
}

Result<std::unique_ptr<MattingModel>> MattingModel::Create(std::shared_ptr<const Network> network,
                                                           std::optional<Family> hint) {
  PEEL_ASSIGN_OR_RETURN(Profile profile, MakeProfile(*network, hint));
  return std::unique_ptr<MattingModel>(new MattingModel(std::move(network), std::move(profile)));
}

Result<Prediction> MattingModel::Predict(ImageView<const uint8_t> picture, ThreadPool* pool,
                                         Sampling sampling) const {
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> input,
                        Preprocess(picture, profile_, pool, sampling));
  const int64_t shape[] = {1, 3, profile_.height, profile_.width};
  std::vector<std::string> wanted = {profile_.mask_output};
  if (!profile_.subject_output.empty()) wanted.push_back(profile_.subject_output);
  PEEL_ASSIGN_OR_RETURN(const auto outputs, network_->Run(input, shape, wanted));
  return ReadOutputs(outputs, profile_);
}

Result<Matte> MattingModel::ToMatte(const Prediction& prediction, ImageView<const uint8_t> photo,
                                    const MatteOptions& options, ThreadPool* pool) const {
  if (photo.empty()) return InvalidArgument("there is no picture to make a matte for");
  const int subjects = profile_.classes > 1 ? profile_.classes - 1 : 1;
  Matte matte;
  std::vector<ImageF32> planes;
  for (int s = 1; s <= subjects; ++s) {
    PEEL_ASSIGN_OR_RETURN(ImageF32 plane, CleanPlane(prediction.mask, profile_.classes, s));
    const SubjectScore score = ScoreSubject(prediction, plane, profile_);
    matte.subject_score = std::max(matte.subject_score, score.score);
    matte.subject_found = matte.subject_found || score.found();
    planes.push_back(std::move(plane));
  }

  if (options.mode == MatteMode::kRembg) {
    PEEL_ASSIGN_OR_RETURN(matte.alphas, RembgMasks(prediction, profile_, photo, pool));
    matte.coverage = Coverage(std::as_const(matte.alphas.front()).view());
    return matte;
  }

  const double growth = std::max(static_cast<double>(photo.width) / prediction.mask.width(),
                                 static_cast<double>(photo.height) / prediction.mask.height());
  const bool colours = photo.channels >= 3 && matte.subject_found;
  const bool matting = colours && options.edges == Edges::kMatting;
  const bool guide = matting || (colours && GuidedByPhoto(options.edges, growth));
  for (ImageF32& plane : planes) {
    if (matte.subject_found) Settle(&plane);
    ImageU8 guided, enlarged;
    if (guide) {
      PEEL_ASSIGN_OR_RETURN(guided, GuidedUpsample(std::as_const(plane).view(), photo, {}, pool));
      matte.refined = true;
    }
    if (!guide || matting) {
      PEEL_ASSIGN_OR_RETURN(const ImageU8 bytes, MatteBytes(plane));
      // Not Lanczos: its second lobe draws faint lines beside edges.
      PEEL_ASSIGN_OR_RETURN(
          enlarged, Resize(bytes.view(), photo.width, photo.height, ResizeFilter::kBicubic, pool));
    }
    if (matting) {
      PEEL_ASSIGN_OR_RETURN(guided,
                            MatteByMatting(std::as_const(enlarged).view(), std::move(guided), photo,
                                           options.matting, pool));
    }
    matte.alphas.push_back(std::move(guide ? guided : enlarged));
  }
  matte.coverage = Coverage(std::as_const(matte.alphas.front()).view());
  return matte;
}

Result<Matte> MattingModel::Run(ImageView<const uint8_t> photo, const MatteOptions& options,
                                ThreadPool* pool) const {
  const Sampling sampling = options.mode == MatteMode::kRembg ? Sampling::kExact : Sampling::kFast;
  PEEL_ASSIGN_OR_RETURN(const Prediction prediction, Predict(photo, pool, sampling));
  return ToMatte(prediction, photo, options, pool);
}

}  // namespace peel
