// Writing by index: Scatter (up to opset 10), ScatterElements, ScatterND, with their reductions.
#include <cstring>
#include <string>
#include <vector>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/indices.h"

namespace peel::engine::reference {
namespace {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

Result<Reduction> ParseReduction(const std::string& name) {
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMul;
  if (name == "max") return Reduction::kMax;
  if (name == "min") return Reduction::kMin;
  return Unsupported("reduction '" + name + "' is not supported");
}

template <typename T>
T Reduce(Reduction reduction, T old, T update) {
  switch (reduction) {
    case Reduction::kNone:
      return update;
    case Reduction::kAdd:
      return WrapAdd(old, update);
    case Reduction::kMul:
      return WrapMul(old, update);
    case Reduction::kMax:
      return old < update ? update : old;
    case Reduction::kMin:
      return update < old ? update : old;
  }
  return update;
}

// write.template operator()<T>(reduce) for the type of the data: without a reduction elements are
// only moved, so any type does.
template <typename F>
Status DispatchReduction(Reduction reduction, DataType type, F&& write) {
  if (reduction == Reduction::kNone) {
    return DispatchSize(type, [&]<typename T>() {
      write.template operator()<T>([](T, T update) { return update; });
      return OkStatus();
    });
  }
  return DispatchNumber(type, [&]<typename T>() {
    write.template operator()<T>(
        [reduction](T old, T update) { return Reduce(reduction, old, update); });
    return OkStatus();
  });
}

Status CopyData(const OpArgs& args) {
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, *args.inputs[2]));
  if (x.bytes() > 0) std::memcpy(y.raw(), x.raw(), x.bytes());
  return OkStatus();
}

Status ScatterElementsWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  PEEL_RETURN_IF_ERROR(CopyData(args));
  const Tensor &at = *args.inputs[1], &updates = *args.inputs[2];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const Reduction reduction,
                        ParseReduction(args.node.String("reduction", "none")));
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 0), y.rank()));
  PEEL_RETURN_IF_ERROR(RequireShape(updates, at.shape(), "updates"));
  PEEL_RETURN_IF_ERROR(RequireIndexShape(at.shape(), y.shape(), axis));
  PEEL_ASSIGN_OR_RETURN(const auto indices, ReadIndices(at, y.dim(static_cast<int>(axis))));
  auto strides = DenseStrides(y.shape());
  const int64_t along = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  const StridedLoop<2> loop(at.shape(), {DenseStrides(at.shape()), strides});
  return DispatchReduction(reduction, y.type(), [&]<typename T>(auto reduce) {
    loop.ForEachRun([&](const std::array<int64_t, 2>& start) {
      for (int64_t i = 0; i < loop.run(); ++i) {
        const int64_t from = start[0] + i * loop.stride(0);
        T& to =
            y.data<T>()[start[1] + i * loop.stride(1) + indices[static_cast<size_t>(from)] * along];
        to = reduce(to, updates.data<T>()[from]);
      }
    });
  });
}

Status ScatterNdWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  PEEL_RETURN_IF_ERROR(CopyData(args));
  const Tensor& updates = *args.inputs[2];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const Reduction reduction,
                        ParseReduction(args.node.String("reduction", "none")));
  PEEL_ASSIGN_OR_RETURN(const SliceIndices slices, ReadSliceIndices(*args.inputs[1], y.shape(), 0));
  if (updates.elements() != static_cast<int64_t>(slices.offsets.size()) * slices.slice) {
    return InvalidArgument("updates does not fit the indices");
  }
  return DispatchReduction(reduction, y.type(), [&]<typename T>(auto reduce) {
    const T* from = updates.data<T>();
    for (const int64_t offset : slices.offsets) {
      T* to = y.data<T>() + offset;
      for (int64_t i = 0; i < slices.slice; ++i) to[i] = reduce(to[i], from[i]);
      from += slices.slice;
    }
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Scatter", 9, Widened<ScatterElementsWide>},
    {"", "ScatterElements", 11, Widened<ScatterElementsWide>},
    {"", "ScatterND", 11, Widened<ScatterNdWide>},
};

}  // namespace

std::span<const ReferenceEntry> ScatterOps() { return kEntries; }

}  // namespace peel::engine::reference
