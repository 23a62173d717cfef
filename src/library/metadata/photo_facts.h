#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/library/metadata/photo_metadata.h"

namespace peel::library {

// What one of a file's blocks (EXIF, XMP, IPTC, the format's own texts) says. Members are as
// PhotoMetadata's; empty, or nothing, where it does not say.
struct Facts {
  std::optional<int> orientation;
  std::string taken_at, taken_offset;          // when the shutter opened
  std::string digitized_at, digitized_offset;  // when it became a file: for scans and some cameras
  std::string make, model, lens;
  std::string lens_range;  // "18-55mm f/3.5-5.6", where the lens has no name
  std::optional<double> focal_mm, focal35_mm, aperture, exposure_s;
  std::optional<int64_t> iso;
  std::optional<bool> flash;
  std::optional<double> gps_lat, gps_lon, gps_alt;
  std::string title, description;
  std::string label;               // of a colour, in words: "Red"
  std::string creator, copyright;  // several creators by "; "
  std::vector<std::string> keywords;
  std::optional<int> rating;
  std::string software;
  std::string color_profile;
  std::string content_identifier;
  bool motion_photo = false;
};

// Everything that was found in one file, before it is decided who is right.
struct PhotoFacts {
  std::string format;
  int width = 0, height = 0, bit_depth = 8;
  bool is_animated = false;
  bool motion_photo = false;
  // Of a format whose own turn counts and not EXIF's (HEIC, AVIF, JPEG XL).
  std::optional<int> turn;
  std::string icc_name;       // the ICC profile's description
  std::string colours_named;  // by a tag or code points
  Facts exif, xmp, iptc, text;
  // What Photoshop noted when it last wrote XMP and IPTC alike (MWG guidance 2.0, 3.3.2).
  enum class IptcDigest : uint8_t { kNone, kSame, kOther } iptc_digest = IptcDigest::kNone;
};

// What `facts` does not say, as `other` says it.
void FillFrom(const Facts& other, Facts* facts);

// Decides by the order that photo_metadata.h tells.
PhotoMetadata MergeFacts(PhotoFacts facts);

}  // namespace peel::library
