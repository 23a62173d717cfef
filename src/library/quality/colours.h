#pragma once

#include <cstdint>
#include <vector>

#include "src/image/image.h"
#include "src/library/quality/picture_quality.h"

namespace peel::library {

// Hasler and Süsstrunk's M ("Measuring Colourfulness in Natural Images", 2003): 0 grey, 15
// slightly, 33 moderately, 45 fairly, 59 quite, 82 highly, 109 extremely colourful. rgb: 3
// channels.
float ColourfulnessOf(const ImageView<const uint8_t>& rgb);

// Up to five colours that stand for the picture's, with their shares of all pixels, by share:
// k-means in OKLab (Ottosson, 2020) over a table of 4,096 coarse colours, each with the mean of its
// pixels, from seeds that are far apart; near ones are joined, those below 2 % left out. rgb: 3
// channels.
std::vector<DominantColour> DominantColours(const ImageView<const uint8_t>& rgb);

}  // namespace peel::library
