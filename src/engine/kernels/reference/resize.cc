// Resize and Upsample, one axis after the other.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/resize_axis.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {
namespace {

// from [outer][axis.in][inner] to [outer][axis.out][inner].
template <typename T>
void ResampleAxis(const ResizeAxis& axis, int64_t outer, int64_t inner, const T* from, T* to,
                  T extrapolation) {
  std::vector<T> weight;
  if constexpr (std::is_floating_point_v<T>) {
    for (const double w : axis.weight) weight.push_back(static_cast<T>(w));
  }
  for (int64_t o = 0; o < outer; ++o) {
    const T* image = from + o * axis.in * inner;
    for (int64_t i = 0; i < axis.out; ++i) {
      T* out = to + (o * axis.out + i) * inner;
      if (!axis.outside.empty() && axis.outside[static_cast<size_t>(i)]) {
        std::fill_n(out, inner, extrapolation);
        continue;
      }
      const int64_t* index = axis.index.data() + i * axis.taps;
      if (axis.taps == 1) {
        std::copy_n(image + index[0] * inner, inner, out);
        continue;
      }
      if constexpr (std::is_floating_point_v<T>) {
        const T* w = weight.data() + i * axis.taps;
        if (inner == 1) {
          T sum = 0;
          for (int64_t k = 0; k < axis.taps; ++k) sum += w[k] * image[index[k]];
          *out = sum;
          continue;
        }
        std::fill_n(out, inner, T{0});
        for (int64_t k = 0; k < axis.taps; ++k) {
          if (w[k] == 0) continue;  // nothing of an infinity there
          const T* in = image + index[k] * inner;
          for (int64_t e = 0; e < inner; ++e) out[e] += w[k] * in[e];
        }
      }
    }
  }
}

template <typename T>
Status ResampleAll(const std::vector<ResizeAxis>& axes, const Tensor& x, Tensor& y,
                   double extrapolation) {
  size_t left = 0;
  for (const ResizeAxis& axis : axes) left += axis.identity ? 0 : 1;
  if (left == 0) {
    if (x.bytes() > 0) std::memcpy(y.raw(), x.raw(), x.bytes());
    return OkStatus();
  }
  Tensor so_far = x;
  Shape shape = x.shape();
  for (size_t d = 0; d < axes.size(); ++d) {
    if (axes[d].identity) continue;
    shape[d] = axes[d].out;
    Tensor next = y;
    if (--left > 0) {
      PEEL_ASSIGN_OR_RETURN(next, Tensor::Allocate(x.type(), shape));
    }
    ResampleAxis(axes[d], Product(shape, 0, d), Product(shape, d + 1, shape.size()),
                 static_cast<const Tensor&>(so_far).data<T>(), next.data<T>(),
                 Convert<T>(extrapolation));
    so_far = std::move(next);
  }
  return OkStatus();
}

// Interpolates integers as doubles and rounds.
template <typename T>
Status ResampleIntegers(const std::vector<ResizeAxis>& axes, const Tensor& x, Tensor& y,
                        double extrapolation) {
  PEEL_ASSIGN_OR_RETURN(Tensor wide_x, Tensor::Allocate(DataType::kFloat64, x.shape()));
  PEEL_ASSIGN_OR_RETURN(Tensor wide_y, Tensor::Allocate(DataType::kFloat64, y.shape()));
  for (int64_t i = 0; i < x.elements(); ++i) {
    wide_x.data<double>()[i] = Convert<double>(x.data<T>()[i]);
  }
  PEEL_RETURN_IF_ERROR(ResampleAll<double>(axes, wide_x, wide_y, extrapolation));
  for (int64_t i = 0; i < y.elements(); ++i) {
    y.data<T>()[i] = Convert<T>(std::nearbyint(wide_y.data<double>()[i]));
  }
  return OkStatus();
}

Status Resize(const OpArgs& args) {
  ResizeOptions options;
  PEEL_ASSIGN_OR_RETURN(const auto axes, PlanResize(args, options));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (y.type() != x.type()) return RefuseType(y.type());
  if (y.elements() == 0) return OkStatus();
  const double extrapolation = args.node.Float("extrapolation_value", 0.0f);
  return DispatchAny(x.type(), [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      if (options.mode != "nearest") return ResampleIntegers<T>(axes, x, y, extrapolation);
    }
    return ResampleAll<T>(axes, x, y, extrapolation);
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Resize", 10, Widened<Resize>},
    {"", "Upsample", 7, Widened<Resize>},
};

}  // namespace

std::span<const ReferenceEntry> ResizeOps() { return kEntries; }

}  // namespace peel::engine::reference
