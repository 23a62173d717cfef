#pragma once

#include "src/base/thread_pool.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// Between the two layouts of conv.h. input and output must not overlap. ToBlocked writes zeros into
// the channels past the last.
void ToBlocked(const Shape4& shape, ConstSlice input, Slice output, ThreadPool& pool);
void ToPlain(const Shape4& shape, ConstSlice input, Slice output, ThreadPool& pool);

}  // namespace peel::engine
