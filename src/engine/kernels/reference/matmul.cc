#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/matmul_loops.h"

namespace peel::engine::reference {
namespace {

Status MatMul(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, y));
  PEEL_ASSIGN_OR_RETURN(const MatMulPlan plan, PlanMatMul(a.shape(), b.shape(), y.elements()));
  return DispatchNumber(a.type(), [&]<typename T>() {
    // Small integers multiply as unsigned ones of the same bits, which wrap.
    using U = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>,
                                          std::type_identity<T>>::type;
    if constexpr (sizeof(U) < 4 && std::is_integral_v<U>) {
      return RefuseType(a.type());
    } else {
      RunMatMul(plan, a.data<U>(), b.data<U>(), y.data<U>());
      return OkStatus();
    }
  });
}

// alpha * A' B' + beta * C, where ' is an optional transposition.
Status Gemm(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor* c = Input(args, 2);
  Tensor& y = args.outputs[0];
  const auto dense = [](const Tensor& t, bool transpose) -> Result<Tensor> {
    if (t.rank() != 2) return InvalidArgument("expected a matrix, found " + ShapeString(t.shape()));
    if (!transpose) return t;
    PEEL_ASSIGN_OR_RETURN(Tensor copy, Tensor::Allocate(t.type(), {t.dim(1), t.dim(0)}));
    PEEL_RETURN_IF_ERROR(
        StridedCopy(copy.shape(), copy, 0, DenseStrides(copy.shape()), t, 0, {1, t.dim(1)}));
    return copy;
  };
  PEEL_ASSIGN_OR_RETURN(const Tensor a, dense(*args.inputs[0], args.node.Int("transA", 0) != 0));
  PEEL_ASSIGN_OR_RETURN(const Tensor b, dense(*args.inputs[1], args.node.Int("transB", 0) != 0));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, y));
  if (a.dim(1) != b.dim(0)) {
    return InvalidArgument("matrices of shapes " + ShapeString(a.shape()) + " and " +
                           ShapeString(b.shape()) + " do not fit");
  }
  PEEL_RETURN_IF_ERROR(RequireShape(y, {a.dim(0), b.dim(1)}, "the output"));
  const float alpha = args.node.Float("alpha", 1.0f), beta = args.node.Float("beta", 1.0f);
  if (c) PEEL_RETURN_IF_ERROR(RequireSameType(a, *c));
  return DispatchNumber(a.type(), [&]<typename T>() -> Status {
    if constexpr (std::is_integral_v<T>) {
      return RefuseType(a.type());
    } else {
      MultiplyDense(a.data<T>(), b.data<T>(), y.data<T>(), a.dim(0), a.dim(1), b.dim(1));
      if (alpha != 1.0f) {
        MapTo(y.data<T>(), y.data<T>(), y.elements(),
              [=](T v) { return v * static_cast<T>(alpha); });
      }
      if (!c || beta == 0.0f) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(const auto strides, BroadcastStrides(c->shape(), y.shape()));
      const StridedLoop<2> loop(y.shape(), {DenseStrides(y.shape()), strides});
      loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
        for (int64_t i = 0; i < loop.run(); ++i) {
          y.data<T>()[at[0] + i * loop.stride(0)] +=
              static_cast<T>(beta) * c->data<T>()[at[1] + i * loop.stride(1)];
        }
      });
      return OkStatus();
    }
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "MatMul", 1, Widened<MatMul>},
    {"", "Gemm", 7, Widened<Gemm>},
};

}  // namespace

std::span<const ReferenceEntry> MatMulOps() { return kEntries; }

}  // namespace peel::engine::reference
