#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/engine/quantize/histogram.h"
#include "src/engine/quantize/layers.h"
#include "src/engine/session.h"

namespace peel::engine {

// One picture as the model is fed it.
struct Sample {
  std::string name;  // for messages
  std::vector<NamedTensor> feeds;
};

// Told now and then how far a stage is; called by the thread that works.
using QuantizeProgress = std::function<void(std::string_view stage, int done, int total)>;

// The range and means of one value over all pictures.
struct ActivationSeen {
  Histogram values;
  std::vector<double> channel_mean;  // over all pictures, rows and columns
};

// Runs the samples through the model (which load gives, with extra outputs) in float32, on the pool
// (as in SessionOptions), and collects
// what these values (name and shape) hold, by name. They are fetched in groups of at most 256 MiB,
// so the pictures may be run several times. kInvalidArgument, naming picture and value, for one
// that is not finite.
Result<std::map<std::string, ActivationSeen>> CollectActivations(
    const std::function<Result<std::unique_ptr<Session>>(const SessionOptions&)>& load,
    const std::map<std::string, Shape>& values, std::span<const Sample> samples, ThreadPool* pool,
    const QuantizeProgress& progress, const CancelToken* cancel);

}  // namespace peel::engine
