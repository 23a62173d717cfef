#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "src/library/metadata/photo_facts.h"

namespace peel::library {
namespace {

// The order of photo_metadata.h: the first that says anything.
template <typename T>
T FirstOf(T a, T b, T c = {}, T d = {}) {
  if (a != T()) return a;
  if (b != T()) return b;
  if (c != T()) return c;
  return d;
}

// IPTC cuts texts off; what another program wrote later into the same words is the whole of it.
bool IsCutOff(const std::string& iptc, const std::string& xmp, size_t limit) {
  return iptc.size() >= limit && xmp.size() > iptc.size() && xmp.starts_with(iptc);
}

bool IsPlace(const Facts& facts) {
  return facts.gps_lat && facts.gps_lon && *facts.gps_lat >= -90 && *facts.gps_lat <= 90 &&
         *facts.gps_lon >= -180 && *facts.gps_lon <= 180;
}

void MergeTimes(PhotoFacts& facts, PhotoMetadata* out) {
  const auto take = [&](std::string& at, std::string& offset) {
    if (!out->taken_at.empty() || at.empty()) return;
    out->taken_at = std::move(at);
    out->taken_offset = std::move(offset);
  };
  take(facts.exif.taken_at, facts.exif.taken_offset);
  take(facts.iptc.taken_at, facts.iptc.taken_offset);
  take(facts.xmp.taken_at, facts.xmp.taken_offset);
  take(facts.exif.digitized_at, facts.exif.digitized_offset);
  take(facts.xmp.digitized_at, facts.xmp.digitized_offset);
}

void MergeTexts(PhotoFacts& facts, PhotoMetadata* out) {
  Facts &exif = facts.exif, &xmp = facts.xmp, &iptc = facts.iptc, &text = facts.text;
  out->title = FirstOf(xmp.title, iptc.title, exif.title, text.title);
  // XMP is the younger where Photoshop's digest says that IPTC has not been touched since.
  const bool iptc_first = facts.iptc_digest == PhotoFacts::IptcDigest::kOther;
  constexpr size_t kMaxCaption = 2000, kMaxKeyword = 64;
  const bool caption_first =
      iptc_first && !IsCutOff(iptc.description, xmp.description, kMaxCaption);
  out->description = FirstOf(exif.description, caption_first ? iptc.description : xmp.description,
                             caption_first ? xmp.description : iptc.description, text.description);
  if (iptc_first && iptc.keywords.size() == xmp.keywords.size()) {
    for (size_t i = 0; i < iptc.keywords.size(); ++i) {
      if (IsCutOff(iptc.keywords[i], xmp.keywords[i], kMaxKeyword)) {
        iptc.keywords[i] = xmp.keywords[i];
      }
    }
  }
  out->creator = FirstOf(exif.creator, iptc_first ? iptc.creator : xmp.creator,
                         iptc_first ? xmp.creator : iptc.creator);
  out->copyright = FirstOf(exif.copyright, iptc_first ? iptc.copyright : xmp.copyright,
                           iptc_first ? xmp.copyright : iptc.copyright);
  out->label = xmp.label;
  out->keywords = FirstOf(iptc_first ? iptc.keywords : xmp.keywords,
                          iptc_first ? xmp.keywords : iptc.keywords, exif.keywords);
}

}  // namespace

void FillFrom(const Facts& other, Facts* facts) {
  const auto fill = [&](auto member) {
    if (facts->*member == std::remove_reference_t<decltype(facts->*member)>()) {
      facts->*member = other.*member;
    }
  };
  if (facts->taken_at.empty()) facts->taken_offset = other.taken_offset;
  if (facts->digitized_at.empty()) facts->digitized_offset = other.digitized_offset;
  for (const auto member :
       {&Facts::taken_at, &Facts::digitized_at, &Facts::make, &Facts::model, &Facts::lens,
        &Facts::lens_range, &Facts::title, &Facts::description, &Facts::label, &Facts::creator,
        &Facts::copyright, &Facts::software, &Facts::color_profile, &Facts::content_identifier}) {
    fill(member);
  }
  for (const auto member :
       {&Facts::focal_mm, &Facts::focal35_mm, &Facts::aperture, &Facts::exposure_s}) {
    fill(member);
  }
  if (!facts->gps_lat || !facts->gps_lon) {
    facts->gps_lat = other.gps_lat;
    facts->gps_lon = other.gps_lon;
    facts->gps_alt = other.gps_alt;
  }
  fill(&Facts::orientation);
  fill(&Facts::iso);
  fill(&Facts::flash);
  fill(&Facts::keywords);
  fill(&Facts::rating);
}

PhotoMetadata MergeFacts(PhotoFacts facts) {
  PhotoMetadata out;
  Facts &exif = facts.exif, &xmp = facts.xmp;
  out.format = std::move(facts.format);
  out.width = facts.width;
  out.height = facts.height;
  out.bit_depth = facts.bit_depth;
  out.is_animated = facts.is_animated;
  out.motion_photo = facts.motion_photo || xmp.motion_photo;
  out.orientation = FirstOf(facts.turn, exif.orientation, xmp.orientation).value_or(1);
  MergeTimes(facts, &out);
  MergeTexts(facts, &out);
  out.content_identifier = std::move(exif.content_identifier);
  out.make = FirstOf(exif.make, xmp.make);
  out.model = FirstOf(exif.model, xmp.model);
  out.lens = FirstOf(exif.lens, xmp.lens, exif.lens_range);
  out.focal_mm = FirstOf(exif.focal_mm, xmp.focal_mm);
  out.focal35_mm = FirstOf(exif.focal35_mm, xmp.focal35_mm);
  out.aperture = FirstOf(exif.aperture, xmp.aperture);
  out.exposure_s = FirstOf(exif.exposure_s, xmp.exposure_s);
  out.iso = FirstOf(exif.iso, xmp.iso);
  out.flash = exif.flash ? exif.flash : xmp.flash;
  const Facts* const place = IsPlace(exif) ? &exif : IsPlace(xmp) ? &xmp : nullptr;
  if (place != nullptr) {
    out.gps_lat = place->gps_lat;
    out.gps_lon = place->gps_lon;
    out.gps_alt = place->gps_alt;
  }
  out.rating = xmp.rating ? xmp.rating : exif.rating;
  out.software = FirstOf(exif.software, xmp.software, facts.text.software);
  out.color_profile =
      FirstOf(facts.icc_name, facts.colours_named, exif.color_profile, xmp.color_profile);
  return out;
}

}  // namespace peel::library
