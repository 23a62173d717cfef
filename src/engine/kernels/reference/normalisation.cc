// Normalisations. Statistics gather in double, as if two passes cost nothing.
#include <algorithm>
#include <cmath>
#include <vector>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

// The operands are there, and the output has the first one's type and shape.
Status RequireLikeInput(const OpArgs& args, size_t operands) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, operands));
  PEEL_RETURN_IF_ERROR(RequireSameShape(*args.inputs[0], args.outputs[0]));
  return RequireSameType(*args.inputs[0], args.outputs[0]);
}

struct Moments {
  double mean, variance;
};
template <typename T>
Moments MomentsOf(const T* x, int64_t n) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, squares / static_cast<double>(n)};
}

// A per-channel operand as numbers, whatever real type it has (scale and statistics may differ from
// the input's type).
Result<std::vector<double>> Channels(const Tensor& t, int64_t channels, const char* what) {
  if (t.elements() != channels) {
    return InvalidArgument(std::string(what) + " has " + std::to_string(t.elements()) +
                           " elements for " + std::to_string(channels) + " channels");
  }
  std::vector<double> values(static_cast<size_t>(channels));
  PEEL_RETURN_IF_ERROR(DispatchReal(t.type(), [&]<typename T>() {
    MapTo(t.data<T>(), values.data(), channels, [](T v) { return static_cast<double>(v); });
    return OkStatus();
  }));
  return values;
}

Status BatchNormalization(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 5));
  if (args.node.Int("training_mode", 0) != 0 || Output(args, 1)) {
    return Unsupported("training mode is not supported");
  }
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  // Up to opset 8 "spatial = 0" normalises every position of a channel on its own.
  const bool spatial = args.node.Int("spatial", 1) != 0;
  const int64_t batch = x.rank() > 0 ? x.dim(0) : 1;
  const int64_t channels =
      spatial ? (x.rank() > 1 ? x.dim(1) : 1) : Product(x.shape(), 1, x.shape().size());
  PEEL_ASSIGN_OR_RETURN(const auto scale, Channels(*args.inputs[1], channels, "the scale"));
  PEEL_ASSIGN_OR_RETURN(const auto bias, Channels(*args.inputs[2], channels, "the bias"));
  PEEL_ASSIGN_OR_RETURN(const auto mean, Channels(*args.inputs[3], channels, "the mean"));
  PEEL_ASSIGN_OR_RETURN(const auto variance, Channels(*args.inputs[4], channels, "the variance"));
  const double epsilon = args.node.Float("epsilon", 1e-5f);
  const int64_t size = spatial ? Product(x.shape(), 2, x.shape().size()) : 1;
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t i = 0; i < batch * channels; ++i) {
      const auto c = static_cast<size_t>(i % channels);
      const double factor = scale[c] / std::sqrt(variance[c] + epsilon);
      const T a = static_cast<T>(factor), b = static_cast<T>(bias[c] - mean[c] * factor);
      MapTo(x.data<T>() + i * size, y.data<T>() + i * size, size, [=](T v) { return v * a + b; });
    }
    return OkStatus();
  });
}

Status InstanceNormalization(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 3));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (x.rank() < 2) return InvalidArgument("an input of fewer than 2 dimensions");
  const int64_t channels = x.dim(1), size = Product(x.shape(), 2, x.shape().size());
  PEEL_ASSIGN_OR_RETURN(const auto scale, Channels(*args.inputs[1], channels, "the scale"));
  PEEL_ASSIGN_OR_RETURN(const auto bias, Channels(*args.inputs[2], channels, "the bias"));
  const double epsilon = args.node.Float("epsilon", 1e-5f);
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t i = 0; i < x.dim(0) * channels; ++i) {
      const auto c = static_cast<size_t>(i % channels);
      const Moments m = MomentsOf(x.data<T>() + i * size, size);
      const double factor = scale[c] / std::sqrt(m.variance + epsilon);
      MapTo(x.data<T>() + i * size, y.data<T>() + i * size, size,
            [&](T v) { return static_cast<T>((v - m.mean) * factor + bias[c]); });
    }
    return OkStatus();
  });
}

// Instance normalisation of some channels, scale and shift alone of the others, then a clip.
Status ChannelNorm(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 3));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (x.rank() < 2) return InvalidArgument("an input of fewer than 2 dimensions");
  const int64_t channels = x.dim(1), size = Product(x.shape(), 2, x.shape().size());
  PEEL_ASSIGN_OR_RETURN(const auto scale, Channels(*args.inputs[1], channels, "the scale"));
  PEEL_ASSIGN_OR_RETURN(const auto shift, Channels(*args.inputs[2], channels, "the shift"));
  const int64_t begin = args.node.Int("own_begin", 0), end = args.node.Int("own_end", 0);
  const double epsilon = args.node.Float("epsilon", 1e-5f);
  const double low = args.node.Float("min", -HUGE_VALF), high = args.node.Float("max", HUGE_VALF);
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t i = 0; i < x.dim(0) * channels; ++i) {
      const auto c = static_cast<size_t>(i % channels);
      const bool own = i % channels >= begin && i % channels < end;
      const Moments m = own ? MomentsOf(x.data<T>() + i * size, size) : Moments{0, 1};
      const double factor = own ? scale[c] / std::sqrt(m.variance + epsilon) : scale[c];
      MapTo(x.data<T>() + i * size, y.data<T>() + i * size, size, [&](T v) {
        const double result = (v - m.mean) * factor + shift[c];
        return static_cast<T>(result < low ? low : result > high ? high : result);
      });
    }
    return OkStatus();
  });
}

// Scale and bias are per group up to opset 20, then per channel.
Status GroupNormalization(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 3));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  const int64_t groups = args.node.Int("num_groups", 0);
  if (x.rank() < 2 || groups < 1 || groups > x.dim(1) || x.dim(1) % groups != 0) {
    return InvalidArgument("the groups do not divide the channels");
  }
  const int64_t channels = x.dim(1), each = channels / groups;
  const int64_t size = Product(x.shape(), 2, x.shape().size());
  const bool per_channel = args.node.opset >= 21;
  const int64_t operands = per_channel ? channels : groups;
  PEEL_ASSIGN_OR_RETURN(const auto scale, Channels(*args.inputs[1], operands, "the scale"));
  PEEL_ASSIGN_OR_RETURN(const auto bias, Channels(*args.inputs[2], operands, "the bias"));
  const double epsilon = args.node.Float("epsilon", 1e-5f);
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t i = 0; i < x.dim(0) * groups; ++i) {
      const T* in = x.data<T>() + i * each * size;
      const Moments m = MomentsOf(in, each * size);
      const double factor = 1 / std::sqrt(m.variance + epsilon);
      for (int64_t c = 0; c < each; ++c) {
        const int64_t g = i % groups;
        const auto k = static_cast<size_t>(per_channel ? g * each + c : g);
        MapTo(in + c * size, y.data<T>() + (i * each + c) * size, size,
              [&](T v) { return static_cast<T>((v - m.mean) * factor * scale[k] + bias[k]); });
      }
    }
    return OkStatus();
  });
}

// Scale and bias broadcast to the normalised axes. kRms: no mean is taken off and there is no bias.
template <bool kRms>
Status LayerNormalizationWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &scale = *args.inputs[1];
  const Tensor* bias = kRms ? nullptr : Input(args, 2);
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", -1), x.rank()));
  const int64_t rows = Product(x.shape(), 0, static_cast<size_t>(axis));
  const Shape inner(x.shape().begin() + axis, x.shape().end());
  const int64_t size = Product(inner, 0, inner.size());
  const auto spread = [&](const Tensor& t) -> Result<std::vector<double>> {
    PEEL_ASSIGN_OR_RETURN(const auto strides, BroadcastStrides(t.shape(), inner));
    std::vector<double> values(static_cast<size_t>(size));
    PEEL_RETURN_IF_ERROR(DispatchReal(t.type(), [&]<typename T>() {
      const StridedLoop<2> loop(inner, {DenseStrides(inner), strides});
      loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
        for (int64_t i = 0; i < loop.run(); ++i) {
          values[static_cast<size_t>(at[0] + i * loop.stride(0))] =
              t.data<T>()[at[1] + i * loop.stride(1)];
        }
      });
      return OkStatus();
    }));
    return values;
  };
  PEEL_ASSIGN_OR_RETURN(const auto a, spread(scale));
  std::vector<double> b(static_cast<size_t>(size), 0.0);
  if (bias) {
    PEEL_ASSIGN_OR_RETURN(b, spread(*bias));
  }
  Tensor *mean_out = Output(args, 1), *inverse_out = Output(args, 2);
  for (Tensor* t : {mean_out, inverse_out}) {
    if (t && (t->type() != DataType::kFloat32 || t->elements() != rows)) {
      return InvalidArgument("the statistics are not one float32 a row");
    }
  }
  const double epsilon = args.node.Float("epsilon", 1e-5f);
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t r = 0; r < rows; ++r) {
      const T* in = x.data<T>() + r * size;
      Moments m = MomentsOf(in, size);
      if (kRms) m = {0, m.variance + m.mean * m.mean};
      const double inverse = 1 / std::sqrt(m.variance + epsilon);
      for (int64_t i = 0; i < size; ++i) {
        const auto k = static_cast<size_t>(i);
        y.data<T>()[r * size + i] = static_cast<T>((in[i] - m.mean) * inverse * a[k] + b[k]);
      }
      if (mean_out) mean_out->data<float>()[r] = static_cast<float>(m.mean);
      if (inverse_out) inverse_out->data<float>()[r] = static_cast<float>(inverse);
    }
    return OkStatus();
  });
}

Status LpNormalization(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", -1), x.rank()));
  const bool l1 = args.node.Int("p", 2) == 1;
  const AxisView view = ViewAxis(x.shape(), axis);
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        const int64_t first = o * view.extent * view.inner + i;
        double sum = 0;
        for (int64_t k = 0; k < view.extent; ++k) {
          const double v = x.data<T>()[first + k * view.inner];
          sum += l1 ? std::fabs(v) : v * v;
        }
        const double norm = l1 ? sum : std::sqrt(sum);
        for (int64_t k = 0; k < view.extent; ++k) {
          const int64_t at = first + k * view.inner;
          y.data<T>()[at] = norm == 0 ? T{0} : static_cast<T>(x.data<T>()[at] / norm);
        }
      }
    }
    return OkStatus();
  });
}

// Across channels: x / (bias + alpha / size * sum of squares of the `size` channels around)^beta.
Status Lrn(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (x.rank() < 2) return InvalidArgument("an input of fewer than 2 dimensions");
  const double alpha = args.node.Float("alpha", 1e-4f), beta = args.node.Float("beta", 0.75f),
               bias = args.node.Float("bias", 1.0f);
  const int64_t n = args.node.Int("size", 1), channels = x.dim(1);
  if (n < 1) return InvalidArgument("the size is not positive");
  const int64_t before = std::min((n - 1) / 2, channels), after = std::min(n / 2, channels);
  const int64_t size = Product(x.shape(), 2, x.shape().size());
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t image = 0; image < x.dim(0); ++image) {
      const T* in = x.data<T>() + image * channels * size;
      T* out = y.data<T>() + image * channels * size;
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t low = std::max<int64_t>(0, c - before);
        const int64_t high = std::min(channels - 1, c + after);
        for (int64_t i = 0; i < size; ++i) {
          double squares = 0;
          for (int64_t k = low; k <= high; ++k) {
            squares += static_cast<double>(in[k * size + i]) * in[k * size + i];
          }
          out[c * size + i] = static_cast<T>(
              in[c * size + i] * std::pow(bias + alpha / static_cast<double>(n) * squares, -beta));
        }
      }
    }
    return OkStatus();
  });
}

// (x - mean) / standard deviation over the axes.
Status MeanVarianceNormalization(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireLikeInput(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const auto axes,
                        NormaliseAxes(args.node.Ints("axes", {0, 2, 3}), x.rank()));
  Shape kept = x.shape();
  double each = 1;
  for (const int64_t axis : axes) {
    each *= static_cast<double>(kept[static_cast<size_t>(axis)]);
    kept[static_cast<size_t>(axis)] = 1;
  }
  const auto groups = static_cast<size_t>(Product(kept, 0, kept.size()));
  PEEL_ASSIGN_OR_RETURN(const auto strides, BroadcastStrides(kept, x.shape()));
  const StridedLoop<2> loop(x.shape(), {DenseStrides(x.shape()), strides});
  return DispatchReal(x.type(), [&]<typename T>() {
    const auto each_element = [&](auto&& f) {
      loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
        for (int64_t i = 0; i < loop.run(); ++i) {
          f(at[0] + i * loop.stride(0), static_cast<size_t>(at[1] + i * loop.stride(1)));
        }
      });
    };
    std::vector<double> mean(groups, 0.0), deviation(groups, 0.0);
    each_element([&](int64_t at, size_t g) { mean[g] += x.data<T>()[at] / each; });
    each_element([&](int64_t at, size_t g) {
      const double d = x.data<T>()[at] - mean[g];
      deviation[g] += d * d / each;
    });
    for (double& d : deviation) d = std::sqrt(d) + 1e-9;  // the standard's epsilon
    each_element([&](int64_t at, size_t g) {
      y.data<T>()[at] = static_cast<T>((x.data<T>()[at] - mean[g]) / deviation[g]);
    });
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "BatchNormalization", 7, Widened<BatchNormalization>},
    {"", "InstanceNormalization", 6, Widened<InstanceNormalization>},
    {"", "GroupNormalization", 18, Widened<GroupNormalization>},
    {"", "LayerNormalization", 17, Widened<LayerNormalizationWide<false>>},
    {"", "RMSNormalization", 23, Widened<LayerNormalizationWide<true>>},
    {"", "LpNormalization", 1, Widened<LpNormalization>},
    {"", "LRN", 1, Widened<Lrn>},
    {"peel", "ChannelNorm", 1, Widened<ChannelNorm>},
    {"", "MeanVarianceNormalization", 9, Widened<MeanVarianceNormalization>},
};

}  // namespace

std::span<const ReferenceEntry> NormalisationOps() { return kEntries; }

}  // namespace peel::engine::reference
