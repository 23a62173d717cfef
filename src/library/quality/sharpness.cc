#include "src/library/quality/sharpness.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace peel::library {
namespace {

constexpr double kFlattest = 0.1;
// Squares of levels two steps apart below which a tile says nothing, and the share of its strongest
// direction's that another must have to be heard.
constexpr double kLeastStructure = 40;
constexpr double kHeard = 0.1;
constexpr double kSharpestShare = 0.2;
// Calibrated: the exponent at the border, and how fast the mark falls around it.
constexpr double kBorder = 0.74;
constexpr double kWidth = 0.035;

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
  std::vector<std::pair<double, double>> found;  // exponent, structure
  double all = 0;
  for (const Tile& tile : tiles) {
    const double strongest = *std::max_element(tile.far.begin(), tile.far.end()) - grain;
    if (tile.pixels == 0 || strongest < std::max(kLeastStructure, grain)) continue;
    double smoothest = 0;
    for (size_t d = 0; d < tile.far.size(); ++d) {
      const double far = tile.far[d] - grain, near = tile.near[d] - grain;
      if (far < std::max(kHeard * strongest, grain / 2)) continue;
      // A quarter is what a ramp has.
      smoothest = std::max(smoothest, std::log2(far / std::max(near, far / 4)) / 2);
    }
    const double structure = strongest * tile.pixels;
    found.emplace_back(smoothest, structure);
    all += structure;
  }
  if (found.empty()) return -1;
  std::sort(found.begin(), found.end());
  double sum = 0;
  for (const auto& [exponent, structure] : found) {
    sum += structure;
    if (sum >= kSharpestShare * all) return static_cast<float>(exponent);
  }
  return static_cast<float>(found.back().first);
}

float SharpnessOf(float smoothness) {
  if (smoothness < 0) return 0.5f;
  return static_cast<float>(1 / (1 + std::exp((smoothness - kBorder) / kWidth)));
}

}  // namespace peel::library
