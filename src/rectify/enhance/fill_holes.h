#pragma once

#include <vector>

namespace peel {

// Gives the places of a field (row by row) that are not `known` values that continue the known ones
// smoothly: ever coarser means of what is known, then the finer ones again from the coarser
// (push-pull: Gortler et al., "The Lumigraph", 1996), made harmonic by a few sweeps of relaxation.
// A field of which nothing is known stays as it is.
void FillHoles(int across, int down, const std::vector<bool>& known, std::vector<float>* field);

// Binomial means over 3 x 3 places, borders extended.
void Smooth(int across, int down, std::vector<float>* field);

}  // namespace peel
