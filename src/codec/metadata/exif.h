#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/codec/resolution.h"

namespace peel {

// Both take the TIFF structure of an EXIF block (with or without "Exif\0\0" before it), written by
// anybody: every offset and count is checked, nothing is followed twice.

// Tag 0x0112 of the first directory, 1 to 8; 0 where it is missing or anything else.
int ExifOrientation(std::span<const uint8_t> exif);

// XResolution, YResolution and their unit of the first directory; nothing where one is missing.
Resolution ExifResolution(std::span<const uint8_t> exif);

// The focal length in pixels of a picture of this size (either way round), which is the whole of
// what the camera took: from the equivalent for 35 mm film by the diagonals (CIPA DCG-001), else
// from the focal length and the sensor's pixels. 0 where the block does not tell, and where it
// tells of a picture of other proportions, of which this one is a part.
double ExifFocalLength(std::span<const uint8_t> exif, int width, int height);

// Makes the above unknown, for a picture that a camera did not see like this.
void ForgetFocalLength(std::span<uint8_t> exif);

// The block as it may accompany a picture that has been turned upright and has this size now:
// orientation 1, size tags updated, resolution tags too where there are such and it is known, the
// second directory and its thumbnail (which shows the picture as it was) taken out and wiped as far
// as nothing else lies there, all else in its place, so that maker notes keep their offsets. Empty
// when the first directory cannot be read.
std::vector<uint8_t> UpdateExif(std::span<const uint8_t> exif, int width, int height,
                                const Resolution& resolution = {});

// A block that says a resolution and nothing else; empty where it has no unit.
std::vector<uint8_t> ExifOfResolution(const Resolution& resolution);

// A block of at most max_bytes that holds what it can of a larger one: without the second
// directory, maker notes (they point to places that are no more) and, as far as need be, its
// largest values. `left_out` says which, in words for the user. Empty when nothing is left.
std::vector<uint8_t> ShrinkExif(std::span<const uint8_t> exif, size_t max_bytes,
                                std::string* left_out);

// What a TIFF file says in EXIF's tags, of the first directory and the EXIF and GPS directories
// below it, as a block of its own; empty where there is nothing, and for BigTIFF.
std::vector<uint8_t> ExifFromTiff(std::span<const uint8_t> tiff);
// The IPTC records of its first directory, as they stand: of their own tag, else of the tag that
// holds Photoshop's resources.
std::vector<uint8_t> IptcFromTiff(std::span<const uint8_t> tiff);

}  // namespace peel
