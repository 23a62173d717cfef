#include "src/rectify/confidence.h"

#include <cmath>

namespace peel::quads {

double LogOdds(const Evidence& e) {
  // First guess
  return -9 + 3 * e[Evidence::kCover] + 3 * e[Evidence::kWeakerCover] + 2 * e[Evidence::kStep] +
         4 * e[Evidence::kWeakerStep] + e[Evidence::kOneSign] - 3 * e[Evidence::kBeyond] +
         2 * e[Evidence::kArea] - 2 * e[Evidence::kAngles] - e[Evidence::kOpposite] -
         e[Evidence::kUnseen] + 2 * e[Evidence::kMatteSides] + e[Evidence::kMatte];
}

double Probability(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace peel::quads
