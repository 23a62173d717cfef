#pragma once

#include <span>

#include "src/library/quality/tiles.h"

namespace peel::library {

// Standard deviation of the grain in levels: Immerkær's estimate ("Fast Noise Variance Estimation",
// 1996) in the flattest tenth of the tiles, where it takes the least of what is drawn for grain.
float EstimateNoise(std::span<const Tile> tiles);

// How smooth the picture is where it has most to show: the exponent H with which differences grow
// with the distance of two pixels, |difference| ~ distance^H, between one step and two. A sharp
// edge has 0.5, a blurred one nears 1 (a ramp), whatever its contrast; grain has 0 and is taken
// away first. Of each direction the sharpest tiles decide that together have a fifth of its
// structure: what lies out of focus behind a sharp subject does not matter. Of the directions the
// smoothest counts: a shaken camera blurs along one alone. Negative where no tile has structure
// enough to tell.
float Smoothness(std::span<const Tile> tiles, float noise);

// 0 to 1, 0.5 at the border between sharp and blurred that calibration found
// (docs/internals/picture-quality.md), 0.5 too where nothing can be told.
float SharpnessOf(float smoothness);

}  // namespace peel::library
