#pragma once

#include "src/rectify/scoring.h"

namespace peel::quads {

// The logarithm of the odds that a quad with this evidence is right. confidence.cc says how the
// model was fitted.
double LogOdds(const Evidence& evidence);

// A probability from it.
double Probability(double log_odds);

// Quads below this probability are not offered.
inline constexpr double kCertainEnough = 0.6;

}  // namespace peel::quads
