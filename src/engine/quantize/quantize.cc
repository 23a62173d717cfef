#include "src/engine/quantize/quantize.h"

#include <algorithm>
#include <map>
#include <utility>

#include "src/base/cache_file.h"
#include "src/base/hash.h"
#include "src/engine/onnx/reader.h"
#include "src/engine/quantize/codes.h"
#include "src/engine/quantize/qdq.h"
#include "src/engine/quantize/select.h"

namespace peel::engine {
namespace {

Result<std::unique_ptr<Session>> LoadString(std::string bytes, const std::string& name,
                                            ThreadPool* pool) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  SessionOptions options;
  options.pool = pool;
  options.precision = Precision::kInt8;
  return Session::LoadBytes({reinterpret_cast<const uint8_t*>(owner->data()), owner->size()}, owner,
                            name, options);
}

Status CheckNames(const QuantTarget& target, const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const bool known = std::any_of(target.layers.begin(), target.layers.end(),
                                   [&](const QuantLayer& layer) { return layer.node == name; });
    if (!known) return InvalidArgument("has no layer '" + name + "' to keep in float32");
  }
  return OkStatus();
}

class Quantizer {
 public:
  Quantizer(const ModelBytes& source, std::span<const std::string> fetches,
            const QuantizeOptions& options)
      : source_(source), fetches_(fetches), options_(options) {}

  Result<QuantizedModel> Run(std::span<const Sample> calibration, std::span<const Sample> held_out,
                             const ToMask& to_mask) {
    if (calibration.empty()) return InvalidArgument("no picture to calibrate with");
    PEEL_ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(source_.bytes, source_.owner, source_.name,
                                                      source_.directory, source_.file));
    std::map<std::string, Shape, std::less<>> shapes;
    for (const NamedTensor& feed : calibration[0].feeds) shapes[feed.name] = feed.tensor.shape();
    // Loaded first: its errors say what is wrong with the model in terms its user knows.
    SessionOptions plain;
    plain.pool = options_.pool;
    plain.precision = Precision::kFp32;
    PEEL_ASSIGN_OR_RETURN(auto original, Load(plain));
    PEEL_ASSIGN_OR_RETURN(target_, FindLayers(graph, fetches_, shapes));
    PEEL_RETURN_IF_ERROR(CheckNames(target_, options_.keep_float));
    PEEL_ASSIGN_OR_RETURN(const Judge judge,
                          Judge::Make(*original, calibration, fetches_, to_mask));
    PEEL_ASSIGN_OR_RETURN(const Judge final_judge,
                          Judge::Make(*original, held_out, fetches_, to_mask));
    original.reset();

    PEEL_ASSIGN_OR_RETURN(
        const auto seen,
        CollectActivations([&](const SessionOptions& o) { return Load(o); }, target_.values,
                           calibration, options_.pool, options_.progress, options_.cancel));
    PEEL_RETURN_IF_ERROR(Encode(seen));
    const QdqWriter writer(source_.bytes, source_.directory, target_, codes_, weights_,
                           options_.signed_activations);

    const Trial trial = [&](std::span<const char> chosen, int pictures) -> Result<MaskError> {
      PEEL_RETURN_IF_ERROR(CheckCancelled(options_.cancel));
      PEEL_ASSIGN_OR_RETURN(std::string bytes, writer.Write(chosen));
      PEEL_ASSIGN_OR_RETURN(const auto session,
                            LoadString(std::move(bytes), source_.name, options_.pool));
      return judge.Compare(*session, pictures);
    };
    PEEL_ASSIGN_OR_RETURN(const Selection selection, Select(trial));

    QuantizedModel result;
    const std::map<std::string, std::string> metadata = {
        {std::string(kSourceHashKey), HashText(Hash64(source_.bytes))}};
    PEEL_ASSIGN_OR_RETURN(result.bytes, writer.Write(selection.chosen, metadata));
    result.multiply_adds = target_.multiply_adds;
    result.calibration = selection.error;
    result.trials = selection.trials;
    for (size_t i = 0; i < target_.layers.size(); ++i) {
      const QuantLayer& layer = target_.layers[i];
      result.layers.push_back({layer.node, selection.chosen[i] != 0, layer.multiply_adds,
                               selection.used.empty() ? -1 : selection.used[i]});
    }
    PEEL_ASSIGN_OR_RETURN(const auto session,
                          LoadString(result.bytes, source_.name, options_.pool));
    PEEL_ASSIGN_OR_RETURN(result.held_out, final_judge.Compare(*session));
    return result;
  }

 private:
  Result<std::unique_ptr<Session>> Load(const SessionOptions& options) const {
    return LoadModelBytes(source_, options);
  }

  Status Encode(const std::map<std::string, ActivationSeen>& seen) {
    codes_ = ChooseCodes(target_, seen, options_.ranges, options_.progress);
    for (const QuantLayer& layer : target_.layers) {
      const ActivationSeen& input = seen.at(layer.input);
      const std::span<const double> means = options_.correct_bias
                                                ? std::span<const double>(input.channel_mean)
                                                : std::span<const double>();
      PEEL_ASSIGN_OR_RETURN(QuantWeights weights, QuantizeWeights(layer, codes_.at(layer.input),
                                                                  options_.clip_weights, means));
      weights_.push_back(std::move(weights));
    }
    return OkStatus();
  }

  Result<Selection> Select(const Trial& trial) const {
    std::vector<double> worth;
    std::vector<char> fixed;
    for (const QuantLayer& layer : target_.layers) {
      worth.push_back(static_cast<double>(std::max<int64_t>(layer.multiply_adds, 1)));
      fixed.push_back(options_.keep_float.contains(layer.node) ? 1 : 0);
    }
    if (options_.all_layers) {
      Selection all;
      for (const char stays : fixed) all.chosen.push_back(stays ? 0 : 1);
      PEEL_ASSIGN_OR_RETURN(all.error, trial(all.chosen, 0));
      all.trials = 1;
      return all;
    }
    Tolerance tolerance = options_.tolerance;
    tolerance.mean_difference *= options_.margin;
    tolerance.iou = 1 - (1 - tolerance.iou) * options_.margin;
    return SelectParts(worth, fixed, tolerance, options_.probe_pictures, trial, options_.progress);
  }

  const ModelBytes& source_;
  std::span<const std::string> fetches_;
  const QuantizeOptions& options_;
  QuantTarget target_;
  std::map<std::string, ActivationCode> codes_;
  std::vector<QuantWeights> weights_;
};

}  // namespace

Result<std::unique_ptr<Session>> LoadModelBytes(const ModelBytes& source,
                                                const SessionOptions& options) {
  return Session::LoadBytes(source.bytes, source.owner, source.name, options, source.directory,
                            source.file);
}

Result<QuantizedModel> QuantizeModel(const ModelBytes& source, std::span<const Sample> calibration,
                                     std::span<const Sample> held_out,
                                     std::span<const std::string> fetches, const ToMask& to_mask,
                                     const QuantizeOptions& options) {
  Result<QuantizedModel> result = Internal("");
  try {
    result = Quantizer(source, fetches, options).Run(calibration, held_out, to_mask);
  } catch (const TensorReadError& error) {
    result = IoError(error.what());
  }
  if (result.ok() || result.status().code() == StatusCode::kCancelled) return result;
  Status status = std::move(result).status();
  if (status.message().starts_with(source.name + ": ")) return status;
  return std::move(status).WithContext(source.name);
}

}  // namespace peel::engine
