#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// kAuto: as IsTextPage says, kColour for pages and kNone for everything else.
enum class Enhancement { kNone, kAuto, kColour, kGrey, kBilevel };

// A straightened page (3 or 4 channels, 8 or 16 bits; alpha is kept) made legible: light and shadow
// evened out (the paper becomes white), its colour cast removed, what shines through weakened.
// kGrey gives 1 channel (2 with alpha), kBilevel 1 channel of 0 and 255 by Sauvola's threshold over
// integral images (Sauvola & Pietikäinen 2000; Shafait, Keysers & Breuel 2008).
Result<ImageU8> Enhance(ImageView<const uint8_t> page, Enhancement how, ThreadPool* pool);
Result<ImageU16> Enhance(ImageView<const uint16_t> page, Enhancement how, ThreadPool* pool);

// Whether it is paper with writing on it, and not a photograph.
bool IsTextPage(ImageView<const uint8_t> page, ThreadPool* pool);

}  // namespace peel
