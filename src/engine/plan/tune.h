#pragma once

#include <optional>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/conv/conv.h"
#include "src/engine/plan/program.h"
#include "src/engine/plan/timings.h"

namespace peel::engine {

// The problem and the kernel in one line: everything that the kernel's time depends on.
std::string TimingKey(const ConvKernel& kernel, const ConvProblem& problem);

// What packed weights that are larger than the file's take of memory, and of the time to load, as
// milliseconds a run: 1 MB must save 0.05 ms, so that some twenty runs earn back its packing.
double WeightPrice(const ConvKernel& kernel, const ConvProblem& problem);

// Milliseconds of one run on made-up numbers, the least of a few; nothing where memory runs out.
std::optional<double> TimeConv(const ConvKernel& kernel, const ConvProblem& problem,
                               ThreadPool& pool);

// Replaces the estimates of a node's variants by timings where they are known; with Mode::kTime
// those that might win are timed first. Variants without a timing are scaled as the timed ones were
// off, so that the two compare.
void TakeTimings(Choices& choices, Timings& timings, Timings::Mode mode, ThreadPool& pool);

}  // namespace peel::engine
