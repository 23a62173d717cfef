// CumSum, CumProd.
#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

template <bool kProduct>
Status CumulateWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  PEEL_ASSIGN_OR_RETURN(int64_t axis, ScalarInt(args.inputs[1], 0));
  PEEL_ASSIGN_OR_RETURN(axis, NormaliseAxis(axis, x.rank()));
  const bool exclusive = args.node.Int("exclusive", 0) != 0;
  const bool reverse = args.node.Int("reverse", 0) != 0;
  const AxisView view = ViewAxis(x.shape(), axis);
  return DispatchNumber(x.type(), [&]<typename T>() {
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        T sum = kProduct ? T{1} : T{0};
        for (int64_t k = 0; k < view.extent; ++k) {
          const int64_t step = reverse ? view.extent - 1 - k : k;
          const int64_t at = (o * view.extent + step) * view.inner + i;
          const T v = x.data<T>()[at];
          if (exclusive) y.data<T>()[at] = sum;
          sum = kProduct ? WrapMul(sum, v) : WrapAdd(sum, v);
          if (!exclusive) y.data<T>()[at] = sum;
        }
      }
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "CumSum", 11, Widened<CumulateWide<false>>},
    {"", "CumProd", 26, Widened<CumulateWide<true>>},
};

}  // namespace

std::span<const ReferenceEntry> CumulativeOps() { return kEntries; }

}  // namespace peel::engine::reference
