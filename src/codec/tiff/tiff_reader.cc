#include "src/codec/tiff/tiff_reader.h"

#include <algorithm>
#include <cstdarg>
#include <string_view>

#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/exif.h"

namespace peel {
namespace {

constexpr tmsize_t kMaxLibraryAllocation = tmsize_t{4} << 30;
constexpr size_t kMaxBlob = size_t{64} << 20;

}  // namespace

// What libtiff calls with its messages; user data is the reader's notes.
struct TiffReader::Messages {
  static int Error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& notes = *static_cast<Notes*>(user);
    std::string& text = notes.in_pixels ? notes.pixels_error : notes.error;
    if (text.empty()) text = TiffText(format, arguments);
    return 1;
  }
  static int Warning(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& notes = *static_cast<Notes*>(user);
    std::string text = TiffText(format, arguments);
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
  // m: nothing to map.
  PEEL_ASSIGN_OR_RETURN(reader->tiff_, reader->file_.Open(*library, "rm",
                                                          {.error = Messages::Error,
                                                           .warning = Messages::Warning,
                                                           .user = &reader->notes_},
                                                          kMaxLibraryAllocation));
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

std::vector<uint8_t> TiffReader::Blob(uint32_t tag) const {
  uint32_t count = 0;
  void* data = nullptr;
  if (!lib_.TIFFGetField(tiff_, tag, &count, &data) || data == nullptr || count > kMaxBlob) {
    return {};
  }
  const auto* bytes = static_cast<const uint8_t*>(data);
  return {bytes, bytes + count};
}

Metadata TiffReader::ReadMetadata() {
  Metadata metadata;
  metadata.icc = Blob(TIFFTAG_ICCPROFILE);
  metadata.xmp = Blob(TIFFTAG_XMLPACKET);
  metadata.exif = ExifFromTiff(file_.bytes());
  metadata.iptc = IptcFromTiff(file_.bytes());
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

}  // namespace peel
