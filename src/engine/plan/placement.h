#pragma once

#include <string>

#include "src/engine/plan/program.h"

namespace peel::engine {

// Decides which tensors share memory and fills storages, placements, in_place, overwrites and
// eliminated:
//   - a view (Reshape, Flatten, …) lies where its input lies;
//   - the parts of a concatenation lie in their slices of its output where each is free to;
//   - an operation that may overwrite a dying input does so.
// Afterwards storages have sizes and lifetimes; offsets in the arena are AssignOffsets' work.
Status PlaceTensors(Program& program);

// Looks for two tensors that are alive at the same time, overlap in memory and are not the same
// bytes on purpose (a view, a part of a concatenation). Empty where there are none; otherwise a
// sentence naming both. Offsets must have been assigned. For tests.
std::string FindOverlap(const Program& program);

}  // namespace peel::engine
