#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/session.h"

namespace peel::engine {

// The inputs of a proof: a disc before a ground where an input looks like a picture (N x 3 x H x
// W), smooth numbers elsewhere; whole numbers are 1. Open extents are 1, and 320 for H and W.
Result<std::vector<NamedTensor>> CanaryFeeds(const std::vector<Port>& inputs);

// What the CPU makes of them: values of the model's first output, thinned out to some ten thousand.
// The native engine computes them in float32, or where it cannot, `other` does, a session on the
// CPU (may be null: kUnsupported then). pool as in SessionOptions. Kept on disk from one run to the
// next.
Result<std::vector<float>> CanaryReference(const ModelBytes& model, ThreadPool* pool,
                                           const Session* other);

// The same values of a result.
Result<std::vector<float>> CanaryValues(const Tensor& output);

// How far two such lists may be apart, as a share of the reference's range.
struct CanaryTolerance {
  double mean = 2e-3, worst = 0.1;
};
CanaryTolerance ToleranceFor(Precision precision);

// "" where they agree, else what is wrong: "its result is not the CPU's (mean difference 0.31 …)".
std::string CompareCanary(std::span<const float> reference, std::span<const float> values,
                          const CanaryTolerance& tolerance);

}  // namespace peel::engine
