#pragma once

#include "src/rectify/find/scoring.h"

namespace peel::quads {

// The logarithm of the odds that a quad with this evidence is right, beside all others of its
// picture. confidence.cc says how the model was fitted.
double LogOdds(const Evidence& evidence);

// The probability that the best of a picture's candidates is right, from its odds: calibrated.
double Probability(double log_odds);

// Quads below this probability are not offered.
inline constexpr double kCertainEnough = 0.5;

}  // namespace peel::quads
