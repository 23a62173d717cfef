#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/jpeg/jpeg.h"
#include "src/codec/jpeg/jpeg_reader.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/iptc.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/metadata/xmp.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

// Rows decoded before they are turned or converted: a 4-channel band of a 4000-pixel-wide picture
// is half a megabyte, about what a second-level cache holds.
constexpr int kBandRows = 32;

bool StartsWith(std::span<const uint8_t> data, std::string_view text) {
  return data.size() >= text.size() && std::memcmp(data.data(), text.data(), text.size()) == 0;
}

Resolution JfifResolution(const jpeg_decompress_struct& cinfo) {
  if (!cinfo.saw_JFIF_marker) return {};
  constexpr Resolution::Unit kUnits[] = {Resolution::Unit::kNone, Resolution::Unit::kInch,
                                         Resolution::Unit::kCentimetre};
  if (cinfo.density_unit > 2) return {};
  return MakeResolution(cinfo.X_density, cinfo.Y_density, kUnits[cinfo.density_unit]);
}

// `warning` gets what is not as it should be.
Metadata CollectMetadata(const jpeg_decompress_struct& cinfo, std::string* warning) {
  Metadata metadata;
  std::vector<std::span<const uint8_t>> app1, app2, app13;
  for (const jpeg_marker_struct* m = cinfo.marker_list; m != nullptr; m = m->next) {
    const std::span<const uint8_t> data(m->data, m->data_length);
    if (m->marker == JPEG_APP0 + 1 && StartsWith(data, "Exif\0\0"sv)) {
      // A block above 64 KiB is continued in further segments.
      metadata.exif.insert(metadata.exif.end(), data.begin() + 6, data.end());
    } else if (m->marker == JPEG_APP0 + 1) {
      app1.push_back(data);
    } else if (m->marker == JPEG_APP0 + 2 && StartsWith(data, "ICC_PROFILE\0"sv)) {
      app2.push_back(data);
    } else if (m->marker == JPEG_APP0 + 13) {
      app13.push_back(data);
    }
  }
  bool complete = true;
  metadata.xmp = JoinJpegXmp(app1, &complete);
  if (!complete) *warning = "a part of its XMP data is missing";
  metadata.icc = JoinJpegIcc(app2);
  metadata.iptc = IptcFromJpeg(app13);
  metadata.resolution = JfifResolution(cinfo);
  return metadata;
}

// The largest reduction that keeps both sides of the upright picture at their minimum.
int ScaleDenominator(const DecodeOptions& options, int width, int height) {
  if (options.min_width <= 0 && options.min_height <= 0) return 1;
  for (const int denominator : {8, 4, 2}) {
    if (DivideUp(width, denominator) >= options.min_width &&
        DivideUp(height, denominator) >= options.min_height) {
      return denominator;
    }
  }
  return 1;
}

// Inverted CMYK as it stands in the file: the samples say how much of the light is left.
void CmykToRgb(const uint8_t* cmyk, int width, uint8_t* rgb) {
  const auto times = [](unsigned a, unsigned b) {
    const unsigned t = a * b + 128;
    return ((t >> 8) + t) >> 8;
  };
  for (int x = 0; x < width; ++x) {
    const unsigned k = cmyk[4 * x + 3];
    for (int c = 0; c < 3; ++c) {
      // Rounded as ink taken off white, not as light times light; the two differ by one at times.
      rgb[3 * x + c] = static_cast<uint8_t>(k - times(255u - cmyk[4 * x + c], k));
    }
  }
}

Status ReadStraight(JpegReader& reader, ImageU8& out) {
  uint8_t* rows[kBandRows];
  for (int y = 0; y < out.height(); y += kBandRows) {
    const int count = std::min(kBandRows, out.height() - y);
    for (int i = 0; i < count; ++i) rows[i] = out.row(y + i);
    PEEL_RETURN_IF_ERROR(reader.ReadRows(rows, count));
  }
  return OkStatus();
}

Status ReadInBands(JpegReader& reader, bool cmyk, int orientation, ImageU8& out) {
  const int width = static_cast<int>(reader.cinfo().output_width);
  const int height = static_cast<int>(reader.cinfo().output_height);
  PEEL_ASSIGN_OR_RETURN(ImageU8 band, ImageU8::Allocate(width, kBandRows, 3));
  ImageU8 inks;
  if (cmyk) {
    PEEL_ASSIGN_OR_RETURN(inks, ImageU8::Allocate(width, kBandRows, 4));
  }
  uint8_t* rows[kBandRows];
  for (int i = 0; i < kBandRows; ++i) rows[i] = cmyk ? inks.row(i) : band.row(i);
  for (int y = 0; y < height; y += kBandRows) {
    const int count = std::min(kBandRows, height - y);
    PEEL_RETURN_IF_ERROR(reader.ReadRows(rows, count));
    for (int i = 0; cmyk && i < count; ++i) CmykToRgb(inks.row(i), width, band.row(i));
    ImageView<const uint8_t> view = band.view();
    view.height = count;
    PlaceRows(view, y, height, orientation, out.view());
  }
  return OkStatus();
}

Status CheckComponents(const jpeg_decompress_struct& cinfo) {
  const int n = cinfo.num_components;
  if (n == 1 || n == 3 || n == 4) return OkStatus();
  return Unsupported("a JPEG with " + std::to_string(n) +
                     " components; only grey, colour and CMYK are known");
}

}  // namespace

Result<Picture> DecodeJpeg(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  JpegReader reader(bytes);
  PEEL_RETURN_IF_ERROR(reader.ReadHeader(options.keep_metadata));
  const jpeg_decompress_struct& cinfo = reader.cinfo();
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, cinfo.image_width, cinfo.image_height));
  PEEL_RETURN_IF_ERROR(CheckComponents(cinfo));

  Picture picture;
  picture.format = Format::kJpeg;
  picture.stored_width = static_cast<int>(cinfo.image_width);
  picture.stored_height = static_cast<int>(cinfo.image_height);
  std::string incomplete;
  Metadata found = CollectMetadata(cinfo, &incomplete);
  picture.orientation = OrientationOf(found);
  picture.orientation_applied = options.apply_orientation;
  picture.was_grey = cinfo.num_components == 1;
  picture.was_cmyk = cinfo.num_components == 4;

  const int orientation = options.apply_orientation ? picture.orientation : 1;
  const bool swap = OrientationSwapsSides(orientation);
  const int denominator =
      ScaleDenominator(options, swap ? picture.stored_height : picture.stored_width,
                       swap ? picture.stored_width : picture.stored_height);
  PEEL_RETURN_IF_ERROR(reader.Start(denominator));
  const int width = static_cast<int>(cinfo.output_width);
  const int height = static_cast<int>(cinfo.output_height);
  PEEL_ASSIGN_OR_RETURN(ImageU8 out,
                        ImageU8::Allocate(swap ? height : width, swap ? width : height, 3));
  if (orientation == 1 && !picture.was_cmyk) {
    PEEL_RETURN_IF_ERROR(ReadStraight(reader, out));
  } else {
    PEEL_RETURN_IF_ERROR(ReadInBands(reader, picture.was_cmyk, orientation, out));
  }
  PEEL_RETURN_IF_ERROR(reader.Finish());
  picture.warning = reader.Doubts();
  picture.pixels = std::move(out);
  if (options.keep_metadata && !incomplete.empty()) picture.AddWarning(incomplete);
  AdoptMetadata(std::move(found), options, &picture);
  return picture;
}

Result<PictureInfo> ProbeJpeg(std::span<const uint8_t> bytes) {
  JpegReader reader(bytes);
  PEEL_RETURN_IF_ERROR(reader.ReadHeader(false));
  const jpeg_decompress_struct& cinfo = reader.cinfo();
  PEEL_RETURN_IF_ERROR(CheckComponents(cinfo));
  PictureInfo info;
  info.format = Format::kJpeg;
  info.width = static_cast<int>(cinfo.image_width);
  info.height = static_cast<int>(cinfo.image_height);
  info.channels = cinfo.num_components;
  info.bits = cinfo.data_precision;
  info.is_cmyk = cinfo.num_components == 4;
  std::string incomplete;
  info.orientation = OrientationOf(CollectMetadata(cinfo, &incomplete));
  return info;
}

}  // namespace peel
