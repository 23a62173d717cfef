#include "src/library/metadata/film_facts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "src/codec/bytes.h"
#include "src/codec/heif/heif_items.h"
#include "src/library/metadata/iso_boxes.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {
namespace {

constexpr std::string_view kIdentifierKey = "com.apple.quicktime.content.identifier";
// Of a table of keys: far more than any camera or editor writes.
constexpr uint64_t kMostKeyBytes = 65536;

// What the files that are read here may begin with.
bool IsFilmBox(uint32_t type) {
  constexpr std::array<uint32_t, 8> kFirst = {FourCc("ftyp"), FourCc("moov"), FourCc("mdat"),
                                              FourCc("wide"), FourCc("free"), FourCc("skip"),
                                              FourCc("pnot"), FourCc("styp")};
  return std::ranges::find(kFirst, type) != kFirst.end();
}

// The movie header's length in seconds. Version 1 has times of 64 bits.
std::optional<double> DurationOf(Part header) {
  IsoFields fields(header);
  const uint64_t version = fields.Take(1);
  const size_t wide = version == 1 ? 8 : 4;
  fields.Skip(3 + 2 * wide);
  const uint64_t scale = fields.Take(4), length = fields.Take(wide);
  const uint64_t unknown = version == 1 ? UINT64_MAX : UINT32_MAX;
  if (!fields.ok() || version > 1 || scale == 0 || length == 0 || length == unknown) return {};
  return static_cast<double>(length) / static_cast<double>(scale);
}

// The number, from 1, of the key that names the identifier; 0 for none.
uint32_t IdentifierKey(Part keys) {
  const auto bytes = keys.ViewUpTo(0, kMostKeyBytes);
  if (bytes.size() < 8) return 0;
  const uint32_t count = ReadBig32(bytes.data() + 4);
  size_t at = 8;
  for (uint32_t number = 1; number <= count && bytes.size() - at >= 8; ++number) {
    const uint32_t size = ReadBig32(bytes.data() + at);
    if (size < 8 || size > bytes.size() - at) return 0;
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + at + 8, size - 8);
    if (ReadBig32(bytes.data() + at + 4) == FourCc("mdta") && name == kIdentifierKey) return number;
    at += size;
  }
  return 0;
}

// A value is a box `data`: its type, a language, then itself.
std::string TextOfItem(Part item) {
  constexpr uint32_t kUtf8 = 1;
  std::string text;
  ForEachBox(item, [&](uint32_t type, Part box) {
    const auto head = box.View(0, 4);
    if (type != FourCc("data") || head.empty() || ReadBig32(head.data()) != kUtf8) return;
    const auto bytes = box.ViewUpTo(8, 1024);
    if (text.empty()) text = CleanText({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
  return text;
}

std::string IdentifierOf(Part meta) {
  // MP4's box of this name has a version first, QuickTime's has not.
  const auto head = meta.View(0, 8);
  if (head.empty()) return "";
  if (ReadBig32(head.data() + 4) != FourCc("hdlr")) meta = meta.From(4);
  uint32_t wanted = 0;
  Part items;
  ForEachBox(meta, [&](uint32_t type, Part box) {
    if (type == FourCc("keys")) wanted = IdentifierKey(box);
    if (type == FourCc("ilst")) items = box;
  });
  std::string identifier;
  if (wanted == 0) return identifier;
  ForEachBox(items, [&](uint32_t number, Part item) {
    if (number == wanted && identifier.empty()) identifier = TextOfItem(item);
  });
  return identifier;
}

}  // namespace

Result<FilmFacts> ReadFilmFacts(HeaderReader* file) {
  const auto head = file->View(0, 8);
  PEEL_RETURN_IF_ERROR(Status(file->status()));
  if (head.empty() || !IsFilmBox(ReadBig32(head.data() + 4))) {
    return Unsupported("is no MP4 or QuickTime file");
  }
  FilmFacts facts;
  bool has_movie = false;
  const auto take_identifier = [&](Part meta) {
    if (facts.content_identifier.empty()) facts.content_identifier = IdentifierOf(meta);
  };
  ForEachBox(Part(file, 0, file->size()), [&](uint32_t type, Part movie) {
    if (type != FourCc("moov")) return;
    has_movie = true;
    ForEachBox(movie, [&](uint32_t inner, Part box) {
      if (inner == FourCc("mvhd") && !facts.duration_s) facts.duration_s = DurationOf(box);
      if (inner == FourCc("meta")) take_identifier(box);
      if (inner != FourCc("udta")) return;  // where ffmpeg puts what it copies
      ForEachBox(box, [&](uint32_t user, Part part) {
        if (user == FourCc("meta")) take_identifier(part);
      });
    });
  });
  PEEL_RETURN_IF_ERROR(Status(file->status()));
  if (!has_movie) return Corrupt("the film's header is missing; the file is not whole");
  facts.warning = file->warning();
  return facts;
}

Result<FilmFacts> ReadFilmFacts(const SourceFile& file) {
  HeaderReader reader(file);
  return ReadFilmFacts(&reader);
}

}  // namespace peel::library
