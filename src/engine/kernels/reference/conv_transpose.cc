#include <algorithm>
#include <string>

#include "src/base/checked.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/type_dispatch.h"
#include "src/engine/kernels/reference/window.h"

namespace peel::engine::reference {
namespace {

// How much of the full result is cut off at the beginning of each axis. With auto_pad or
// output_shape the total follows from the output's extent and the odd one goes to the end for
// SAME_UPPER, to the beginning otherwise.
Status SetCrop(const Node& node, Window& w) {
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  const bool given = !node.Ints("output_shape").empty();
  if (auto_pad == "VALID") w.pad_begin = {0, 0, 0};
  if (!same && !given) return OkStatus();
  const auto extra = node.Ints("output_padding", {});
  for (size_t d = 0; d < Window::kAxes; ++d) {
    // Axes are right-aligned: the last attribute belongs to the last axis.
    const size_t from_end = Window::kAxes - d;
    const int64_t output_padding =
        from_end <= extra.size() ? extra[extra.size() - from_end] : int64_t{0};
    const int64_t total = std::max<int64_t>(w.stride[d] * (w.in[d] - 1) + output_padding +
                                                (w.kernel[d] - 1) * w.dilation[d] + 1 - w.out[d],
                                            0);
    w.pad_begin[d] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  return OkStatus();
}

// Output positions [low, high) of inputs [0, in) that land inside the output: out = i * stride +
// at.
struct Span {
  int64_t low, high;
};
Span InsideOutput(int64_t at, int64_t stride, int64_t in, int64_t out) {
  const int64_t low = at >= 0 ? 0 : DivideUp(-at, stride);
  const int64_t high = at >= out ? 0 : std::min(in, (out - at - 1) / stride + 1);
  return {low, std::max(low, high)};
}

template <typename T>
void Scatter(const T* x, const T* weights, T* y, const Window& w, int64_t batch, int64_t groups,
             int64_t in_channels, int64_t out_channels) {
  for (int64_t ng = 0; ng < batch * groups; ++ng) {
    const int64_t g = ng % groups;
    for (int64_t c = 0; c < in_channels; ++c) {
      const T* image = x + (ng * in_channels + c) * w.in_size();
      for (int64_t oc = 0; oc < out_channels; ++oc) {
        T* out = y + (ng * out_channels + oc) * w.out_size();
        const T* tap = weights + ((g * in_channels + c) * out_channels + oc) * w.taps();
        for (int64_t k = 0; k < w.taps(); ++k) {
          const int64_t kz = k / (w.kernel[1] * w.kernel[2]), ky = k / w.kernel[2] % w.kernel[1],
                        kx = k % w.kernel[2];
          const int64_t at_z = kz * w.dilation[0] - w.pad_begin[0];
          const int64_t at_y = ky * w.dilation[1] - w.pad_begin[1];
          const int64_t at_x = kx * w.dilation[2] - w.pad_begin[2];
          const Span sz = InsideOutput(at_z, w.stride[0], w.in[0], w.out[0]);
          const Span sy = InsideOutput(at_y, w.stride[1], w.in[1], w.out[1]);
          const Span sx = InsideOutput(at_x, w.stride[2], w.in[2], w.out[2]);
          const T weight = tap[k];
          for (int64_t z = sz.low; z < sz.high; ++z) {
            for (int64_t row = sy.low; row < sy.high; ++row) {
              const T* in = image + (z * w.in[1] + row) * w.in[2];
              T* to = out +
                      ((z * w.stride[0] + at_z) * w.out[1] + row * w.stride[1] + at_y) * w.out[2] +
                      at_x;
              for (int64_t i = sx.low; i < sx.high; ++i) to[i * w.stride[2]] += weight * in[i];
            }
          }
        }
      }
    }
  }
}

// W is [C, M / group, kernel…].
Status ConvTranspose(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &weights = *args.inputs[1];
  const Tensor* bias = Input(args, 2);
  Tensor& y = args.outputs[0];
  if (x.rank() < 3 || weights.rank() != x.rank() || y.rank() != x.rank()) {
    return InvalidArgument("input, weights and output differ in rank");
  }
  const int64_t groups = args.node.Int("group", 1);
  if (groups <= 0 || x.dim(1) % groups != 0 || weights.dim(0) != x.dim(1) || y.dim(0) != x.dim(0) ||
      y.dim(1) % groups != 0 || y.dim(1) / groups != weights.dim(1)) {
    return InvalidArgument("the channels of input, weights and output do not fit");
  }
  for (const Tensor* t : {&weights, bias, static_cast<const Tensor*>(&y)}) {
    if (t && t->type() != x.type()) return InvalidArgument("operands of different types");
  }
  if (bias) PEEL_RETURN_IF_ERROR(RequireShape(*bias, {y.dim(1)}, "the bias"));
  const std::vector<int64_t> kernel(weights.shape().begin() + 2, weights.shape().end());
  PEEL_ASSIGN_OR_RETURN(Window window, MakeWindow(args.node, x.shape(), y.shape(), kernel));
  PEEL_RETURN_IF_ERROR(SetCrop(args.node, window));
  return DispatchReal(x.type(), [&]<typename T>() {
    const int64_t plane = window.out_size();
    for (int64_t i = 0; i < y.dim(0) * y.dim(1); ++i) {
      std::fill_n(y.data<T>() + i * plane, plane, bias ? bias->data<T>()[i % y.dim(1)] : T{0});
    }
    Scatter(x.data<T>(), weights.data<T>(), y.data<T>(), window, x.dim(0), groups,
            x.dim(1) / groups, weights.dim(1));
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {{"", "ConvTranspose", 1, Widened<ConvTranspose>}};

}  // namespace

std::span<const ReferenceEntry> ConvTransposeOps() { return kEntries; }

}  // namespace peel::engine::reference
