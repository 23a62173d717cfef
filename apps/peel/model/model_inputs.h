#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/engine/session.h"

// What is fed to a model's inputs where no file is given.
namespace peel {

// The declared shape, symbolic dimensions as 1.
engine::Shape ShapeOfOnes(const engine::Port& port);

// For the user: which dimensions of the input that were, and how to give others; "": none.
std::string TakenAsOne(const engine::Port& port);

// Fills these of the feeds, which lie uninitialised, with the same random numbers each time: real
// ones in [0, 1), whole ones in 0..3 (an index into almost anything), booleans. kLimitExceeded
// where they and the run would be more than the machine's memory, before any page of them is
// touched; kUnsupported for types without numbers.
Status FillRandomly(const engine::Session& session, std::span<const std::string> fetches,
                    std::span<const size_t> which, std::vector<engine::NamedTensor>& feeds);

}  // namespace peel
