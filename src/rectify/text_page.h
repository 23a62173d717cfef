#pragma once

#include "src/rectify/illumination.h"
#include "src/rectify/page_blocks.h"

namespace peel {

// How much of a page is written on, from its blocks.
struct TextShare {
  float paper = 0;    // share of the blocks that are paper
  float text = 0;     // of the paper's blocks, those in which dark strokes alternate with paper
  float picture = 0;  // of all blocks, those that belong to a picture
};
TextShare MeasureText(const PageBlocks& page, const Illumination& light);

bool IsTextPage(const PageBlocks& page, const Illumination& light);

}  // namespace peel
