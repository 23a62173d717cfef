#pragma once

#include <vector>

#include "src/rectify/find/scoring.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// Sets the evidence on each candidate that depends on the others: on those around and within it,
// those that share three sides with it, and those beside it.
void LookAround(const std::vector<Quad>& quads, std::vector<Evidence>& evidence);

}  // namespace peel::quads
