#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/library/metadata/tiff_tree.h"

namespace peel::library {

// The lens as a camera's own notes tell it: by its name, or by focal lengths and apertures
// (LensRange). Numbers that stand for a lens by a maker's table are not read. The layouts are those
// that exiftool's tag tables document.
struct MakerLens {
  std::string name, range;
};

// Of the notes of Canon, Nikon, Sony, Fujifilm, Panasonic and Olympus (OM System); empty for
// others. note: the MakerNote entry of `tiff`'s block, in which most makers' offsets count from the
// block's beginning.
MakerLens LensOfMakerNote(const TiffReader& tiff, const TiffEntry& note, std::string_view make);

// What Apple writes into a still and its film alike, of which the two are known again: a UUID.
// Empty where the notes are not Apple's or have none. note: as above.
std::string ContentIdentifierOfMakerNote(const TiffReader& tiff, const TiffEntry& note);

// Canon's directory itself.
MakerLens CanonLens(TiffReader* tiff, uint64_t directory);

}  // namespace peel::library
