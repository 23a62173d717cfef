#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "src/engine/session.h"

// How `peel model run --profile` tells the time of every step.
namespace peel {

// A line a step, then the sums of each kernel, the slowest first.
void PrintProfile(const std::vector<engine::StepProfile>& steps);

// A list of objects: node, operator, kernel, detail, ms, multiply_adds.
nlohmann::json ProfileJson(const std::vector<engine::StepProfile>& steps);

}  // namespace peel
