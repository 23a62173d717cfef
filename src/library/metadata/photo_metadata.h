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
// prints for the tags named beside them, the first that says anything; the order is that of the
// Metadata Working Group's guidance (Guidelines for Handling Image Metadata 2.0) where it knows a
// field, as exiftool's MWG composite tags have it. docs/internals/photo-metadata.md has it all.
struct PhotoMetadata {
  std::string format;         // "jpeg", "png", "webp", "gif", "tiff", "bmp", "heic", "avif", "jxl",
                              // "raw"
  int width = 0, height = 0;  // as stored; orientation 5 to 8 swap them for display
  int orientation = 1;  // 1 to 8: HEIC's, AVIF's and JPEG XL's own turn, else EXIF's, else XMP's
  // "2024-05-01T12:30:05" or with ".123": the camera's clock. A day without a time has midnight's.
  // EXIF DateTimeOriginal, IPTC DateCreated, XMP exif:DateTimeOriginal, photoshop:DateCreated; else
  // when it became a file: EXIF DateTimeDigitized, XMP exif:DateTimeDigitized, xmp:CreateDate
  std::string taken_at;
  std::string taken_offset;  // "+02:00", of the same tag; empty: not known
  std::string make, model;   // EXIF, XMP tiff:
  // EXIF LensModel, the maker's notes, XMP exifEX:LensModel, aux:Lens; else its range,
  // "18-55mm f/3.5-5.6", by the notes or EXIF LensSpecification
  std::string lens;
  // EXIF, XMP exif:. Of aperture and exposure time else the APEX values. 0 is not known.
  std::optional<double> focal_mm, focal35_mm, aperture, exposure_s;
  std::optional<int64_t> iso;              // EXIF PhotographicSensitivity (ISO), XMP
  std::optional<bool> flash;               // whether it fired: EXIF, XMP
  std::optional<double> gps_lat, gps_lon;  // degrees, north and east positive; both or none
  std::optional<double> gps_alt;           // metres above the sea
  std::string title;                       // XMP dc:title, IPTC ObjectName, EXIF XPTitle, PNG
  // EXIF ImageDescription, XMP dc:description and IPTC Caption, PNG. IPTC comes before XMP where
  // Photoshop's digest says that it has been changed since.
  std::string description;
  std::vector<std::string> keywords;  // XMP dc:subject and IPTC Keywords likewise, EXIF XPKeywords
  std::optional<int> rating;          // -1 (rejected) to 5: XMP xmp:Rating, EXIF
  std::string label;                  // a colour in words, as the program wrote it: XMP xmp:Label
  // EXIF Artist, IPTC By-line, XMP dc:creator; several by "; ".
  std::string creator;
  std::string copyright;  // EXIF Copyright, IPTC CopyrightNotice, XMP dc:rights
  std::string software;   // EXIF Software, XMP xmp:CreatorTool, PNG
  // The ICC profile's own description, else what a tag or code points name: "sRGB", "Display P3",
  // "Adobe RGB" …
  std::string color_profile;
  int bit_depth = 8;          // of a sample
  bool is_animated = false;   // more than one frame shown in time
  bool motion_photo = false;  // a film behind the still (Google's and Samsung's ways)
  // Apple's maker notes ContentIdentifier: the same in a live photo's still and its film.
  std::string content_identifier;
  std::string warning;  // what was damaged and passed over, as a sentence
};

// Reads no more of the file than its headers need (GIF has none that tell its frames: it is read up
// to the second). Work is bounded whatever the file says: 32 MiB, 100,000 calls, 200,000 boxes,
// chunks and XML elements, 100 directories; beyond that the rest is left out and the warning says
// so. Errors name no file: kCorrupt (not even a size can be told), kUnsupported (no picture, or a
// format that is not known), kIo. Any thread.
Result<PhotoMetadata> ReadPhotoMetadata(const SourceFile& file);

}  // namespace peel::library
