#include "src/codec/sniff.h"

#include <algorithm>
#include <cstddef>

#include "src/codec/bmp/bmp_header.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

struct Magic {
  size_t offset;
  std::string_view bytes;
  Format format;
};

// The more specific before the less.
constexpr Magic kMagic[] = {
    {0, "\xFF\xD8\xFF"sv, Format::kJpeg},
    {0, "\x89PNG\r\n\x1A\n"sv, Format::kPng},
    {0, "GIF87a"sv, Format::kGif},
    {0, "GIF89a"sv, Format::kGif},
    {0, "\xFF\x0A"sv, Format::kJxl},
    {0, "\0\0\0\x0CJXL \r\n\x87\n"sv, Format::kJxl},
    {0, "\0\0\0\x0CjP  \r\n\x87\n"sv, Format::kJpeg2000},
    {0, "\xFF\x4F\xFF\x51"sv, Format::kJpeg2000},
    {0, "II*\0\x10\0\0\0CR"sv, Format::kRaw},
    {0, "IIRO"sv, Format::kRaw},
    {0, "IIRS"sv, Format::kRaw},
    {0, "MMOR"sv, Format::kRaw},
    {0, "IIU\0"sv, Format::kRaw},
    {0, "FUJIFILMCCD-RAW"sv, Format::kRaw},
    {0, "II*\0"sv, Format::kTiff},
    {0, "MM\0*"sv, Format::kTiff},
    {0, "II+\0"sv, Format::kTiff},
    {0, "MM\0+"sv, Format::kTiff},
    {0, "8BPS"sv, Format::kPsd},
    {0, "\x76\x2F\x31\x01"sv, Format::kExr},
    {0, "DDS "sv, Format::kDds},
    {0, "qoif"sv, Format::kQoi},
    {0, "\0\0\1\0"sv, Format::kIco},
    {0, "\0\0\2\0"sv, Format::kIco},
    {0, "%PDF-"sv, Format::kPdf},
    {0, "PK\3\4"sv, Format::kZip},
    {0, "\x1F\x8B"sv, Format::kGzip},
    {0, "\x1A\x45\xDF\xA3"sv, Format::kVideo},
};

bool Has(std::string_view text, size_t offset, std::string_view bytes) {
  return text.size() >= offset && text.substr(offset, bytes.size()) == bytes;
}

// The brands of an ISO media file decide between pictures and films. A picture may call itself by
// its coding, or by the profile that it keeps to and only then by what it is.
Format SniffIsoMedia(std::string_view text) {
  size_t box = 0;
  for (size_t i = 0; i < 4; ++i) box = box << 8 | static_cast<uint8_t>(text[i]);
  box = std::min<size_t>(text.size(), box < 16 ? 512 : std::min<size_t>(box, 512));
  bool heic = false;
  for (size_t at = 8; at + 4 <= box; at += 4) {  // major brand, version, compatible brands
    if (at == 12) continue;
    const std::string_view brand = text.substr(at, 4);
    if (brand == "avif" || brand == "avis") return Format::kAvif;
    if (at == 8 && brand == "crx ") return Format::kRaw;
    for (const auto name : {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv,
                            "msf1"sv, "mif2"sv, "mif3"sv, "jpeg"sv, "jpgs"sv, "j2ki"sv, "j2is"sv,
                            "vvic"sv, "vvis"sv, "avci"sv, "avcs"sv, "unif"sv}) {
      if (at == 8 && brand == name) heic = true;
    }
    if (brand == "mif1" || brand == "heic" || brand == "heix") heic = true;
  }
  return heic ? Format::kHeic : Format::kVideo;
}

bool IsNetpbm(std::string_view text) {
  return text.size() >= 3 && text[0] == 'P' &&
         ((text[1] >= '1' && text[1] <= '7') || text[1] == 'f' || text[1] == 'F') &&
         (text[2] == '\n' || text[2] == ' ' || text[2] == '\r' || text[2] == '\t');
}

Format SniffText(std::string_view text) {
  if (Has(text, 0, "\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty() &&
         (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n')) {
    text.remove_prefix(1);
  }
  if (text.empty()) return Format::kUnknown;
  if (text[0] == '{' || text[0] == '[') return Format::kJson;
  if (text[0] != '<') return Format::kUnknown;
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower.find("<svg") != std::string::npos) return Format::kSvg;
  if (lower.find("<!doctype html") != std::string::npos ||
      lower.find("<html") != std::string::npos) {
    return Format::kHtml;
  }
  return lower.starts_with("<?xml") ? Format::kXml : Format::kUnknown;
}

}  // namespace

Format Sniff(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 1024));
  for (const Magic& magic : kMagic) {
    if (Has(text, magic.offset, magic.bytes)) return magic.format;
  }
  if (Has(text, 0, "RIFF") && Has(text, 8, "WEBP")) return Format::kWebp;
  if (Has(text, 0, "RIFF") && Has(text, 8, "AVI ")) return Format::kVideo;
  if (Has(text, 4, "ftyp")) return SniffIsoMedia(text);
  if (IsBmp(bytes)) return Format::kBmp;
  if (IsNetpbm(text)) return Format::kNetpbm;
  return SniffText(text);
}

bool IsDecodable(Format format) {
  switch (format) {
    // NOLINTNEXTLINE(bugprone-branch-clone): with every optional format they say the same
    case Format::kJpeg:
    case Format::kPng:
    case Format::kWebp:
    case Format::kTiff:
    case Format::kGif:
    case Format::kBmp:
    case Format::kAvif:
    case Format::kHeic:
      return true;
    case Format::kJxl:
#ifdef PEEL_HAVE_JXL
      return true;
#else
      return false;
#endif
    case Format::kRaw:
#ifdef PEEL_HAVE_RAW
      return true;
#else
      return false;
#endif
    default:
      return false;
  }
}

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kUnknown:
      return "unknown";
    case Format::kJpeg:
      return "JPEG";
    case Format::kPng:
      return "PNG";
    case Format::kWebp:
      return "WebP";
    case Format::kGif:
      return "GIF";
    case Format::kTiff:
      return "TIFF";
    case Format::kBmp:
      return "BMP";
    case Format::kAvif:
      return "AVIF";
    case Format::kHeic:
      return "HEIC";
    case Format::kJxl:
      return "JPEG XL";
    case Format::kJpeg2000:
      return "JPEG 2000";
    case Format::kIco:
      return "ICO";
    case Format::kPsd:
      return "Photoshop";
    case Format::kExr:
      return "OpenEXR";
    case Format::kDds:
      return "DDS";
    case Format::kNetpbm:
      return "PNM";
    case Format::kQoi:
      return "QOI";
    case Format::kRaw:
      return "camera raw";
    case Format::kSvg:
      return "SVG";
    case Format::kPdf:
      return "PDF";
    case Format::kHtml:
      return "HTML";
    case Format::kXml:
      return "XML";
    case Format::kJson:
      return "JSON";
    case Format::kZip:
      return "ZIP";
    case Format::kGzip:
      return "gzip";
    case Format::kVideo:
      return "video";
  }
  return "unknown";
}

std::string_view FormatExtension(Format format) {
  switch (format) {
    case Format::kJpeg:
      return "jpg";
    case Format::kPng:
      return "png";
    case Format::kWebp:
      return "webp";
    case Format::kTiff:
      return "tif";
    case Format::kAvif:
      return "avif";
    case Format::kGif:
      return "gif";
    default:
      return "";
  }
}

Status NotDecodable(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return Corrupt("the file is empty");
  const Format format = Sniff(bytes);
  const std::string name(FormatName(format));
  switch (format) {
    case Format::kUnknown:
      return Unsupported(
          "this is not a picture that Peel knows; it reads JPEG, PNG, WebP, TIFF, AVIF, HEIC, "
          "GIF and BMP, whatever the file's name says");
    case Format::kSvg:
    case Format::kPdf:
      return Unsupported("this is a " + name +
                         " document, not a photo; export it as PNG or JPEG first");
    case Format::kHtml:
    case Format::kXml:
    case Format::kJson:
      return Unsupported("this is " + name +
                         " text, not a picture; a download that failed often looks like this");
    case Format::kZip:
    case Format::kGzip:
      return Unsupported("this is a " + name + " archive; unpack it first");
    case Format::kVideo:
      return Unsupported(
          "this is a film, not a picture; `peel video` cuts films out and takes frames out of "
          "them");
    case Format::kRaw:
      return Unsupported("this is a camera raw file; develop it to JPEG or PNG first");
    default:
      return Unsupported(
          "this is a " + name +
          " picture, which Peel does not read; convert it to JPEG, PNG or WebP first");
  }
}

}  // namespace peel
