#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/rectify/enhance/page_blocks.h"

namespace peel {

// What white paper would look like everywhere on a page: its light, its shadows and its colour cast
// together.
struct Illumination {
  bool found = false;  // whether there is paper; without it `paper` is the same everywhere
  // A value a block of PageBlocks, meant for its centre.
  std::array<std::vector<float>, 3> paper;  // 0 to 255, at least 1
  std::vector<float> writing;               // 1: paper, written on or not; 0: a picture
  float noise = 0;  // standard deviation of the paper's pixels, as a share of its level
  // The darkest channel of what is printed or written, as a share of the paper's; 0: nothing is.
  float ink = 0;
  float share = 0;  // of the blocks that are paper
};

// Paper is the largest region whose neighbouring blocks differ little in brightness and colour,
// with what else has its colour: the same level after all, or a shadow that comes in over the
// border. Everything else (pictures, dark areas, large letters) is filled in from the paper around
// it, so that pictures on the page keep their tones.
Illumination EstimateIllumination(const PageBlocks& page);

}  // namespace peel
