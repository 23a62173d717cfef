#include "src/engine/quantize/calibrate.h"

#include <algorithm>
#include <set>
#include <utility>

namespace peel::engine {
namespace {

constexpr int64_t kGroupBytes = int64_t{256} << 20;

// Values in groups that one run fetches.
Result<std::vector<std::vector<std::string>>> Groups(const std::map<std::string, Shape>& values,
                                                     const std::set<std::string>& inputs) {
  std::vector<std::vector<std::string>> groups;
  int64_t bytes = 0;
  for (const auto& [name, shape] : values) {
    if (inputs.contains(name)) continue;
    PEEL_ASSIGN_OR_RETURN(const int64_t elements, ElementCount(shape));
    if (groups.empty() || bytes + elements * 4 > kGroupBytes) {
      groups.emplace_back();
      bytes = 0;
    }
    bytes += elements * 4;
    groups.back().push_back(name);
  }
  return groups;
}

Status Add(const Tensor& tensor, ActivationSeen& seen) {
  const float* data = tensor.data<float>();
  if (!seen.values.Add({data, static_cast<size_t>(tensor.elements())})) {
    return InvalidArgument("holds numbers that are not finite");
  }
  if (tensor.rank() < 2 || tensor.elements() == 0) return OkStatus();
  const int64_t batch = tensor.dim(0), channels = tensor.dim(1);
  const int64_t inner = tensor.elements() / (batch * channels);
  seen.channel_mean.resize(static_cast<size_t>(channels));
  for (int64_t row = 0; row < batch * channels; ++row, data += inner) {
    double sum = 0;
    for (int64_t i = 0; i < inner; ++i) sum += data[i];
    seen.channel_mean[static_cast<size_t>(row % channels)] +=
        sum / static_cast<double>(batch * inner);
  }
  return OkStatus();
}

}  // namespace

Result<std::map<std::string, ActivationSeen>> CollectActivations(
    const std::function<Result<std::unique_ptr<Session>>(const SessionOptions&)>& load,
    const std::map<std::string, Shape>& values, std::span<const Sample> samples, ThreadPool* pool,
    const QuantizeProgress& progress, const CancelToken* cancel) {
  std::map<std::string, ActivationSeen> seen;
  std::set<std::string> inputs;
  for (const NamedTensor& feed : samples[0].feeds) inputs.insert(feed.name);
  for (const auto& [name, shape] : values) seen[name];
  PEEL_ASSIGN_OR_RETURN(const auto groups, Groups(values, inputs));

  SessionOptions options;
  options.pool = pool;
  options.precision = Precision::kFp32;
  for (const auto& group : groups) {
    options.extra_outputs.insert(options.extra_outputs.end(), group.begin(), group.end());
  }
  PEEL_ASSIGN_OR_RETURN(const auto session, load(options));
  const auto context = session->NewContext();
  const int total = static_cast<int>(groups.size() * samples.size());
  int done = 0;
  for (const auto& group : groups) {
    for (const Sample& sample : samples) {
      PEEL_RETURN_IF_ERROR(CheckCancelled(cancel));
      if (progress) progress("calibrating", done++, total);
      PEEL_ASSIGN_OR_RETURN(const auto tensors, context->Run(sample.feeds, group));
      for (size_t i = 0; i < group.size(); ++i) {
        Status status = Add(tensors[i], seen[group[i]]);
        if (!status.ok()) {
          return std::move(status).WithContext(sample.name + ": the value '" + group[i] + "'");
        }
      }
    }
  }
  for (const Sample& sample : samples) {
    for (const NamedTensor& feed : sample.feeds) {
      const auto it = seen.find(feed.name);
      if (it == seen.end()) continue;
      Status status = Add(feed.tensor, it->second);
      if (!status.ok()) return std::move(status).WithContext(sample.name);
    }
  }
  for (auto& [name, one] : seen) {
    for (double& mean : one.channel_mean) mean /= static_cast<double>(samples.size());
  }
  return seen;
}

}  // namespace peel::engine
