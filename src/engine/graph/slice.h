#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// Elements start, start + step, … of one axis, count of them; all lie inside where count > 0.
struct SliceRange {
  int64_t start, step, count;
};

// What Slice takes from every axis of the shape, with negative indices, clamping and axes that are
// not named resolved. axes and steps may be empty.
Result<std::vector<SliceRange>> ResolveSlice(const Shape& shape, std::vector<int64_t> starts,
                                             std::vector<int64_t> ends, std::vector<int64_t> axes,
                                             std::vector<int64_t> steps);

}  // namespace peel::engine
