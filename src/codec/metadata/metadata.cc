#include "src/codec/metadata/metadata.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "src/base/sentences.h"
#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/iptc.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/metadata/xmp.h"

namespace peel {
namespace {

// EXIF in a JPEG: a segment's 65533 bytes less "Exif\0\0".
constexpr size_t kMaxJpegExif = 65527;

// But for the roundings of lossy formats.
template <typename T>
bool IsGrey(const Image<T>& image) {
  constexpr int kMost = sizeof(T) == 1 ? 3 : 3 * 257;
  for (int y = 0; y < image.height(); ++y) {
    const T* p = image.row(y);
    for (int x = 0; x < image.width(); ++x, p += image.channels()) {
      if (std::abs(p[0] - p[1]) > kMost || std::abs(p[2] - p[1]) > kMost) return false;
    }
  }
  return true;
}

// The profile for the picture's RGB pixels.
std::vector<uint8_t> FitIcc(std::vector<uint8_t> icc, Picture* picture) {
  if (icc.empty()) return {};
  const IccSpace space = IccColourSpace(icc);
  if (space == IccSpace::kRgb && !picture->was_cmyk) return icc;
  if (space == IccSpace::kCmyk && picture->was_cmyk) {
    picture->AddWarning(
        "its CMYK profile was not used: the colours were converted by plain arithmetic and may "
        "look different from print");
    return {};
  }
  if (space == IccSpace::kInvalid) {
    picture->AddWarning("its colour profile is damaged and was left out");
    return {};
  }
  if (space == IccSpace::kGrey) {
    const bool grey =
        picture->was_grey || std::visit([](const auto& p) { return IsGrey(p); }, picture->pixels);
    std::vector<uint8_t> rgb;
    if (grey && !picture->was_cmyk) rgb = RgbIccFromGrey(icc);
    if (!rgb.empty()) return rgb;
    if (grey) {
      picture->AddWarning("its grey profile has no curve that can be read and was left out");
      return {};
    }
  }
  const char* name = space == IccSpace::kRgb    ? "RGB"
                     : space == IccSpace::kGrey ? "grey"
                     : space == IccSpace::kCmyk ? "CMYK"
                                                : "neither RGB nor grey";
  picture->AddWarning(std::string("its colour profile is for other pixels (") + name +
                      ") and was left out");
  return {};
}

}  // namespace

int OrientationOf(const Metadata& metadata) {
  if (const int exif = ExifOrientation(metadata.exif); exif != 0) return exif;
  if (const int xmp = XmpOrientation(metadata.xmp); xmp != 0) return xmp;
  return 1;
}

void AdoptMetadata(Metadata found, const DecodeOptions& options, Picture* picture) {
  picture->metadata = {};
  picture->focal_px = ExifFocalLength(found.exif, picture->width(), picture->height());
  if (!options.keep_metadata) return;
  found.icc = FitIcc(std::move(found.icc), picture);
  found.iptc = CleanIptc(found.iptc);
  if (!found.resolution.known() || found.resolution.unit == Resolution::Unit::kNone) {
    if (const Resolution exif = ExifResolution(found.exif); exif.known()) found.resolution = exif;
  }
  if (picture->orientation_applied && OrientationSwapsSides(picture->orientation)) {
    std::swap(found.resolution.x, found.resolution.y);
  }
  picture->metadata = std::move(found);
}

Metadata MetadataForOutput(const Metadata& source, int width, int height) {
  Metadata out;
  out.icc = IccForRgb(source.icc);
  out.exif = UpdateExif(source.exif, width, height, source.resolution);
  out.xmp = UpdateXmp(source.xmp);
  out.iptc = CleanIptc(source.iptc);
  out.resolution = source.resolution;
  return out;
}

std::string FitMetadata(Format format, Metadata* metadata) {
  std::string note;
  const auto tell = [&](const std::string& text) { AddSentence(text, &note); };
  if (format == Format::kJpeg) {
    if (metadata->exif.size() > kMaxJpegExif) {
      std::string left_out;
      metadata->exif = ShrinkExif(metadata->exif, kMaxJpegExif, &left_out);
      if (metadata->exif.empty()) {
        tell("its EXIF data was left out: a JPEG holds no more than 64 KB of it");
      } else if (!left_out.empty()) {
        tell("a part of its EXIF data was left out (" + left_out +
             "): a JPEG holds no more than 64 KB of it");
      }
    }
    if (!metadata->xmp.empty() && SplitJpegXmp(metadata->xmp).empty()) {
      metadata->xmp.clear();
      tell("its XMP data was left out: it has more than 64 KB and cannot be divided for a JPEG");
    }
    if (!metadata->icc.empty() && SplitJpegIcc(metadata->icc).empty()) {
      metadata->icc.clear();
      tell("its colour profile was left out: a JPEG holds no more than 16 MB of it");
    }
  }
  if (format == Format::kWebp || format == Format::kAvif) {
    if (metadata->exif.empty()) metadata->exif = ExifOfResolution(metadata->resolution);
    if (!metadata->iptc.empty()) {
      metadata->iptc.clear();
      tell("its IPTC data was left out: " + std::string(FormatName(format)) +
           " has no place for it");
    }
  }
  if (format == Format::kGif) {
    const auto drop = [&](std::vector<uint8_t>& block, const char* name, const char* effect) {
      if (block.empty()) return;
      block.clear();
      tell("its " + std::string(name) + " was left out: GIF has no place for it" + effect);
    };
    drop(metadata->icc, "colour profile", ", and the colours may look different");
    drop(metadata->exif, "EXIF data", "");
    drop(metadata->xmp, "XMP data", "");
    drop(metadata->iptc, "IPTC data", "");
  }
  return note;
}

}  // namespace peel
