#include "src/engine/quantize/judge.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace peel::engine {
namespace {

constexpr size_t kNoSubject = 100;  // a mask of a smaller part of the picture than one in this

Result<std::vector<float>> Mask(Context& context, const Sample& sample,
                                std::span<const std::string> fetches, const ToMask& to_mask) {
  PEEL_ASSIGN_OR_RETURN(const auto outputs, context.Run(sample.feeds, fetches));
  return to_mask(outputs);
}

}  // namespace

double Tolerance::Used(const MaskError& error) const {
  const double of_iou = iou < 1 ? (1 - error.iou) / (1 - iou) : 0;
  const double used = std::max(error.mean_difference / mean_difference, of_iou);
  return std::isfinite(used) ? used : 1e9;
}

Result<Judge> Judge::Make(const Session& original, std::span<const Sample> samples,
                          std::span<const std::string> fetches, ToMask to_mask) {
  Judge judge;
  judge.samples_ = samples;
  judge.fetches_.assign(fetches.begin(), fetches.end());
  judge.to_mask_ = std::move(to_mask);
  const auto context = original.NewContext();
  for (const Sample& sample : samples) {
    PEEL_ASSIGN_OR_RETURN(auto mask, Mask(*context, sample, fetches, judge.to_mask_));
    judge.masks_.push_back(std::move(mask));
  }
  return judge;
}

Result<MaskError> Judge::Compare(const Session& session, int count) const {
  MaskError error;
  const size_t pictures =
      count > 0 ? std::min(masks_.size(), static_cast<size_t>(count)) : masks_.size();
  const auto context = session.NewContext();
  double sum = 0, ious = 0;
  for (size_t s = 0; s < pictures; ++s) {
    PEEL_ASSIGN_OR_RETURN(const auto mask, Mask(*context, samples_[s], fetches_, to_mask_));
    const std::vector<float>& expected = masks_[s];
    if (mask.size() != expected.size()) return Internal("two masks of one picture differ in size");
    double difference = 0;
    size_t both = 0, either = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < mask.size(); ++i) {
      difference += std::abs(static_cast<double>(mask[i]) - expected[i]);
      const bool a = mask[i] > 0.5f, b = expected[i] > 0.5f;
      both += a && b;
      either += a || b;
      of_a += a;
      of_b += b;
    }
    difference /= static_cast<double>(std::max<size_t>(mask.size(), 1));
    const size_t tiny = mask.size() / kNoSubject;
    const double iou =
        of_a <= tiny && of_b <= tiny ? 1 : static_cast<double>(both) / static_cast<double>(either);
    sum += difference;
    ious += iou;
    error.worst_difference = std::max(error.worst_difference, difference);
    error.worst_iou = std::min(error.worst_iou, iou);
  }
  if (pictures > 0) {
    error.mean_difference = sum / static_cast<double>(pictures);
    error.iou = ious / static_cast<double>(pictures);
  }
  return error;
}

}  // namespace peel::engine
