#include "src/codec/tiff/tiff_reader.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "src/base/checked.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/exif.h"

namespace peel {
namespace {

constexpr int kMaxSamples = 32;
constexpr int kScanlinesAtOnce = 64;
constexpr uint64_t kMaxLibraryAllocation = uint64_t{4} << 30;
constexpr size_t kMaxBlob = size_t{64} << 20;

}  // namespace

// What libtiff calls; user data is the reader or its source.
struct TiffReader::Callbacks {
  static tmsize_t Read(thandle_t handle, void* to, tmsize_t count) {
    auto& source = *static_cast<Source*>(handle);
    ++source.reads;
    if (count <= 0 || source.at >= source.bytes.size()) return 0;
    const size_t n = std::min<size_t>(static_cast<size_t>(count), source.bytes.size() - source.at);
    std::memcpy(to, source.bytes.data() + source.at, n);
    source.at += n;
    return static_cast<tmsize_t>(n);
  }
  static tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t Seek(thandle_t handle, toff_t offset, int whence) {
    auto& source = *static_cast<Source*>(handle);
    const uint64_t base = whence == SEEK_CUR   ? source.at
                          : whence == SEEK_END ? source.bytes.size()
                                               : 0;
    source.at = base + offset;
    return source.at;
  }
  static int Close(thandle_t) { return 0; }
  static toff_t Size(thandle_t handle) { return static_cast<Source*>(handle)->bytes.size(); }
  static std::string Text(const char* format, va_list arguments) {
    char buffer[256];
    std::vsnprintf(buffer, sizeof(buffer), format, arguments);
    return LibraryText(buffer);
  }
  static int Error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& notes = *static_cast<Notes*>(user);
    std::string& text = notes.in_pixels ? notes.pixels_error : notes.error;
    if (text.empty()) text = Text(format, arguments);
    return 1;
  }
  static int Warning(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& notes = *static_cast<Notes*>(user);
    std::string text = Text(format, arguments);
    if (notes.in_pixels) {
      // Remarks on the writer, not on the data.
      const bool remark = text.starts_with("Old-style") || text.starts_with("Depreciated") ||
                          text.starts_with("Auto-corrected");
      if (!remark && notes.pixels_error.empty()) notes.pixels_error = std::move(text);
      return 1;
    }
    if (!notes.warning.empty()) return 1;
    // Most of what libtiff says of a directory is about tags that nobody here reads.
    constexpr std::string_view kOfThePicture[] = {
        "ColorMap",       "StripOffsets",    "StripByteCounts",   "TileOffsets",
        "TileByteCounts", "BitsPerSample\"", "SamplesPerPixel\"", "Photometric tag value"};
    const auto named = [&](std::string_view name) { return text.find(name) != std::string::npos; };
    if (std::ranges::any_of(kOfThePicture, named)) notes.warning = std::move(text);
    return 1;
  }
};

Result<std::unique_ptr<TiffReader>> TiffReader::Open(std::span<const uint8_t> bytes, size_t most) {
  PEEL_ASSIGN_OR_RETURN(const TiffLibrary* library, OpenTiffLibrary());
  std::unique_ptr<TiffReader> reader(new TiffReader(*library, bytes));
  const std::unique_ptr<TIFFOpenOptions, decltype(library->TIFFOpenOptionsFree)> options(
      library->TIFFOpenOptionsAlloc(), library->TIFFOpenOptionsFree);
  if (!options) return OutOfMemory("no memory left for reading the TIFF");
  library->TIFFOpenOptionsSetErrorHandlerExtR(options.get(), Callbacks::Error, &reader->notes_);
  library->TIFFOpenOptionsSetWarningHandlerExtR(options.get(), Callbacks::Warning, &reader->notes_);
  library->TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                               static_cast<tmsize_t>(kMaxLibraryAllocation));
  // m: nothing to map.
  reader->tiff_ = library->TIFFClientOpenExt("TIFF", "rm", &reader->source_, Callbacks::Read,
                                             Callbacks::Write, Callbacks::Seek, Callbacks::Close,
                                             Callbacks::Size, nullptr, nullptr, options.get());
  if (reader->tiff_ == nullptr) return reader->Damaged("its first directory cannot be read");
  reader->directories_ = WalkTiffDirectories(bytes, most);
  if (!reader->directories_.empty()) reader->photometric_ = reader->directories_[0].photometric;
  return reader;
}

TiffReader::~TiffReader() {
  if (tiff_ != nullptr) lib_.TIFFClose(tiff_);
}

Status TiffReader::Damaged(const std::string& where) const {
  const std::string& why = notes_.pixels_error.empty() ? notes_.error : notes_.pixels_error;
  // libtiff's and libjpeg's words for what they were never made for: lossless JPEG (a marker of
  // that kind), one of 12 bits, planes of subsampled colours.
  for (const char* word :
       {"Sorry", "Unsupported JPEG data precision", "Unsupported JPEG process"}) {
    if (why.starts_with(word)) {
      return Unsupported("a kind of TIFF that cannot be read here" + InParentheses(why) +
                         "; save it as RGB");
    }
  }
  return Corrupt("the TIFF is damaged or truncated: " + where + InParentheses(why));
}

Status TiffReader::SelectPage(int page) {
  if (page == 0 && at_ == 0) return OkStatus();  // as it was opened
  notes_ = {};
  at_ = page;
  const auto index = static_cast<size_t>(page);
  if (index < directories_.size()) {
    photometric_ = directories_[index].photometric;
    if (lib_.TIFFSetSubDirectory(tiff_, directories_[index].offset)) return OkStatus();
  }
  return Damaged("page " + std::to_string(page + 1) + " cannot be read");
}

std::string TiffReader::Doubts() const {
  const std::string& error = notes_.pixels_error.empty() ? notes_.error : notes_.pixels_error;
  if (!error.empty()) {
    return "the TIFF is damaged" + InParentheses(error) + "; parts of the picture may look wrong";
  }
  if (notes_.warning.empty()) return "";
  return "the TIFF's tables do not fit its picture" + InParentheses(notes_.warning) +
         ", which may look wrong";
}

template <typename T>
T TiffReader::Field(uint32_t tag, T fallback) const {
  T value = fallback;
  return lib_.TIFFGetFieldDefaulted(tiff_, tag, &value) ? value : fallback;
}

std::vector<uint8_t> TiffReader::Blob(uint32_t tag) const {
  uint32_t count = 0;
  void* data = nullptr;
  if (!lib_.TIFFGetField(tiff_, tag, &count, &data) || data == nullptr || count > kMaxBlob) {
    return {};
  }
  const auto* bytes = static_cast<const uint8_t*>(data);
  return {bytes, bytes + count};
}

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

Metadata TiffReader::ReadMetadata() {
  Metadata metadata;
  metadata.icc = Blob(TIFFTAG_ICCPROFILE);
  metadata.xmp = Blob(TIFFTAG_XMLPACKET);
  metadata.exif = ExifFromTiff(source_.bytes);
  metadata.iptc = IptcFromTiff(source_.bytes);
  constexpr Resolution::Unit kUnits[] = {Resolution::Unit::kNone, Resolution::Unit::kInch,
                                         Resolution::Unit::kCentimetre};
  const auto unit = Field<uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  if (unit >= 1 && unit <= 3) {
    metadata.resolution =
        MakeResolution(double{Field<float>(TIFFTAG_XRESOLUTION, 0)},
                       double{Field<float>(TIFFTAG_YRESOLUTION, 0)}, kUnits[unit - 1]);
  }
  return metadata;
}

Result<TiffReader::Bands> TiffReader::PlanBands(const TiffLayout& layout) {
  Bands bands;
  const int in_plane = layout.separate ? 1 : layout.samples;
  const uint64_t row_bits =
      uint64_t{layout.width} * static_cast<uint64_t>(in_plane) * static_cast<uint64_t>(layout.bits);
  const uint64_t row_bytes = (row_bits + 7) / 8;
  const uint64_t all = row_bytes * layout.height * static_cast<uint64_t>(layout.planes());
  // What these methods pack at most, so that a small file that claims a large picture is found out
  // before memory is spent on it.
  const uint64_t ratio =
      layout.compression == COMPRESSION_NONE       ? 1
      : layout.compression == COMPRESSION_PACKBITS ? 64
      : layout.compression == COMPRESSION_LZW      ? 4096
      : layout.compression == COMPRESSION_DEFLATE || layout.compression == COMPRESSION_ADOBE_DEFLATE
          ? 1032
          : 0;
  if (ratio > 0 && all / ratio > source_.bytes.size()) {
    return Corrupt("the TIFF is truncated: " + std::to_string(source_.bytes.size()) +
                   " bytes cannot hold " + std::to_string(layout.width) + " x " +
                   std::to_string(layout.height) + " pixels; get the whole file and try again");
  }
  uint64_t rows = 0, bytes = row_bytes;
  if (layout.tiled) {
    const uint64_t across = DivideUp(layout.width, layout.tile_width);
    const uint64_t tile_bits = uint64_t{layout.tile_width} * static_cast<uint64_t>(in_plane) *
                               static_cast<uint64_t>(layout.bits);
    if (tile_bits % 8 != 0 && across > 1) {
      return Unsupported("the TIFF's tiles do not end at whole bytes; save it in strips");
    }
    rows = layout.tile_height;
    bytes = across * ((tile_bits + 7) / 8);
  } else if (layout.separate) {
    rows = std::min(layout.rows_per_strip, layout.height);
  } else {
    rows = std::min<uint64_t>(kScanlinesAtOnce, layout.height);
    if (lib_.TIFFScanlineSize64(tiff_) != row_bytes) {
      return Corrupt("the TIFF is damaged: its rows do not have the length that they should");
    }
  }
  const auto total = CheckedProduct<uint64_t>(rows, bytes, static_cast<uint64_t>(layout.planes()));
  if (!total || rows == 0 || rows > INT32_MAX ||
      *total > std::max<uint64_t>(uint64_t{64} << 20, 4 * all)) {
    return Corrupt("the TIFF is damaged: its strips or tiles are larger than its picture");
  }
  if (layout.tiled && lib_.TIFFTileSize64(tiff_) *
                              static_cast<uint64_t>(DivideUp(layout.width, layout.tile_width)) !=
                          rows * bytes) {
    return Corrupt("the TIFF is damaged: its tiles do not have the length that they should");
  }
  bands.rows = static_cast<int>(rows);
  bands.row_bytes = bytes;
  return bands;
}

Status TiffReader::ReadBand(const TiffLayout& layout, const Bands& bands, int y, int count,
                            uint8_t* raw) {
  const auto row = static_cast<uint32_t>(y);
  notes_.in_pixels = true;
  const auto damaged = [&] {
    return Damaged("its picture ends at row " + std::to_string(y) + " of " +
                   std::to_string(layout.height));
  };
  if (!layout.tiled && !layout.separate) {
    for (int i = 0; i < count; ++i) {
      if (lib_.TIFFReadScanline(tiff_, raw + static_cast<size_t>(i) * bands.row_bytes,
                                row + static_cast<uint32_t>(i), 0) < 0) {
        y += i;
        return damaged();
      }
    }
    return OkStatus();
  }
  const size_t plane_bytes = static_cast<size_t>(bands.rows) * bands.row_bytes;
  if (!layout.tiled) {
    const uint32_t strips = static_cast<uint32_t>(DivideUp(layout.height, bands.rows));
    for (int p = 0; p < layout.planes(); ++p) {
      const uint32_t strip =
          static_cast<uint32_t>(p) * strips + row / static_cast<uint32_t>(bands.rows);
      const auto want = static_cast<tmsize_t>(static_cast<size_t>(count) * bands.row_bytes);
      if (lib_.TIFFReadEncodedStrip(tiff_, strip, raw + static_cast<size_t>(p) * plane_bytes,
                                    want) != want) {
        return damaged();
      }
    }
    return OkStatus();
  }
  const auto across = static_cast<uint32_t>(DivideUp(layout.width, layout.tile_width));
  const auto down = static_cast<uint32_t>(DivideUp(layout.height, layout.tile_height));
  const size_t tile_row = bands.row_bytes / across;
  const size_t tile_bytes = tile_row * layout.tile_height;
  std::vector<uint8_t> tile(tile_bytes);
  for (int p = 0; p < layout.planes(); ++p) {
    for (uint32_t t = 0; t < across; ++t) {
      const uint32_t number =
          (static_cast<uint32_t>(p) * down + row / layout.tile_height) * across + t;
      if (lib_.TIFFReadEncodedTile(tiff_, number, tile.data(), static_cast<tmsize_t>(tile_bytes)) !=
          static_cast<tmsize_t>(tile_bytes)) {
        return damaged();
      }
      for (int i = 0; i < count; ++i) {
        std::memcpy(raw + static_cast<size_t>(p) * plane_bytes +
                        static_cast<size_t>(i) * bands.row_bytes + t * tile_row,
                    tile.data() + static_cast<size_t>(i) * tile_row, tile_row);
      }
    }
  }
  return OkStatus();
}

Status TiffReader::ReadRgba(const TiffLayout& layout, uint32_t* raster) {
  notes_.in_pixels = true;
  // Asked for the orientation that it has already, libtiff flips nothing.
  if (!lib_.TIFFReadRGBAImageOriented(tiff_, layout.width, layout.height, raster,
                                      layout.orientation, /*stop=*/1)) {
    return Damaged("its picture cannot be decoded");
  }
  return OkStatus();
}

}  // namespace peel
