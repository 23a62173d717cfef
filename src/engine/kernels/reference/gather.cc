// Reading by index: Gather, GatherElements, GatherND.
#include <cstring>
#include <vector>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/indices.h"
#include "src/engine/kernels/reference/strided_loop.h"

namespace peel::engine::reference {
namespace {

Status Gather(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 0), x.rank()));
  const AxisView view = ViewAxis(x.shape(), axis);
  PEEL_ASSIGN_OR_RETURN(const auto indices, ReadIndices(*args.inputs[1], view.extent));
  const auto count = static_cast<int64_t>(indices.size());
  if (y.elements() != view.outer * count * view.inner || y.type() != x.type()) {
    return InvalidArgument("the output does not fit the indices");
  }
  const size_t row = static_cast<size_t>(view.inner) * DataTypeSize(x.type());
  if (row == 0) return OkStatus();
  auto* out = static_cast<uint8_t*>(y.raw());
  for (int64_t o = 0; o < view.outer; ++o) {
    const auto* in =
        static_cast<const uint8_t*>(x.raw()) + static_cast<size_t>(o * view.extent) * row;
    for (const int64_t index : indices) {
      std::memcpy(out, in + static_cast<size_t>(index) * row, row);
      out += row;
    }
  }
  return OkStatus();
}

Status GatherElements(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &at = *args.inputs[1];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 0), x.rank()));
  PEEL_RETURN_IF_ERROR(RequireShape(y, at.shape(), "the output"));
  PEEL_RETURN_IF_ERROR(RequireIndexShape(at.shape(), x.shape(), axis));
  PEEL_ASSIGN_OR_RETURN(const auto indices, ReadIndices(at, x.dim(static_cast<int>(axis))));
  if (y.type() != x.type()) return RefuseType(y.type());
  auto strides = DenseStrides(x.shape());
  const int64_t along = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  const StridedLoop<2> loop(at.shape(), {DenseStrides(at.shape()), strides});
  return DispatchSize(x.type(), [&]<typename T>() {
    loop.ForEachRun([&](const std::array<int64_t, 2>& start) {
      for (int64_t i = 0; i < loop.run(); ++i) {
        const int64_t to = start[0] + i * loop.stride(0);
        y.data<T>()[to] =
            x.data<T>()[start[1] + i * loop.stride(1) + indices[static_cast<size_t>(to)] * along];
      }
    });
    return OkStatus();
  });
}

Status GatherNd(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &at = *args.inputs[1];
  Tensor& y = args.outputs[0];
  const int64_t batch_dims = args.node.Int("batch_dims", 0);
  if (at.rank() < 1 || batch_dims < 0 || batch_dims >= at.rank() || batch_dims >= x.rank()) {
    return InvalidArgument("batch_dims or the rank of the indices makes no sense");
  }
  const auto batch = static_cast<size_t>(batch_dims);
  for (size_t d = 0; d < batch; ++d) {
    if (x.shape()[d] != at.shape()[d]) return InvalidArgument("the batch extents differ");
  }
  PEEL_ASSIGN_OR_RETURN(const SliceIndices slices, ReadSliceIndices(at, x.shape(), batch));
  if (y.elements() != static_cast<int64_t>(slices.offsets.size()) * slices.slice ||
      y.type() != x.type()) {
    return InvalidArgument("the output does not fit the indices");
  }
  const size_t size = DataTypeSize(x.type()), bytes = static_cast<size_t>(slices.slice) * size;
  if (bytes == 0) return OkStatus();
  auto* out = static_cast<uint8_t*>(y.raw());
  for (const int64_t offset : slices.offsets) {
    std::memcpy(out, static_cast<const uint8_t*>(x.raw()) + static_cast<size_t>(offset) * size,
                bytes);
    out += bytes;
  }
  return OkStatus();
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Gather", 1, Gather},
    {"", "GatherElements", 11, GatherElements},
    {"", "GatherND", 11, GatherNd},
};

}  // namespace

std::span<const ReferenceEntry> GatherOps() { return kEntries; }

}  // namespace peel::engine::reference
