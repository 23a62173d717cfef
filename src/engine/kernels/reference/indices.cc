#include "src/engine/kernels/reference/indices.h"

#include "src/engine/kernels/reference/strided_loop.h"

namespace peel::engine::reference {
namespace {

Result<int64_t> Resolve(int64_t index, int64_t extent) {
  if (index < -extent || index >= extent) {
    return InvalidArgument("index " + std::to_string(index) + " is outside an extent of " +
                           std::to_string(extent));
  }
  return index < 0 ? index + extent : index;
}

}  // namespace

Result<std::vector<int64_t>> ReadIndices(const Tensor& indices, int64_t extent) {
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> values, indices.AsInt64s());
  for (int64_t& value : values) {
    PEEL_ASSIGN_OR_RETURN(value, Resolve(value, extent));
  }
  return values;
}

Status RequireIndexShape(const Shape& indices, const Shape& data, int64_t axis) {
  bool fits = indices.size() == data.size();
  for (size_t d = 0; fits && d < data.size(); ++d) {
    fits = static_cast<int64_t>(d) == axis || indices[d] <= data[d];
  }
  if (fits) return OkStatus();
  return InvalidArgument("indices of shape " + ShapeString(indices) + " do not fit data of shape " +
                         ShapeString(data));
}

Result<SliceIndices> ReadSliceIndices(const Tensor& indices, const Shape& data, size_t batch_dims) {
  if (indices.rank() < 1) return InvalidArgument("the indices are a scalar");
  const int64_t depth = indices.dim(-1);
  if (depth < 0 || static_cast<size_t>(depth) + batch_dims > data.size()) {
    return InvalidArgument("the indices address more axes than there are");
  }
  const auto addressed = static_cast<size_t>(depth);
  PEEL_ASSIGN_OR_RETURN(const auto values, indices.AsInt64s());
  const auto strides = DenseStrides(data);
  SliceIndices result;
  result.slice = Product(data, batch_dims + addressed, data.size());
  const int64_t batches = Product(data, 0, batch_dims);
  const int64_t count =
      Product(indices.shape(), 0, indices.shape().size() - 1);  // tuples, all batches
  if (count == 0) return result;
  if (batches == 0 || count % batches != 0) return InvalidArgument("the batch extents differ");
  const int64_t batch_stride = Product(data, batch_dims, data.size());
  result.offsets.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = i / (count / batches) * batch_stride;
    for (size_t k = 0; k < addressed; ++k) {
      PEEL_ASSIGN_OR_RETURN(
          const int64_t at,
          Resolve(values[static_cast<size_t>(i) * addressed + k], data[batch_dims + k]));
      offset += at * strides[batch_dims + k];
    }
    result.offsets.push_back(offset);
  }
  return result;
}

}  // namespace peel::engine::reference
