#pragma once

#include <cstdint>

#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

struct ReadingDirection {
  int turn = 0;           // degrees to turn the page clockwise until it is upright: 0, 90, 180, 270
  double confidence = 0;  // 0 to 1; where it is below kCertainTurn, turn is 0
};
inline constexpr double kCertainTurn = 0.8;

// From the lines of text on a straightened page (1, 3 or 4 channels): which way they run, to which
// side of them letters reach farther (Latin script has more ascenders than descenders), and at
// which end they are aligned. The confidence is 0 where there is no text, and for other channels.
// Pages in scripts that run from right to left may be told to be upside down if they lie on their
// side.
ReadingDirection FindReadingDirection(ImageView<const uint8_t> page, ThreadPool* pool);

}  // namespace peel
