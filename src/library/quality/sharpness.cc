#include "src/library/quality/sharpness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace peel::library {
namespace {

constexpr double kFlattest = 0.1;
// Squares of levels two steps apart below which a tile says nothing, and the share of the strongest
// direction's that another must have to be heard.
constexpr double kLeastStructure = 40;
constexpr double kHeard = 0.1;
constexpr double kSharpestShare = 0.2;
// Calibrated: the exponent at the border, and how fast the mark falls around it.
constexpr double kBorder = 0.758;
constexpr double kWidth = 0.035;

// The exponent of the sharpest tiles that have their share of the structure.
double SharpestOf(std::vector<std::pair<double, double>>* tiles) {
  std::sort(tiles->begin(), tiles->end());
  double all = 0, sum = 0;
  for (const auto& [exponent, structure] : *tiles) all += structure;
  for (const auto& [exponent, structure] : *tiles) {
    sum += structure;
    if (sum >= kSharpestShare * all) return exponent;
  }
  return tiles->back().first;
}

}  // namespace

float EstimateNoise(std::span<const Tile> tiles) {
  std::vector<double> levels;
  for (const Tile& tile : tiles) {
    if (tile.pixels > 0) levels.push_back(tile.laplacian);
  }
  if (levels.empty()) return 0;
  const auto at = static_cast<size_t>(kFlattest * static_cast<double>(levels.size()));
  std::nth_element(levels.begin(), levels.begin() + static_cast<ptrdiff_t>(at), levels.end());
  // The mask's weights have the squares' sum 36; of a normal distribution the mean of |x| is
  // sqrt(2 / pi) of the deviation.
  return static_cast<float>(levels[at] * std::sqrt(std::numbers::pi / 2) / 6);
}

float Smoothness(std::span<const Tile> tiles, float noise) {
  const double grain = 2.0 * noise * noise;
  // For each direction what its tiles have: exponent and structure.
  std::array<std::vector<std::pair<double, double>>, Tile::kDirections> found;
  std::array<double, Tile::kDirections> structure{};
  for (const Tile& tile : tiles) {
    const double strongest = *std::max_element(tile.far.begin(), tile.far.end()) - grain;
    if (tile.pixels == 0 || strongest < std::max(kLeastStructure, grain)) continue;
    for (size_t d = 0; d < found.size(); ++d) {
      const double far = tile.far[d] - grain, near = tile.near[d] - grain;
      if (far <= 0) continue;
      structure[d] += far * tile.pixels;
      if (far < grain / 2) continue;
      // A quarter is what a ramp has.
      found[d].emplace_back(std::log2(far / std::max(near, far / 4)) / 2, far * tile.pixels);
    }
  }
  const double most = *std::max_element(structure.begin(), structure.end());
  double smoothest = -1;
  for (size_t d = 0; d < found.size(); ++d) {
    if (found[d].empty() || structure[d] < kHeard * most) continue;
    smoothest = std::max(smoothest, SharpestOf(&found[d]));
  }
  return static_cast<float>(smoothest);
}

float SharpnessOf(float smoothness) {
  if (smoothness < 0) return 0.5f;
  return static_cast<float>(1 / (1 + std::exp((smoothness - kBorder) / kWidth)));
}

}  // namespace peel::library
