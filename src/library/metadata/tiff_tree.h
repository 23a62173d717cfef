#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/library/metadata/header_reader.h"

namespace peel::library {

// A value of a directory; where it lies is an offset of the reader's part.
struct TiffEntry {
  uint16_t tag = 0;
  uint16_t type = 0;
  uint64_t count = 0;
  uint64_t at = 0;
};

// Reads the directories of what is built like a TIFF: EXIF blocks, TIFF and BigTIFF, the raw files
// of most cameras, and (without a header) maker notes. Offsets and counts are checked where they
// are used; a directory is read once, however often others point to it.
class TiffReader {
 public:
  // With a header of its own: "II*\0", "MM\0*", BigTIFF's, and those of Olympus' and Panasonic's
  // raw files. Nothing where there is none.
  static std::optional<TiffReader> Open(Part part);
  // Without: offsets count from the part's beginning.
  TiffReader(Part part, bool little_endian, bool big_tiff = false)
      : part_(part), little_(little_endian), big_(big_tiff) {}

  uint64_t first() const { return first_; }
  bool little_endian() const { return little_; }
  const Part& part() const { return part_; }

  // The entries of a directory, and where the one behind it lies (0: none). Nothing where it does
  // not lie within the part or has been read before. Entries whose values lie outside are left
  // out, with a warning.
  std::optional<std::vector<TiffEntry>> Read(uint64_t directory, uint64_t* next = nullptr);

  // Element `index` of a number of any type; nothing where it is none, or not finite.
  std::optional<double> Number(const TiffEntry& entry, uint64_t index = 0) const;
  std::optional<int64_t> Integer(const TiffEntry& entry, uint64_t index = 0) const;
  // The bytes of a value, up to `most` of them.
  std::span<const uint8_t> Bytes(const TiffEntry& entry, uint64_t most) const;
  // CleanText of a value of ASCII (or of bytes, as some write it).
  std::string Text(const TiffEntry& entry) const;

  static uint64_t TypeBytes(uint16_t type);

 private:
  uint64_t Get(std::span<const uint8_t> bytes, size_t at, size_t size) const;

  Part part_;
  bool little_ = true;
  bool big_ = false;
  uint64_t first_ = 0;
  std::vector<uint64_t> seen_;
};

}  // namespace peel::library
