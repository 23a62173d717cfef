// How a page's samples lie: what its tags say of them, checked.
#include <algorithm>
#include <string>

#include "src/codec/lazy/library_text.h"
#include "src/codec/tiff/tiff_reader.h"

namespace peel {
namespace {

constexpr int kMaxSamples = 32;

}  // namespace

// What the pixels' numbers mean, as libtiff will hand them out.
Result<uint16_t> TiffReader::Photometric(const TiffLayout& layout) const {
  uint16_t photometric = 0;
  if (!lib_.TIFFGetField(tiff_, TIFFTAG_PHOTOMETRIC, &photometric) || photometric_ < 0) {
    // Fax has black ink on white paper.
    const bool fax =
        layout.compression >= COMPRESSION_CCITTRLE && layout.compression <= COMPRESSION_CCITTFAX4;
    photometric = layout.samples >= 3                                  ? PHOTOMETRIC_RGB
                  : fax || layout.compression == COMPRESSION_CCITTRLEW ? PHOTOMETRIC_MINISWHITE
                                                                       : PHOTOMETRIC_MINISBLACK;
  }
  // libtiff makes grey of a palette picture whose palette it cannot find.
  if (photometric_ == PHOTOMETRIC_PALETTE && photometric == PHOTOMETRIC_MINISBLACK) {
    return Corrupt("the TIFF is damaged or truncated: its palette is gone" +
                   InParentheses(notes_.warning) + "; get the whole file and try again");
  }
  if (photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG) {
    lib_.TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  return photometric;
}

namespace {

void SetColour(uint16_t photometric, TiffLayout* layout) {
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MASK:
      layout->colour = TiffColour::kGrey;
      break;
    case PHOTOMETRIC_MINISWHITE:
      layout->colour = TiffColour::kGreyInverted;
      break;
    case PHOTOMETRIC_PALETTE:
      layout->colour = TiffColour::kPalette;
      break;
    case PHOTOMETRIC_RGB:
      layout->colour = TiffColour::kRgb;
      break;
    case PHOTOMETRIC_SEPARATED:
      layout->colour = TiffColour::kCmyk;
      break;
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB:
      layout->colour = TiffColour::kLab;
      layout->lab = photometric == PHOTOMETRIC_CIELAB   ? LabEncoding::kCie
                    : photometric == PHOTOMETRIC_ICCLAB ? LabEncoding::kIcc
                                                        : LabEncoding::kItu;
      break;
    default:
      layout->colour = TiffColour::kRgb;
      layout->by_libtiff = true;
  }
}

// Whether the samples are whole numbers that fit the colours.
Status CheckSamples(const TiffLayout& layout, int format) {
  const bool lab = layout.colour == TiffColour::kLab;
  // Bytes that are called signed are mostly bytes that were called wrongly.
  const bool plain = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID ||
                     (format == SAMPLEFORMAT_INT && (layout.bits <= 8 || lab));
  if (!plain) {
    return Unsupported(std::string("the TIFF has ") +
                       (format == SAMPLEFORMAT_IEEEFP ? "floating-point" : "signed or complex") +
                       " samples; save it with 8 or 16 bits a sample");
  }
  if (layout.bits < 1 || layout.bits > 16) {
    return Unsupported("the TIFF has " + std::to_string(layout.bits) +
                       " bits a sample; save it with 8 or 16");
  }
  if (layout.samples < layout.colours() || layout.samples > kMaxSamples) {
    return Unsupported("the TIFF has " + std::to_string(layout.samples) +
                       " samples a pixel, which does not fit its colours");
  }
  return OkStatus();
}

}  // namespace

Status TiffReader::ReadByLibtiff(TiffLayout* layout) const {
  char why[1024] = "";
  if (!lib_.TIFFRGBAImageOK(tiff_, why)) {
    return Unsupported("a kind of TIFF that cannot be read here" + InParentheses(why) +
                       "; save it as RGB");
  }
  layout->alpha = TiffAlpha::kAssociated;  // what libtiff makes; opaque where there is none
  uint16_t extra = 0;
  uint16_t* kinds = nullptr;
  lib_.TIFFGetFieldDefaulted(tiff_, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
  if (extra == 0) layout->alpha = TiffAlpha::kNone;
  return OkStatus();
}

TiffAlpha TiffReader::ReadAlpha(const TiffLayout& layout) const {
  if (layout.samples <= layout.colours()) return TiffAlpha::kNone;
  uint16_t extra = 0;
  uint16_t* kinds = nullptr;
  const bool told = lib_.TIFFGetField(tiff_, TIFFTAG_EXTRASAMPLES, &extra, &kinds) != 0;
  if (told && extra > 0 && kinds != nullptr) {
    return kinds[0] == EXTRASAMPLE_ASSOCALPHA   ? TiffAlpha::kAssociated
           : kinds[0] == EXTRASAMPLE_UNASSALPHA ? TiffAlpha::kStraight
                                                : TiffAlpha::kNone;
  }
  // Some writers forget to say.
  const bool rgba = !told && layout.colour == TiffColour::kRgb && layout.samples == 4;
  return rgba ? TiffAlpha::kStraight : TiffAlpha::kNone;
}

Status TiffReader::ReadPalette(TiffLayout* layout) const {
  uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (layout->bits > 8 || !lib_.TIFFGetField(tiff_, TIFFTAG_COLORMAP, &red, &green, &blue)) {
    return Corrupt("the TIFF is damaged: its palette is missing");
  }
  const size_t entries = size_t{1} << layout->bits;
  for (const uint16_t* part : {red, green, blue}) {
    layout->palette.insert(layout->palette.end(), part, part + entries);
  }
  // Some writers put 8 bits into the 16-bit entries.
  if (std::ranges::all_of(layout->palette, [](uint16_t v) { return v < 256; })) {
    for (uint16_t& v : layout->palette) v = static_cast<uint16_t>(v * 257);
  }
  return OkStatus();
}

Result<TiffLayout> TiffReader::ReadLayout() {
  TiffLayout layout;
  layout.width = Field<uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
  layout.height = Field<uint32_t>(TIFFTAG_IMAGELENGTH, 0);
  layout.bits = Field<uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = Field<uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.compression = Field<uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  layout.separate =
      Field<uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE &&
      layout.samples > 1;
  layout.tiled = lib_.TIFFIsTiled(tiff_) != 0;
  layout.rows_per_strip = Field<uint32_t>(TIFFTAG_ROWSPERSTRIP, UINT32_MAX);
  const int orientation = Field<uint16_t>(TIFFTAG_ORIENTATION, 1);
  layout.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  if (!lib_.TIFFIsCODECConfigured(layout.compression)) {
    return Unsupported("the TIFF is packed by a method that libtiff does not know here (number " +
                       std::to_string(layout.compression) + "); save it with LZW or Deflate");
  }
  const int format = Field<uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  PEEL_ASSIGN_OR_RETURN(const uint16_t photometric, Photometric(layout));
  SetColour(photometric, &layout);
  const bool lab = layout.colour == TiffColour::kLab;
  if (lab && layout.bits != 8 && layout.bits != 16) {
    return Unsupported("the TIFF has Lab colours of " + std::to_string(layout.bits) +
                       " bits a sample; save it with 8 or 16, or as RGB");
  }
  if (layout.compression == COMPRESSION_OJPEG) layout.by_libtiff = true;
  if (layout.by_libtiff) {
    PEEL_RETURN_IF_ERROR(ReadByLibtiff(&layout));
    return layout;
  }
  PEEL_RETURN_IF_ERROR(CheckSamples(layout, format));
  layout.alpha = ReadAlpha(layout);
  if (layout.colour == TiffColour::kPalette) PEEL_RETURN_IF_ERROR(ReadPalette(&layout));
  if (layout.tiled) {
    layout.tile_width = Field<uint32_t>(TIFFTAG_TILEWIDTH, 0);
    layout.tile_height = Field<uint32_t>(TIFFTAG_TILELENGTH, 0);
    if (layout.tile_width == 0 || layout.tile_height == 0) {
      return Corrupt("the TIFF is damaged: its tiles have no size");
    }
  }
  return layout;
}

}  // namespace peel
