#pragma once

#include <string>

#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// How the stored pixels must be turned, 1 to 8: by the EXIF block, else by the XMP packet, else 1.
int OrientationOf(const Metadata& metadata);

// Gives a decoded picture what its file says beside its pixels, which are in it already, as are
// orientation, was_grey and was_cmyk; where options.keep_metadata is off the focal length alone.
// - A grey profile becomes one for RGB with the same curve where all pixels are grey. Any other
//   profile that does not fit RGB pixels is left out, and the picture's warning says so.
// - The resolution is EXIF's where the file has no other; its sides are swapped where the pixels
//   were turned.
void AdoptMetadata(Metadata found, const DecodeOptions& options, Picture* picture);

// The metadata that still holds for an RGB or RGBA picture of this size made from `source`, which
// has been turned upright: ICC and resolution kept, EXIF, XMP and IPTC brought up to date
// (codec/exif.h, codec/xmp.h, codec/iptc.h) or left out.
Metadata MetadataForOutput(const Metadata& source, int width, int height);

// Makes it fit into a file of this format: JPEG holds no more than 64 KB of EXIF, WebP and AVIF no
// IPTC records, and a resolution in EXIF alone, GIF nothing. What was left out, as a sentence for
// the user; empty where nothing was.
std::string FitMetadata(Format format, Metadata* metadata);

}  // namespace peel
