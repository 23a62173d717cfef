#pragma once

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// An animation's canvas (RGBA, 8 bits) as one frame of a picture: a copy, RGB unless it has to have
// alpha or some of it is transparent.
Result<ImageU8> CopyCanvas(const ImageU8& canvas, bool keep_alpha);

}  // namespace peel
