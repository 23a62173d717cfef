// Where, Clip.
#include <algorithm>
#include <limits>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

Status Where(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  const Tensor &c = *args.inputs[0], &a = *args.inputs[1], &b = *args.inputs[2];
  Tensor& y = args.outputs[0];
  if (c.type() != DataType::kBool) return RefuseType(c.type());
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, y));
  PEEL_ASSIGN_OR_RETURN(const auto c_strides, BroadcastStrides(c.shape(), y.shape()));
  PEEL_ASSIGN_OR_RETURN(const auto a_strides, BroadcastStrides(a.shape(), y.shape()));
  PEEL_ASSIGN_OR_RETURN(const auto b_strides, BroadcastStrides(b.shape(), y.shape()));
  const StridedLoop<4> loop(y.shape(), {DenseStrides(y.shape()), c_strides, a_strides, b_strides});
  const int64_t n = loop.run(), sc = loop.stride(1), sa = loop.stride(2), sb = loop.stride(3);
  return DispatchSize(y.type(), [&]<typename T>() {
    loop.ForEachRun([&](const std::array<int64_t, 4>& at) {
      T* out = y.data<T>() + at[0];
      const uint8_t* pc = c.data<uint8_t>() + at[1];
      const T *pa = a.data<T>() + at[2], *pb = b.data<T>() + at[3];
      for (int64_t i = 0; i < n; ++i) out[i] = pc[i * sc] ? pa[i * sa] : pb[i * sb];
    });
    return OkStatus();
  });
}

// Bounds are attributes up to opset 10, then inputs. Where they cross the upper one wins.
Status Clip(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor *low_in = Input(args, 1), *high_in = Input(args, 2);
  for (const Tensor* bound : {low_in, high_in}) {
    if (!bound) continue;
    PEEL_RETURN_IF_ERROR(RequireSameType(*args.inputs[0], *bound));
    if (bound->elements() != 1) return InvalidArgument("a bound is not a single number");
  }
  const Node& node = args.node;
  return DispatchNumber(args.inputs[0]->type(), [&]<typename T>() {
    T low = std::numeric_limits<T>::lowest(), high = std::numeric_limits<T>::max();
    if constexpr (std::is_floating_point_v<T>) {
      low = -std::numeric_limits<T>::infinity();
      high = std::numeric_limits<T>::infinity();
    }
    if (node.HasAttribute("min")) low = Convert<T>(node.Float("min", 0));
    if (node.HasAttribute("max")) high = Convert<T>(node.Float("max", 0));
    if (low_in) low = *low_in->data<T>();
    if (high_in) high = *high_in->data<T>();
    return Map<T>(args, [=](T x) {
      const T raised = x < low ? low : x;
      return high < raised ? high : raised;
    });
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Where", 9, Where},
    {"", "Clip", 6, Widened<Clip>},
};

}  // namespace

std::span<const ReferenceEntry> SelectOps() { return kEntries; }

}  // namespace peel::engine::reference
