#pragma once

#include <cstdint>
#include <vector>

#include "src/engine/kernels/reference/op_helpers.h"

namespace peel::engine::reference {

// An index tensor's values, each in [0, extent): negative ones count from the end. One outside is
// kInvalidArgument.
Result<std::vector<int64_t>> ReadIndices(const Tensor& indices, int64_t extent);

// GatherElements and ScatterElements: the index tensor has the data's rank and is no larger along
// the other axes.
Status RequireIndexShape(const Shape& indices, const Shape& data, int64_t axis);

// GatherND and ScatterND: the last axis of the index tensor addresses a slice of the data.
struct SliceIndices {
  std::vector<int64_t> offsets;  // of each slice, in elements from the data's start
  int64_t slice = 1;             // elements of one slice
};
Result<SliceIndices> ReadSliceIndices(const Tensor& indices, const Shape& data, size_t batch_dims);

}  // namespace peel::engine::reference
