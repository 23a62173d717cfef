// Pooling over windows and over whole planes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/type_dispatch.h"
#include "src/engine/kernels/reference/window.h"

namespace peel::engine::reference {
namespace {

// Taps [low, high) of a window at output position `o` that lie inside [begin, end) of the input's
// coordinates.
struct Taps {
  int64_t start, low, high;
};
Taps TapsInside(const Window& w, size_t d, int64_t o, int64_t begin, int64_t end) {
  const int64_t start = o * w.stride[d] - w.pad_begin[d], step = w.dilation[d];
  int64_t low = start >= begin ? 0 : (begin - start + step - 1) / step;
  int64_t high = start >= end ? 0 : std::min(w.kernel[d], (end - start - 1) / step + 1);
  low = std::min(low, w.kernel[d]);
  return {start, low, std::max(low, high)};
}

// For each output in order: take(plane, offset within the plane) for each input of its window, then
// finish(output offset, taps inside the input, taps inside input and padding).
template <typename Begin, typename Take, typename Finish>
void ForEachWindow(const Window& w, int64_t planes, Begin&& begin, Take&& take, Finish&& finish) {
  const auto padded_end = [&](size_t d) { return w.in[d] + w.pad_end[d]; };
  int64_t at = 0;
  for (int64_t p = 0; p < planes; ++p) {
    for (int64_t z = 0; z < w.out[0]; ++z) {
      const Taps tz = TapsInside(w, 0, z, 0, w.in[0]);
      const Taps az = TapsInside(w, 0, z, -w.pad_begin[0], padded_end(0));
      for (int64_t y = 0; y < w.out[1]; ++y) {
        const Taps ty = TapsInside(w, 1, y, 0, w.in[1]);
        const Taps ay = TapsInside(w, 1, y, -w.pad_begin[1], padded_end(1));
        for (int64_t x = 0; x < w.out[2]; ++x, ++at) {
          const Taps tx = TapsInside(w, 2, x, 0, w.in[2]);
          const Taps ax = TapsInside(w, 2, x, -w.pad_begin[2], padded_end(2));
          begin();
          for (int64_t kz = tz.low; kz < tz.high; ++kz) {
            for (int64_t ky = ty.low; ky < ty.high; ++ky) {
              const int64_t row =
                  ((tz.start + kz * w.dilation[0]) * w.in[1] + ty.start + ky * w.dilation[1]) *
                      w.in[2] +
                  tx.start;
              for (int64_t kx = tx.low; kx < tx.high; ++kx) take(p, row + kx * w.dilation[2]);
            }
          }
          finish(at, (tz.high - tz.low) * (ty.high - ty.low) * (tx.high - tx.low),
                 (az.high - az.low) * (ay.high - ay.low) * (ax.high - ax.low));
        }
      }
    }
  }
}

Result<Window> PoolWindow(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor &x = *args.inputs[0], &y = args.outputs[0];
  if (x.rank() < 3 || y.rank() != x.rank() || y.dim(0) != x.dim(0) || y.dim(1) != x.dim(1)) {
    return InvalidArgument("the output does not fit an input of shape " + ShapeString(x.shape()));
  }
  if (y.type() != x.type()) return RefuseType(y.type());
  return MakeWindow(args.node, x.shape(), y.shape(), args.node.Ints("kernel_shape"));
}

Status MaxPool(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Window w, PoolWindow(args));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  Tensor* indices = Output(args, 1);
  if (indices) {
    PEEL_RETURN_IF_ERROR(RequireShape(*indices, y.shape(), "the indices"));
    if (indices->type() != DataType::kInt64) return RefuseType(indices->type());
  }
  const bool column_major = args.node.Int("storage_order", 0) != 0;
  // Indices count over the whole tensor; in column-major order the spatial axes are reversed.
  const auto index_of = [&](int64_t plane, int64_t offset) {
    if (column_major) {
      const int64_t iz = offset / (w.in[1] * w.in[2]), iy = offset / w.in[2] % w.in[1],
                    ix = offset % w.in[2];
      offset = (ix * w.in[1] + iy) * w.in[0] + iz;
    }
    return plane * w.in_size() + offset;
  };
  return DispatchNumber(x.type(), [&]<typename T>() {
    T best{};
    int64_t best_plane = 0, best_offset = 0;
    bool any = false;
    ForEachWindow(
        w, x.dim(0) * x.dim(1), [&] { any = false; },
        [&](int64_t plane, int64_t offset) {
          const T v = x.data<T>()[plane * w.in_size() + offset];
          if (any && !(v > best)) return;
          any = true;
          best = v;
          best_plane = plane;
          best_offset = offset;
        },
        [&](int64_t at, int64_t, int64_t) {
          y.data<T>()[at] = any ? best : std::numeric_limits<T>::lowest();
          if (indices) indices->data<int64_t>()[at] = any ? index_of(best_plane, best_offset) : 0;
        });
    return OkStatus();
  });
}

Status AveragePool(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Window w, PoolWindow(args));
  const Tensor& x = *args.inputs[0];
  const bool include_pad = args.node.Int("count_include_pad", 0) != 0;
  return DispatchReal(x.type(), [&]<typename T>() {
    double sum = 0;
    ForEachWindow(
        w, x.dim(0) * x.dim(1), [&] { sum = 0; },
        [&](int64_t plane, int64_t offset) { sum += x.data<T>()[plane * w.in_size() + offset]; },
        [&](int64_t at, int64_t inside, int64_t padded) {
          const int64_t n = include_pad ? padded : inside;
          args.outputs[0].data<T>()[at] = n > 0 ? static_cast<T>(sum / static_cast<double>(n)) : 0;
        });
    return OkStatus();
  });
}

Status LpPool(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Window w, PoolWindow(args));
  const Tensor& x = *args.inputs[0];
  const auto p = static_cast<double>(args.node.Int("p", 2));
  return DispatchReal(x.type(), [&]<typename T>() {
    double sum = 0;
    ForEachWindow(
        w, x.dim(0) * x.dim(1), [&] { sum = 0; },
        [&](int64_t plane, int64_t offset) {
          sum += std::pow(std::fabs(static_cast<double>(x.data<T>()[plane * w.in_size() + offset])),
                          p);
        },
        [&](int64_t at, int64_t, int64_t) {
          args.outputs[0].data<T>()[at] = static_cast<T>(std::pow(sum, 1 / p));
        });
    return OkStatus();
  });
}

// One result a plane: f(begin, count).
template <typename F>
Status PoolPlanes(const OpArgs& args, F f) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (x.rank() < 2) return InvalidArgument("an input of fewer than 2 dimensions");
  const int64_t planes = x.dim(0) * x.dim(1), size = Product(x.shape(), 2, x.shape().size());
  if (y.elements() != planes || y.type() != x.type()) {
    return InvalidArgument("the output is not one element a channel");
  }
  return DispatchReal(x.type(), [&]<typename T>() {
    for (int64_t p = 0; p < planes; ++p) y.data<T>()[p] = f(x.data<T>() + p * size, size);
    return OkStatus();
  });
}

Status GlobalAveragePool(const OpArgs& args) {
  return PoolPlanes(args, []<typename T>(const T* x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += x[i];
    return static_cast<T>(sum / static_cast<double>(n));
  });
}

Status GlobalMaxPool(const OpArgs& args) {
  return PoolPlanes(args, []<typename T>(const T* x, int64_t n) {
    return n > 0 ? *std::max_element(x, x + n) : std::numeric_limits<T>::lowest();
  });
}

Status GlobalLpPool(const OpArgs& args) {
  const auto p = static_cast<double>(args.node.Int("p", 2));
  return PoolPlanes(args, [p]<typename T>(const T* x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += std::pow(std::fabs(static_cast<double>(x[i])), p);
    return static_cast<T>(std::pow(sum, 1 / p));
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "MaxPool", 1, Widened<MaxPool>},
    {"", "AveragePool", 7, Widened<AveragePool>},
    {"", "LpPool", 2, Widened<LpPool>},
    {"", "GlobalAveragePool", 1, Widened<GlobalAveragePool>},
    {"", "GlobalMaxPool", 1, Widened<GlobalMaxPool>},
    {"", "GlobalLpPool", 2, Widened<GlobalLpPool>},
};

}  // namespace

std::span<const ReferenceEntry> PoolOps() { return kEntries; }

}  // namespace peel::engine::reference
