#include "src/library/metadata/sidecar_facts.h"

#include <string_view>

#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

template <typename T>
void Take(const T& said, T* value) {
  if (said != T()) *value = said;
}

template <typename T>
void Fill(const T& said, T* value) {
  if (*value == T()) *value = said;
}

bool IsPlace(const Facts& facts) {
  return facts.gps_lat && facts.gps_lon && *facts.gps_lat >= -90 && *facts.gps_lat <= 90 &&
         *facts.gps_lon >= -180 && *facts.gps_lon <= 180;
}

// Programs copy the file's time without its fraction or offset; then the file's own says more.
void TakeTime(const Facts& sidecar, PhotoMetadata* metadata) {
  if (sidecar.taken_at.empty()) return;
  const bool is_same = metadata->taken_at.starts_with(sidecar.taken_at);
  if (!is_same) metadata->taken_at = sidecar.taken_at;
  if (!is_same || !sidecar.taken_offset.empty()) metadata->taken_offset = sidecar.taken_offset;
}

}  // namespace

Result<Facts> ReadSidecar(std::span<const uint8_t> bytes) {
  if (bytes.size() > kLargestSidecar) {
    return Corrupt("is larger than " + std::to_string(kLargestSidecar >> 20) +
                   " MiB, which no sidecar is");
  }
  HeaderReader reader(bytes);
  Facts facts;
  const bool has_rdf =
      ReadXmp({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, &reader, &facts);
  if (!reader.warning().empty()) return Corrupt("is damaged: it is no well-formed XML to its end");
  if (!has_rdf) return Corrupt("holds no XMP");
  return facts;
}

void ApplySidecar(const Facts& sidecar, PhotoMetadata* metadata) {
  Take(sidecar.rating, &metadata->rating);
  Take(sidecar.label, &metadata->label);
  Take(sidecar.title, &metadata->title);
  Take(sidecar.description, &metadata->description);
  Take(sidecar.keywords, &metadata->keywords);
  Take(sidecar.creator, &metadata->creator);
  Take(sidecar.copyright, &metadata->copyright);
  TakeTime(sidecar, metadata);
  if (IsPlace(sidecar)) {
    metadata->gps_lat = sidecar.gps_lat;
    metadata->gps_lon = sidecar.gps_lon;
    metadata->gps_alt = sidecar.gps_alt;
  }
  if (metadata->taken_at.empty()) {
    metadata->taken_at = sidecar.digitized_at;
    metadata->taken_offset = sidecar.digitized_offset;
  }
  Fill(sidecar.make, &metadata->make);
  Fill(sidecar.model, &metadata->model);
  Fill(sidecar.lens, &metadata->lens);
  Fill(sidecar.focal_mm, &metadata->focal_mm);
  Fill(sidecar.focal35_mm, &metadata->focal35_mm);
  Fill(sidecar.aperture, &metadata->aperture);
  Fill(sidecar.exposure_s, &metadata->exposure_s);
  Fill(sidecar.iso, &metadata->iso);
  Fill(sidecar.flash, &metadata->flash);
}

}  // namespace peel::library
