#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/library/metadata/photo_facts.h"
#include "src/library/metadata/photo_text.h"
#include "src/library/metadata/tiff_tree.h"

namespace peel::library {

// Gathers what EXIF's directories say (CIPA DC-008, Exif 2.32) in any order and from any number of
// blocks: of a JPEG one, of Canon's CR3 one a directory. The first of two values stays.
class ExifGatherer {
 public:
  // The first directory, and those that it points to.
  void TakeTree(TiffReader* tiff, uint64_t directory);
  // The entries of a directory that has been read; `pointers` says whether the EXIF and GPS
  // directories that they name are read too.
  void TakeEntries(TiffReader* tiff, const std::vector<TiffEntry>& entries, bool pointers);
  void TakeGps(TiffReader* tiff, uint64_t directory);
  // Canon's maker notes where they lie outside of the EXIF directory.
  void TakeCanonNotes(TiffReader* tiff, uint64_t directory);

  const std::string& make() const { return facts_.make; }
  // The size that EXIF itself tells, 0 where it does not.
  int exif_width() const { return exif_width_; }
  int exif_height() const { return exif_height_; }

  // All of it; nothing is left behind. Maker notes are read now, when the make is known.
  Facts Finish();

 private:
  struct Note {
    TiffReader tiff;
    TiffEntry entry;
  };

  void TakeEntry(TiffReader* tiff, const TiffEntry& entry, bool pointers);
  void TakeNumber(const TiffReader& tiff, const TiffEntry& entry);
  void TakeText(const TiffReader& tiff, const TiffEntry& entry);

  Facts facts_;
  Moment taken_, digitized_;
  std::string taken_subseconds_, digitized_subseconds_;
  std::string taken_offset_, digitized_offset_;
  std::optional<double> aperture_apex_, shutter_apex_;
  std::optional<int64_t> iso_recommended_, colour_space_;
  std::string interop_;
  std::string named_lens_, note_lens_, note_range_;
  std::optional<Note> note_;
  int exif_width_ = 0, exif_height_ = 0;
};

// An EXIF block with its TIFF header, with or without "Exif\0\0" before it. A warning where it is
// none.
void ReadExif(Part block, Facts* facts);

}  // namespace peel::library
