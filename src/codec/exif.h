#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace peel {

// Both take the TIFF structure of an EXIF block (with or without "Exif\0\0" before it), written by
// anybody: every offset and count is checked, nothing is followed twice.

// Tag 0x0112 of the first directory, 1 to 8; 0 where it is missing or anything else.
int ExifOrientation(std::span<const uint8_t> exif);

// tiff:Orientation of an XMP packet; 0 where there is none.
int XmpOrientation(std::span<const uint8_t> xmp);

// The block as it may accompany a picture that has been turned upright and has this size now:
// orientation 1, size tags updated, the thumbnail (which shows the picture as it was) wiped, all
// else in its place, so that maker notes keep their offsets. Empty when the block cannot be read.
std::vector<uint8_t> UpdateExif(std::span<const uint8_t> exif, int width, int height);

// What a TIFF file says in EXIF's tags, of the first directory and the EXIF and GPS directories
// below it, as a block of its own; empty where there is nothing, and for BigTIFF.
std::vector<uint8_t> ExifFromTiff(std::span<const uint8_t> tiff);

// The packet with tiff:Orientation 1. Empty when it holds what is no longer true of an edited
// picture and cannot be patched: thumbnails, gain maps, depth maps and other embedded pictures.
std::vector<uint8_t> UpdateXmp(std::span<const uint8_t> xmp);

}  // namespace peel
