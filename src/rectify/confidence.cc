#include "src/rectify/confidence.h"

#include <cmath>
#include <iterator>

namespace peel::quads {
namespace {

// A linear model with a few squares and products. It was fitted to the candidates of generated
// photographs with known quads (bench/rectify/generate: 113 on clean and 181 on cluttered grounds)
// and of 200 pictures without any, so that exp(LogOdds) of right candidates (overlap with the true
// quad above 0.95 in its own frame), as a share of 1 + the sum over all candidates of the picture,
// gets as large as it can: the 1 stands for "none of them", and is what should be large in pictures
// without a quad. Maximum likelihood by L-BFGS over standardised evidence, ridge 1e-3. Held-out by
// thirds: 0.91 of the clean and 0.60 of the cluttered pictures have a right quad on top. The
// weights of the matte are not fitted: they say that it weighs, but less than edges do.
struct Product {
  Evidence::Name a, b;
  double weight;
};

constexpr double kBias = -32.978;
// In the order of Evidence::Name.
constexpr double kLinear[Evidence::kCount] = {
    6.495,    // kCover
    -8.439,   // kLeastCover
    -0.974,   // kWeakerCover
    6.544,    // kStep
    0.633,    // kLeastStep
    7.438,    // kWeakerStep
    -7.688,   // kContrast
    -2.856,   // kOneSign
    1.831,    // kBeyond
    6.998,    // kCornerCover
    31.115,   // kArea
    3.656,    // kAngles
    -1.755,   // kOpposite
    -24.491,  // kUnseen
    2.527,    // kAlike
    2.698,    // kAround
    1.000,    // kMatte
    1.500,    // kMatteSides
    -0.900,   // kHasMatte
    -5.287,   // kEnclosed
    4.529,    // kEncloses
};
// Of the squares of the first of them.
constexpr double kSquares[] = {
    5.132,    // kCover
    5.735,    // kLeastCover
    0.194,    // kWeakerCover
    -8.961,   // kStep
    0.010,    // kLeastStep
    -5.491,   // kWeakerStep
    9.259,    // kContrast
    1.582,    // kOneSign
    -12.927,  // kBeyond
    3.902,    // kCornerCover
    -21.435,  // kArea
    -5.109,   // kAngles
};
// Of products.
constexpr Product kProducts[] = {
    {Evidence::kStep, Evidence::kCover, 6.948},
    {Evidence::kWeakerStep, Evidence::kWeakerCover, 1.069},
    {Evidence::kLeastStep, Evidence::kLeastCover, -0.458},
    {Evidence::kOneSign, Evidence::kStep, 3.139},
};

}  // namespace

double LogOdds(const Evidence& e) {
  double sum = kBias;
  for (size_t i = 0; i < Evidence::kCount; ++i) sum += kLinear[i] * e.values[i];
  for (size_t i = 0; i < std::size(kSquares); ++i) sum += kSquares[i] * e.values[i] * e.values[i];
  for (const Product& p : kProducts) sum += p.weight * e[p.a] * e[p.b];
  return sum;
}

double Probability(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace peel::quads
