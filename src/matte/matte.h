#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matting/trimap.h"
#include "src/matte/model/model_family.h"
#include "src/matte/model/network.h"

namespace peel {

// How a prediction becomes a matte.
enum class MatteMode {
  kDefault,  // the prediction is a probability: an empty one stays empty
  kRembg,    // rembg's: stretched to the full range, truncated, Lanczos to full size
};

// How the matte gets from the network's size to the photo's.
enum class Edges {
  kAuto,     // kRefine where it grows by more than 1.5 times, else kOff
  kOff,      // Lanczos alone
  kRefine,   // guided by the photo (guided.h)
  kMatting,  // closed-form matting around the enlarged matte's edges (trimap.h, closed_form.h)
};

// Whether the photo guides a matte that grows by this factor.
bool GuidedByPhoto(Edges edges, double growth);

struct MatteOptions {
  MatteMode mode = MatteMode::kDefault;
  Edges edges = Edges::kAuto;  // only in kDefault
  TrimapOptions matting{};     // for kMatting
};

struct Matte {
  // The photo's size, one channel, 255 for the subject. One matte, or three for a cloth model
  // (upper, lower, full body).
  std::vector<ImageU8> alphas;
  // How sure the model is that there is a subject, 0..1: its own score, or for models without one
  // the probability that the most certain thousandth of its mask reaches.
  float subject_score = 0;
  // False: the photo seems to hold no subject. The matte is then what the model said, not stretched
  // (in kRembg it is rembg's all the same).
  bool subject_found = false;
  // Share of the photo that the first matte covers, 0..1.
  float coverage = 0;
  bool refined = false;  // kAuto and kRefine: whether the photo guided the edges
};

// The mean of a matte (1 channel), 0..1.
float Coverage(ImageView<const uint8_t> alpha);

// Whether a matte has a pixel that is at least half opaque.
bool HasSubject(ImageView<const uint8_t> alpha);

// How sure a prediction is that there is a subject, 0..1, and the threshold from which on one is
// found: the model's own score, or without one what the most certain thousandth of `plane` reaches
// (the prediction's probabilities, within 0..1).
struct SubjectScore {
  float score = 0, threshold = 0;
  bool found() const { return score >= threshold; }
};
SubjectScore ScoreSubject(const Prediction& prediction, const ImageF32& plane,
                          const Profile& profile);

// Sets probabilities that are nearly certain to certain, in place.
void Settle(ImageF32* plane);

// A matte of 0..1 in 8 bits.
Result<ImageU8> MatteBytes(const ImageF32& plane);

// What any of the mattes covers, in the first one, which is taken out.
ImageU8 TakeUnion(Matte& matte, ThreadPool* pool = nullptr);

// A matte from a trimap (trimap.h) of the photo's size by closed-form matting, without any model.
// photo: 1 to 4 channels. A trimap without subject or background has nothing to tell: its unknown
// part is then taken for what it does not have.
Result<Matte> MatteFromTrimap(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                              ThreadPool* pool = nullptr);

// A model that makes mattes. Immutable; may be used from several threads at once.
class MattingModel {
 public:
  // hint: the family the catalogue gives for the model's name.
  static Result<std::unique_ptr<MattingModel>> Create(std::shared_ptr<const Network> network,
                                                      std::optional<Family> hint = std::nullopt);

  const Profile& profile() const { return profile_; }
  // Frees what the network keeps for the next run.
  void TrimMemory() const { network_->TrimMemory(); }

  // picture: 8 bits, 1 to 4 channels, upright; alpha is dropped. The two steps may be given
  // different versions of a photo: a reduced one to Predict (no smaller than the network's input),
  // the full one to ToMatte.
  Result<Prediction> Predict(ImageView<const uint8_t> picture, ThreadPool* pool = nullptr,
                             Sampling sampling = Sampling::kExact) const;
  Result<Matte> ToMatte(const Prediction& prediction, ImageView<const uint8_t> photo,
                        const MatteOptions& options = {}, ThreadPool* pool = nullptr) const;

  // Both; the sampling is exact in kRembg and fast in kDefault.
  Result<Matte> Run(ImageView<const uint8_t> photo, const MatteOptions& options = {},
                    ThreadPool* pool = nullptr) const;

 private:
  MattingModel(std::shared_ptr<const Network> network, Profile profile)
      : network_(std::move(network)), profile_(std::move(profile)) {}

  std::shared_ptr<const Network> network_;
  Profile profile_;
};

}  // namespace peel
