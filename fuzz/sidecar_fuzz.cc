#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "src/base/utf8.h"
#include "src/library/metadata/sidecar_facts.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

// An XMP sidecar, laid over a picture that says something itself. What comes out keeps to
// photo_metadata.h, and what the file alone may say stays.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto facts = peel::library::ReadSidecar(std::span<const uint8_t>(data, size));
  if (!facts.ok()) {
    Check(facts.status().code() == peel::StatusCode::kCorrupt);
    return 0;
  }
  peel::library::PhotoMetadata photo;
  photo.orientation = 6;
  photo.gps_lat = photo.gps_lon = photo.gps_alt = 1;
  photo.keywords = {"a"};
  peel::library::ApplySidecar(*facts, &photo);
  Check(photo.orientation == 6 && !photo.keywords.empty());
  Check(photo.gps_lat.has_value() && photo.gps_lon.has_value());
  Check(std::abs(*photo.gps_lat) <= 90 && std::abs(*photo.gps_lon) <= 180);
  if (photo.gps_alt) Check(std::isfinite(*photo.gps_alt));
  if (photo.rating) Check(*photo.rating >= -1 && *photo.rating <= 5);
  Check(photo.taken_at.empty() || (photo.taken_at.size() >= 19 && photo.taken_at[10] == 'T'));
  for (const auto& number : {photo.focal_mm, photo.focal35_mm, photo.aperture, photo.exposure_s}) {
    if (number) Check(std::isfinite(*number) && *number > 0);
  }
  for (const auto* text : {&photo.title, &photo.description, &photo.label, &photo.creator,
                           &photo.copyright, &photo.make, &photo.model, &photo.lens}) {
    Check(peel::IsUtf8(*text));
  }
  for (const auto& word : photo.keywords) Check(peel::IsUtf8(word) && !word.empty());
  return 0;
}
