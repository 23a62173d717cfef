#include "src/engine/canary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "src/base/cache_file.h"
#include "src/base/float16.h"
#include "src/base/hash.h"
#include "src/engine/backend.h"

namespace peel::engine {
namespace {

constexpr int64_t kPictureSide = 320;
constexpr int64_t kMaxValues = 1 << 14;

Shape CanaryShape(const Port& port) {
  Shape shape = port.shape;
  const bool picture = shape.size() == 4;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    shape[i] = picture && i >= 2 ? kPictureSide : picture && i == 1 ? 3 : 1;
  }
  return shape;
}

// Between -2 and 2, as pictures are after normalising.
float PictureValue(int64_t channel, int64_t y, int64_t x, int64_t height, int64_t width) {
  const double dy = (static_cast<double>(y) + 0.5) / static_cast<double>(height) - 0.5;
  const double dx = (static_cast<double>(x) + 0.5) / static_cast<double>(width) - 0.5;
  const bool inside = dx * dx + dy * dy < 0.09;
  const double ground = 0.4 * dy + 0.1 * std::sin(20 * dx);
  const double tone = channel == 0 ? 2.0 : -0.8;
  return static_cast<float>(inside ? tone * (1 - dx - dy) : ground + 0.2 * (channel == 1));
}

void Fill(Tensor& tensor) {
  const bool picture = tensor.rank() == 4;
  const int64_t height = picture ? tensor.dim(2) : 1;
  const int64_t width = picture ? tensor.dim(3) : 1;
  const int64_t channels = picture ? tensor.dim(1) : 1;
  const auto value = [&](int64_t i) {
    if (!picture) return static_cast<float>(0.5 + 0.5 * std::sin(0.37 * static_cast<double>(i)));
    const int64_t x = i % width, y = i / width % height, c = i / (width * height) % channels;
    return PictureValue(c, y, x, height, width);
  };
  const int64_t count = tensor.elements();
  if (tensor.type() == DataType::kFloat32) {
    for (int64_t i = 0; i < count; ++i) tensor.data<float>()[i] = value(i);
  } else if (tensor.type() == DataType::kFloat16) {
    for (int64_t i = 0; i < count; ++i) tensor.data<uint16_t>()[i] = FloatToHalf(value(i));
  } else if (tensor.type() == DataType::kFloat64) {
    for (int64_t i = 0; i < count; ++i) tensor.data<double>()[i] = static_cast<double>(value(i));
  } else if (tensor.type() == DataType::kBfloat16) {
    for (int64_t i = 0; i < count; ++i) tensor.data<uint16_t>()[i] = FloatToBfloat16(value(i));
  } else {
    const size_t size = DataTypeSize(tensor.type());
    std::memset(tensor.raw(), 0, tensor.bytes());
    for (int64_t i = 0; i < count; ++i) {  // 1 in the machine's order, which is little-endian
      static_cast<char*>(tensor.raw())[static_cast<size_t>(i) * size] = 1;
    }
  }
}

std::string ReferenceKey(const ModelBytes& model) {
  return CacheMachine() + "\ncanary 1 " + HashText(Hash64(model.bytes));
}

std::optional<std::vector<float>> ReadReference(const std::string& key) {
  const auto text = ReadCacheFile("canary", key);
  if (!text || text->empty() || text->size() % sizeof(float) != 0) return std::nullopt;
  std::vector<float> values(text->size() / sizeof(float));
  std::memcpy(values.data(), text->data(), text->size());
  return values;
}

Result<std::vector<float>> RunFirstOutput(const Session& session) {
  PEEL_ASSIGN_OR_RETURN(const auto feeds, CanaryFeeds(session.inputs()));
  if (session.outputs().empty()) return Unsupported("this model has no output");
  const std::string fetches[] = {session.outputs().front().name};
  PEEL_ASSIGN_OR_RETURN(const auto results, session.NewContext()->Run(feeds, fetches));
  return CanaryValues(results.front());
}

}  // namespace

Result<std::vector<NamedTensor>> CanaryFeeds(const std::vector<Port>& inputs) {
  std::vector<NamedTensor> feeds;
  for (const Port& port : inputs) {
    PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(port.type, CanaryShape(port)));
    Fill(tensor);
    feeds.push_back({port.name, std::move(tensor)});
  }
  return feeds;
}

Result<std::vector<float>> CanaryValues(const Tensor& output) {
  std::vector<float> all;
  if (output.type() == DataType::kFloat32 || output.type() == DataType::kFloat16 ||
      output.type() == DataType::kFloat64 || output.type() == DataType::kBfloat16) {
    PEEL_ASSIGN_OR_RETURN(all, output.AsFloats());
  } else {
    PEEL_ASSIGN_OR_RETURN(const auto whole, output.AsInt64s());
    all.assign(whole.begin(), whole.end());
  }
  const size_t step = std::max<size_t>(1, all.size() / static_cast<size_t>(kMaxValues));
  std::vector<float> values;
  for (size_t i = 0; i < all.size(); i += step) values.push_back(all[i]);
  return values;
}

Result<std::vector<float>> CanaryReference(const ModelBytes& model, ThreadPool* pool,
                                           const Session* other) {
  const std::string key = ReferenceKey(model);
  if (auto known = ReadReference(key)) return *std::move(known);
  SessionOptions options;
  options.pool = pool;
  options.precision = Precision::kFp32;
  const auto native = NativeBackend().Load(model, options, Device::kCpu);
  if (!native.ok() && other == nullptr) return native.status();
  PEEL_ASSIGN_OR_RETURN(std::vector<float> values, RunFirstOutput(native.ok() ? **native : *other));
  const std::string payload(reinterpret_cast<const char*>(values.data()),
                            values.size() * sizeof(float));
  const Status kept = WriteCacheFile("canary", key, payload);
  static_cast<void>(kept.ok());  // without a cache it is computed anew next time
  return values;
}

CanaryTolerance ToleranceFor(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
    case Precision::kBf16:
      return {1e-2, 0.5};
    case Precision::kInt8:
      return {4e-2, 1.0};
    case Precision::kAuto:
    case Precision::kFp32:
      break;
  }
  return {};
}

std::string CompareCanary(std::span<const float> reference, std::span<const float> values,
                          const CanaryTolerance& tolerance) {
  if (reference.size() != values.size()) {
    return "its result has another shape than the CPU's";
  }
  if (reference.empty()) return "";
  const auto [low, high] = std::ranges::minmax_element(reference);
  const double range = std::max(static_cast<double>(*high) - static_cast<double>(*low), 1e-2);
  double sum = 0, worst = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (!std::isfinite(values[i]))
      return "its result holds values that are not numbers (NaN or infinity)";
    const double difference =
        std::abs(static_cast<double>(reference[i]) - static_cast<double>(values[i]));
    sum += difference;
    worst = std::max(worst, difference);
  }
  const double mean = sum / static_cast<double>(reference.size()) / range;
  worst /= range;
  if (mean <= tolerance.mean && worst <= tolerance.worst) return "";
  char text[160];
  std::snprintf(text, sizeof(text),
                "its result is not the CPU's (mean difference %.2g of the range, worst %.2g; "
                "allowed %.2g and %.2g)",
                mean, worst, tolerance.mean, tolerance.worst);
  return text;
}

}  // namespace peel::engine
