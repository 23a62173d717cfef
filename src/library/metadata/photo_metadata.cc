#include "src/library/metadata/photo_metadata.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "src/codec/sniff.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/photo_facts.h"
#include "src/library/metadata/read_headers.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

struct Way {
  std::string_view name;
  Status (*read)(HeaderReader*, PhotoFacts*);
};

Way WayOf(Format format, std::span<const uint8_t> begin) {
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  switch (format) {
    case Format::kJpeg:
      return {"jpeg", ReadJpegHeaders};
    case Format::kPng:
      return {"png", ReadPngHeaders};
    case Format::kWebp:
      return {"webp", ReadWebpHeaders};
    case Format::kGif:
      return {"gif", ReadGifHeaders};
    case Format::kBmp:
      return {"bmp", ReadBmpHeaders};
    case Format::kTiff:
      return {"tiff", ReadTiffHeaders};
    case Format::kHeic:
      return {"heic", ReadIsoHeaders};
    case Format::kAvif:
      return {"avif", ReadIsoHeaders};
    case Format::kJxl:
      return {"jxl", ReadJxlHeaders};
    case Format::kRaw:
      if (text.starts_with("FUJIFILM")) return {"raw", ReadRafHeaders};
      if (text.substr(4, 4) == "ftyp") return {"raw", ReadIsoHeaders};
      return {"raw", ReadTiffHeaders};
    default:
      return {"", nullptr};
  }
}

}  // namespace

Result<PhotoMetadata> ReadHeaders(HeaderReader* file) {
  const auto begin = file->ViewUpTo(0, 1024);
  PEEL_RETURN_IF_ERROR(Status(file->status()));
  const Way way = WayOf(Sniff(begin), begin);
  if (way.read == nullptr) return NotDecodable(begin);
  PhotoFacts facts;
  facts.format = way.name;
  Status status = way.read(file, &facts);
  // What could not be read comes before what seemed damaged for it.
  PEEL_RETURN_IF_ERROR(Status(file->status()));
  PEEL_RETURN_IF_ERROR(std::move(status));
  if (facts.width <= 0 || facts.height <= 0) {
    return Corrupt("the header says that the picture is of no width or height");
  }
  PhotoMetadata out = MergeFacts(std::move(facts));
  out.warning = file->warning();
  return out;
}

Result<PhotoMetadata> ReadPhotoMetadata(const SourceFile& file) {
  HeaderReader reader(file);
  return ReadHeaders(&reader);
}

}  // namespace peel::library
