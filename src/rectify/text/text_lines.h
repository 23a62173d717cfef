#pragma once

#include <vector>

#include "src/image/geometry.h"
#include "src/rectify/text/ink_components.h"

namespace peel {

// Letters (or words, where letters touch) that follow each other from left to right.
struct TextLine {
  std::vector<Box> letters;
  Box box;
};

struct TextLines {
  std::vector<TextLine> lines;  // of three letters and more, from the top downwards
  double letter_height = 0;     // the median of letters
  double in_lines = 0;          // the share of letters that are in lines
  // The share of letters whose nearest neighbour is beside them and not above or below.
  double along = 0;
  int letters = 0;
};

// Lines of text among the components of a bilevel picture, which run across. What is far larger or
// smaller than most, a rule or a frame is left out.
TextLines FindTextLines(const std::vector<InkComponent>& components, Size size);

}  // namespace peel
