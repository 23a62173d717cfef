// ArgMax, ArgMin, TopK.
#include <algorithm>
#include <numeric>
#include <vector>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {
namespace {

template <bool kMax>
Status ArgWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 0), x.rank()));
  const AxisView view = ViewAxis(x.shape(), axis);
  const bool last = args.node.Int("select_last_index", 0) != 0;
  if (y.type() != DataType::kInt64 || y.elements() != view.outer * view.inner) {
    return InvalidArgument("the output is not one index a group");
  }
  if (view.extent == 0 && y.elements() > 0) return InvalidArgument("the axis is empty");
  return DispatchNumber(x.type(), [&]<typename T>() {
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* in = x.data<T>() + o * view.extent * view.inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < view.extent; ++k) {
          const T a = in[k * view.inner], b = in[best * view.inner];
          const bool better = kMax ? a > b : a < b;
          if (better || (last && a == b)) best = k;
        }
        y.data<int64_t>()[o * view.inner + i] = best;
      }
    }
    return OkStatus();
  });
}

// Equal values keep the order of their indices. Unsorted results may come in any order; they come
// sorted too.
Status TopK(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& values = args.outputs[0];
  Tensor* indices = Output(args, 1);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", -1), x.rank()));
  PEEL_ASSIGN_OR_RETURN(const int64_t k, ScalarInt(Input(args, 1), args.node.Int("k", -1)));
  const bool largest = args.node.Int("largest", 1) != 0;
  Shape shape = x.shape();
  shape[static_cast<size_t>(axis)] = k;
  PEEL_RETURN_IF_ERROR(RequireShape(values, shape, "the output"));
  if (indices) {
    PEEL_RETURN_IF_ERROR(RequireShape(*indices, shape, "the indices"));
    if (indices->type() != DataType::kInt64) return RefuseType(indices->type());
  }
  const AxisView view = ViewAxis(x.shape(), axis);
  if (k < 0 || k > view.extent) return InvalidArgument("k is larger than the axis");
  if (values.type() != x.type()) return RefuseType(values.type());
  return DispatchNumber(x.type(), [&]<typename T>() {
    std::vector<int64_t> order(static_cast<size_t>(view.extent));
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* in = x.data<T>() + o * view.extent * view.inner + i;
        std::iota(order.begin(), order.end(), 0);
        const auto before = [&](int64_t a, int64_t b) {
          const T va = in[a * view.inner], vb = in[b * view.inner];
          // NaN counts as the largest, so that this is an order.
          const bool nan_a = va != va, nan_b = vb != vb;
          if (nan_a != nan_b) return largest ? nan_a : nan_b;
          if (!nan_a && va != vb) return largest ? va > vb : va < vb;
          return a < b;
        };
        std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
        for (int64_t r = 0; r < k; ++r) {
          const int64_t at = (o * k + r) * view.inner + i;
          values.data<T>()[at] = in[order[static_cast<size_t>(r)] * view.inner];
          if (indices) indices->data<int64_t>()[at] = order[static_cast<size_t>(r)];
        }
      }
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "ArgMax", 1, Widened<ArgWide<true>>},
    {"", "ArgMin", 1, Widened<ArgWide<false>>},
    {"", "TopK", 1, Widened<TopK>},
};

}  // namespace

std::span<const ReferenceEntry> ArgOps() { return kEntries; }

}  // namespace peel::engine::reference
