#pragma once

#include "src/image/image.h"
#include "src/rectify/text/text_lines.h"

namespace peel {

// What speaks for lines of text that run across a bilevel page, and for which side of them is up.
struct DirectionEvidence {
  TextLines text;
  // Of lines with small letters: ink above less ink below the middle letters' height, as a share of
  // both; its mean over the lines and how many standard errors that is from 0.
  double ascent = 0, ascent_errors = 0;
  int lines = 0;  // that could be judged
  // Pairs of neighbouring lines that begin at the same place but do not end so, and the other way.
  int left_pairs = 0, right_pairs = 0;
};

DirectionEvidence MeasureDirection(ImageView<const uint8_t> bilevel);

}  // namespace peel
