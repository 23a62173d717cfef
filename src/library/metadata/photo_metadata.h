#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/os/source_file.h"
#include "src/base/status.h"

namespace peel::library {

// What a picture's file says of itself, from its headers alone. Text is UTF-8, trimmed, without
// control characters; empty, or nothing, where the file does not say. Values are what `exiftool -n`
// prints for the tag named beside them.
struct PhotoMetadata {
  std::string format;         // FormatName (codec/sniff.h): "jpeg", "png", "heic" …
  int width = 0, height = 0;  // as stored; orientation 5 to 8 swap them for display
  int orientation = 1;        // 1 to 8 (EXIF's, else XMP's)
  std::string taken_at;       // "2024-05-01T12:30:05" or with ".123": the camera's clock
  std::string taken_offset;   // "+02:00"; empty: not known
  std::string make, model, lens;
  std::optional<double> focal_mm, focal35_mm, aperture, exposure_s;
  std::optional<int64_t> iso;
  std::optional<bool> flash;               // whether it fired
  std::optional<double> gps_lat, gps_lon;  // degrees, north and east positive; both or none
  std::optional<double> gps_alt;           // metres above the sea
  std::string title, description;
  std::vector<std::string> keywords;
  std::optional<int> rating;  // -1 (rejected) to 5
  std::string software;
  std::string color_profile;  // the ICC profile's own description, else "sRGB" where a tag says so
  int bit_depth = 8;          // of a sample
  bool is_animated = false;   // more than one frame shown in time
  bool motion_photo = false;  // a film behind the still (Google's and Samsung's ways)
  std::string warning;        // what was damaged and passed over, as a sentence
};

// Reads no more of the file than its headers need. Errors name no file: kCorrupt, kUnsupported
// (no picture, or a format that is not known), kIo.
Result<PhotoMetadata> ReadPhotoMetadata(const SourceFile& file);

}  // namespace peel::library
