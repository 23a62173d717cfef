#pragma once

#include "src/codec/picture.h"

namespace peel {

// How the stored pixels must be turned, 1 to 8: by the EXIF block, else by the XMP packet, else 1.
int OrientationOf(const Metadata& metadata);

// The metadata that still holds for an RGB or RGBA picture of this size made from `source`, which
// has been turned upright: ICC kept, EXIF and XMP brought up to date (codec/exif.h) or left out.
Metadata MetadataForOutput(const Metadata& source, int width, int height);

}  // namespace peel
