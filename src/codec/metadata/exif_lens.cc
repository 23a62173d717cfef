#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/exif_block.h"

namespace peel {
namespace {

using namespace exif;  // NOLINT(google-build-using-namespace): this file is its insides

// Of 36 x 24 mm.
constexpr double kFilmDiagonal = 43.266615;
// What a lens may have in the picture's diagonals: from a fisheye's to a telescope's.
constexpr double kLeast = 0.1, kMost = 100;
// How far the sides' proportions may be from those of what was taken: roundings of thumbnails.
constexpr double kSameShape = 0.02;

std::span<uint8_t> WithoutPrefix(std::span<uint8_t> exif) {
  if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) return exif.subspan(6);
  return exif;
}

// Calls f with the entries of the EXIF directory.
template <typename F>
void ForEachExifEntry(const Block& block, F&& f) {
  if (!block.valid() || !block.Table(block.Get32(4))) return;
  size_t directory = 0;
  block.ForEach(block.Get32(4), [&](const Entry& entry) {
    if (entry.tag == kExifDirectory) directory = block.Number(entry).value_or(0);
  });
  if (block.Table(directory)) block.ForEach(directory, f);
}

double RationalOf(const Block& block, const Entry& entry) {
  const auto at = block.RationalAt(entry);
  const uint32_t below = at ? block.Get32(*at + 4) : 0;
  return below != 0 ? static_cast<double>(block.Get32(*at)) / below : 0;
}

// Millimetres of the focal plane's unit; 0: there is none.
double UnitInMillimetres(uint32_t unit) {
  switch (unit) {
    case kInch:
      return 25.4;
    case kCentimetre:
      return 10;
    case 4:
      return 1;
    case 5:
      return 1e-3;
    default:
      return 0;
  }
}

struct Lens {
  double length_mm = 0, equivalent_mm = 0;
  double sensor_pixels = 0;  // a unit
  uint32_t unit = kInch;
  double width = 0, height = 0;  // of what was taken
};

}  // namespace

double ExifFocalLength(std::span<const uint8_t> exif, int width, int height) {
  // Only read through; the one class serves reading and patching.
  const Block block(WithoutPrefix({const_cast<uint8_t*>(exif.data()), exif.size()}));
  Lens lens;
  ForEachExifEntry(block, [&](const Entry& entry) {
    if (entry.tag == kFocalLength) lens.length_mm = RationalOf(block, entry);
    if (entry.tag == kFocalLength35mm) lens.equivalent_mm = block.Number(entry).value_or(0);
    if (entry.tag == kFocalPlaneXResolution) lens.sensor_pixels = RationalOf(block, entry);
    if (entry.tag == kFocalPlaneUnit) lens.unit = block.Number(entry).value_or(0);
    if (entry.tag == kPixelXDimension) lens.width = block.Number(entry).value_or(0);
    if (entry.tag == kPixelYDimension) lens.height = block.Number(entry).value_or(0);
  });
  if (width < 1 || height < 1) return 0;
  const double longer = std::max(width, height), shorter = std::min(width, height);
  const double taken = std::max(lens.width, lens.height);
  if (taken > 0 && std::min(lens.width, lens.height) > 0) {
    const double shape = taken / std::min(lens.width, lens.height);
    if (std::abs(shape * shorter / longer - 1) > kSameShape) return 0;
  }
  const double diagonal = std::hypot(width, height);
  double focal = lens.equivalent_mm / kFilmDiagonal * diagonal;
  if (focal <= 0) {
    focal = lens.length_mm * lens.sensor_pixels;
    const double unit = UnitInMillimetres(lens.unit);
    focal = unit > 0 ? focal / unit * (taken > 0 ? longer / taken : 1) : 0;
  }
  return focal >= kLeast * diagonal && focal <= kMost * diagonal ? focal : 0;
}

void ForgetFocalLength(std::span<uint8_t> exif) {
  Block block(WithoutPrefix(exif));
  ForEachExifEntry(block, [&](const Entry& entry) {
    // EXIF's own words for unknown, and for a resolution without a unit.
    if (entry.tag == kFocalLength35mm) block.MakeShort(entry, 0);
    if (entry.tag == kFocalPlaneUnit) block.MakeShort(entry, kNoUnit);
  });
}

}  // namespace peel
