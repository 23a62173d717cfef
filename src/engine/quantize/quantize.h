#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/engine/quantize/calibrate.h"
#include "src/engine/quantize/judge.h"
#include "src/engine/quantize/ranges.h"

namespace peel::engine {

// A session of a model that is at hand as bytes or as a file.
Result<std::unique_ptr<Session>> LoadModelBytes(const ModelBytes& source,
                                                const SessionOptions& options);

// How Quantize chooses ranges and layers.
struct QuantizeOptions {
  RangeMethod ranges = RangeMethod::kMse;
  bool clip_weights = false;  // weight scales of least square error, not of the largest weight
  bool correct_bias = true;   // see QuantizeWeights
  bool signed_activations = false;   // int8 rather than uint8
  bool all_layers = false;           // whatever it costs: no search for layers to leave in float
  std::set<std::string> keep_float;  // nodes that stay in float32
  Tolerance tolerance{};
  // Part of the tolerance that the search may use up, so that pictures it has not seen keep to it.
  double margin = 0.75;
  int probe_pictures = 6;      // for the error of each layer alone
  ThreadPool* pool = nullptr;  // as in SessionOptions
  QuantizeProgress progress{};
  const CancelToken* cancel = nullptr;
};

// What became of one convolution.
struct LayerReport {
  std::string node;
  bool integer = false;
  int64_t multiply_adds = 0;
  double used = -1;  // share of the tolerance that it uses up alone; -1 where not measured
};

// The result, and how close it is to the original.
struct QuantizedModel {
  std::string bytes;  // the file
  std::vector<LayerReport> layers;
  int64_t multiply_adds = 0;  // of the whole model
  MaskError calibration;      // on the pictures that everything was chosen by
  MaskError held_out;         // on others
  int trials = 0;
};

// The metadata key under which the file keeps HashText(Hash64(source)).
inline constexpr std::string_view kSourceHashKey = "peel.quantized_from";

// The model with its convolutions on 8-bit integers, as a file in QDQ form (qdq.h), but for those
// whose error is too much for the tolerance. calibration: pictures that ranges and layers are
// chosen by; held_out: pictures for the final figures. All feed every input. fetches: the outputs
// that to_mask reads. Errors: those of reading and running the model, kInvalidArgument without
// pictures or for a name in keep_float that is no layer's, kUnsupported for a model that cannot be
// quantised, kCancelled.
Result<QuantizedModel> QuantizeModel(const ModelBytes& source, std::span<const Sample> calibration,
                                     std::span<const Sample> held_out,
                                     std::span<const std::string> fetches, const ToMask& to_mask,
                                     const QuantizeOptions& options);

}  // namespace peel::engine
