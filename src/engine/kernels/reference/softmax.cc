// Softmax, LogSoftmax, Hardmax: along one axis since opset 13, over everything from it on before.
#include <algorithm>
#include <cmath>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {
namespace {

// f(first, stride, count) for each group of elements that are normalised together.
template <typename F>
Status ForEachGroup(const OpArgs& args, F&& f) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, args.outputs[0]));
  if (args.outputs[0].type() != x.type()) return RefuseType(x.type());
  if (x.elements() == 0) return OkStatus();
  const bool flattens = args.node.opset < 13;
  if (flattens && args.node.Int("axis", 1) == x.rank()) {  // each element alone
    for (int64_t i = 0; i < x.elements(); ++i) f(i, 1, 1);
    return OkStatus();
  }
  if (x.rank() == 0) {
    f(0, 1, 1);
    return OkStatus();
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormaliseAxis(args.node.Int("axis", flattens ? 1 : -1), x.rank()));
  AxisView view = ViewAxis(x.shape(), axis);
  if (flattens) view = {view.outer, view.extent * view.inner, 1};
  for (int64_t o = 0; o < view.outer; ++o) {
    for (int64_t i = 0; i < view.inner; ++i) {
      f(o * view.extent * view.inner + i, view.inner, view.extent);
    }
  }
  return OkStatus();
}

template <bool kLog>
Status SoftmaxWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  return DispatchReal(args.inputs[0]->type(), [&]<typename T>() {
    const T* x = args.inputs[0]->data<T>();
    T* y = args.outputs[0].data<T>();
    return ForEachGroup(args, [&](int64_t first, int64_t stride, int64_t n) {
      T largest = x[first];
      for (int64_t i = 1; i < n; ++i) largest = std::max(largest, x[first + i * stride]);
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) {
        const T shifted = x[first + i * stride] - largest;
        const T e = std::exp(shifted);
        y[first + i * stride] = kLog ? shifted : e;
        sum += e;
      }
      const T total = static_cast<T>(kLog ? std::log(sum) : 1 / sum);
      for (int64_t i = 0; i < n; ++i) {
        T& v = y[first + i * stride];
        v = kLog ? v - total : v * total;
      }
    });
  });
}

Status HardmaxWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  return DispatchReal(args.inputs[0]->type(), [&]<typename T>() {
    const T* x = args.inputs[0]->data<T>();
    T* y = args.outputs[0].data<T>();
    return ForEachGroup(args, [&](int64_t first, int64_t stride, int64_t n) {
      int64_t best = 0;
      for (int64_t i = 1; i < n; ++i) {
        if (x[first + i * stride] > x[first + best * stride]) best = i;
      }
      for (int64_t i = 0; i < n; ++i) y[first + i * stride] = i == best ? T{1} : T{0};
    });
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Softmax", 1, Widened<SoftmaxWide<false>>},
    {"", "LogSoftmax", 1, Widened<SoftmaxWide<true>>},
    {"", "Hardmax", 1, Widened<HardmaxWide>},
};

}  // namespace

std::span<const ReferenceEntry> SoftmaxOps() { return kEntries; }

}  // namespace peel::engine::reference
