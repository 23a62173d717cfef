#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "src/base/utf8.h"
#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/photo_text.h"
#include "src/library/metadata/read_headers.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

void CheckText(const std::string& text) {
  Check(peel::IsUtf8(text));
  for (const char c : text) Check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  Check(text.empty() || (text.front() != ' ' && text.back() != ' '));
}

}  // namespace

// The headers of every format. What comes out keeps to photo_metadata.h.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::library::HeaderReader reader(std::span<const uint8_t>(data, size));
  const auto photo = peel::library::ReadHeaders(&reader);
  if (!photo.ok()) {
    const auto code = photo.status().code();
    Check(code == peel::StatusCode::kCorrupt || code == peel::StatusCode::kUnsupported);
    return 0;
  }
  Check(photo->width > 0 && photo->height > 0);
  Check(photo->orientation >= 1 && photo->orientation <= 8);
  Check(photo->gps_lat.has_value() == photo->gps_lon.has_value());
  if (photo->gps_lat) Check(std::abs(*photo->gps_lat) <= 90 && std::abs(*photo->gps_lon) <= 180);
  if (photo->rating) Check(*photo->rating >= -1 && *photo->rating <= 5);
  for (const auto& number :
       {photo->focal_mm, photo->focal35_mm, photo->aperture, photo->exposure_s}) {
    if (number) Check(std::isfinite(*number) && *number > 0);
  }
  if (photo->gps_alt) Check(std::isfinite(*photo->gps_alt));
  if (photo->iso) Check(*photo->iso > 0);
  Check(photo->taken_at.empty() || (photo->taken_at.size() >= 19 && photo->taken_at[10] == 'T'));
  Check(photo->taken_offset.empty() || photo->taken_offset.size() == 6);
  for (const auto* text : {&photo->make, &photo->model, &photo->lens, &photo->title,
                           &photo->description, &photo->label, &photo->creator, &photo->copyright,
                           &photo->software, &photo->color_profile, &photo->content_identifier}) {
    CheckText(*text);
  }
  for (const auto& word : photo->keywords) {
    CheckText(word);
    Check(!word.empty());
  }
  return 0;
}
