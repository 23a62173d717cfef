#pragma once

#include <span>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// Copies where parts cannot be written in place: blocked channel offsets that are no multiples of
// 16. (Where they are, or in the plain layout, let the producers write into slices instead.)
struct ConcatPart {
  ConstSlice data;
  int64_t channels = 0;
};
// The parts' channels sum to shape.channels.
void RunConcat(Layout layout, const Shape4& shape, std::span<const ConcatPart> parts, Slice output,
               ThreadPool& pool);

// output = channels [first, first + shape.channels) of an input that has at least
// those: Split and Slice
// along the channels.
void RunSliceChannels(Layout layout, const Shape4& shape, int64_t first, ConstSlice input,
                      Slice output, ThreadPool& pool);

}  // namespace peel::engine
