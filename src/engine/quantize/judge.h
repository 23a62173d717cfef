#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/quantize/calibrate.h"
#include "src/engine/session.h"

namespace peel::engine {

// How far masks are from those of float32, over some pictures.
struct MaskError {
  double mean_difference = 0;   // absolute, over all pixels of all pictures; masks are 0..1
  double worst_difference = 0;  // of the picture with the largest mean
  // Of mask > 0.5, mean over the pictures. Two masks that both cover less than a hundredth of the
  // picture agree (1): there is no subject, and a few pixels would decide.
  double iou = 1;
  double worst_iou = 1;
};

// What a narrower model must keep to.
struct Tolerance {
  double mean_difference = 0.004;
  double iou = 0.995;
  // How much of it is used up: 1 is just within.
  double Used(const MaskError& error) const;
  bool Holds(const MaskError& error) const { return Used(error) <= 1; }
};

// From a model's outputs to a mask of values 0..1.
using ToMask = std::function<Result<std::vector<float>>(std::span<const Tensor> outputs)>;

// Compares a model with its float32 original on a fixed set of pictures.
class Judge {
 public:
  Judge() = default;  // of no pictures
  // samples stay alive. Runs the original on all of them.
  static Result<Judge> Make(const Session& original, std::span<const Sample> samples,
                            std::span<const std::string> fetches, ToMask to_mask);

  // The first `count` pictures only, where it is positive.
  Result<MaskError> Compare(const Session& session, int count = 0) const;
  std::span<const Sample> samples() const { return samples_; }

 private:
  std::span<const Sample> samples_;
  std::vector<std::string> fetches_;
  ToMask to_mask_;
  std::vector<std::vector<float>> masks_;
};

}  // namespace peel::engine
