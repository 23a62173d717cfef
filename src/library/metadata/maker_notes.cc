#include "src/library/metadata/maker_notes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

const TiffEntry* Find(const std::vector<TiffEntry>& entries, uint16_t tag) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const TiffEntry& entry) { return entry.tag == tag; });
  return found == entries.end() ? nullptr : &*found;
}

std::string TextOf(const TiffReader& tiff, const std::vector<TiffEntry>& entries, uint16_t tag) {
  const TiffEntry* const entry = Find(entries, tag);
  std::string text = entry == nullptr ? "" : tiff.Text(*entry);
  // What cameras write where there is no lens.
  if (text.find_first_not_of("-. N/A") == std::string::npos) text.clear();
  return text;
}

double NumberOf(const TiffReader& tiff, const std::vector<TiffEntry>& entries, uint16_t tag) {
  const TiffEntry* const entry = Find(entries, tag);
  return entry == nullptr ? 0 : tiff.Number(*entry).value_or(0);
}

// Four numbers: shortest and longest focal length, apertures there.
MakerLens NikonLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kLens = 0x84;
  const auto entries = tiff->Read(directory);
  const TiffEntry* const lens = entries ? Find(*entries, kLens) : nullptr;
  if (lens == nullptr) return {};
  const auto number = [&](uint64_t i) { return tiff->Number(*lens, i).value_or(0); };
  return {"", LensRange(number(0), number(1), number(2), number(3))};
}

// Decimal digits: focal lengths two bytes each, apertures times ten one byte each, with a byte of
// letters before and behind.
MakerLens SonyLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kLensSpec = 0xB02A;
  const auto entries = tiff->Read(directory);
  const TiffEntry* const lens = entries ? Find(*entries, kLensSpec) : nullptr;
  if (lens == nullptr) return {};
  const auto bytes = tiff->Bytes(*lens, 8);
  if (bytes.size() < 8) return {};
  const auto digits = [&](size_t i) { return (bytes[i] >> 4) * 10 + (bytes[i] & 15); };
  return {"", LensRange(digits(1) * 100 + digits(2), digits(3) * 100 + digits(4), digits(5) / 10.0,
                        digits(6) / 10.0)};
}

MakerLens FujifilmLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kShortFocal = 0x1404;  // and the three behind it: long focal, both apertures
  const auto entries = tiff->Read(directory);
  if (!entries) return {};
  const auto number = [&](uint16_t i) { return NumberOf(*tiff, *entries, kShortFocal + i); };
  return {"", LensRange(number(0), number(1), number(2), number(3))};
}

MakerLens PanasonicLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kLensType = 0x51;
  const auto entries = tiff->Read(directory);
  return {entries ? TextOf(*tiff, *entries, kLensType) : "", ""};
}

MakerLens OlympusLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kEquipment = 0x2010, kLensModel = 0x0203;
  constexpr uint16_t kBytes = 7;
  const auto entries = tiff->Read(directory);
  const TiffEntry* const equipment = entries ? Find(*entries, kEquipment) : nullptr;
  if (equipment == nullptr) return {};
  // Old cameras have the directory in the value, new ones point to it.
  const uint64_t at =
      equipment->type == kBytes
          ? equipment->at
          : static_cast<uint64_t>(std::max<int64_t>(0, tiff->Integer(*equipment).value_or(0)));
  const auto inner = tiff->Read(at);
  return {inner ? TextOf(*tiff, *inner, kLensModel) : "", ""};
}

using Reader = MakerLens (*)(TiffReader*, uint64_t);

// How a maker's notes begin, and from where its offsets count.
struct Layout {
  std::string_view make;   // what the make begins with
  std::string_view begin;  // what the notes begin with; empty: with the directory
  uint64_t directory;      // counted from the notes' beginning
  bool from_note;          // offsets count from there too, and not from the block's beginning
  Reader read;
};

constexpr std::array<Layout, 9> kLayouts = {{
    {"Canon", "", 0, false, CanonLens},
    {"SONY", "SONY ", 12, false, SonyLens},
    {"SONY", "", 0, false, SonyLens},
    {"Panasonic", "Panasonic\0", 12, false, PanasonicLens},
    {"OLYMPUS", "OLYMP\0"sv, 8, false, OlympusLens},
    {"OLYMPUS", "OLYMPUS\0"sv, 12, true, OlympusLens},
    {"OM Digital", "OM SYSTEM\0"sv, 16, true, OlympusLens},
    {"OM Digital", "OLYMPUS\0"sv, 12, true, OlympusLens},
    {"LEICA", "Panasonic\0"sv, 12, false, PanasonicLens},
}};

}  // namespace

MakerLens CanonLens(TiffReader* tiff, uint64_t directory) {
  constexpr uint16_t kCameraSettings = 0x0001, kLensModel = 0x0095;
  constexpr uint64_t kLongFocal = 23, kShortFocal = 24, kFocalUnits = 25;
  const auto entries = tiff->Read(directory);
  if (!entries) return {};
  MakerLens lens{TextOf(*tiff, *entries, kLensModel), ""};
  if (const TiffEntry* const settings = Find(*entries, kCameraSettings)) {
    const auto number = [&](uint64_t i) { return tiff->Number(*settings, i).value_or(0); };
    if (const double units = number(kFocalUnits); units > 0) {
      lens.range = LensRange(number(kShortFocal) / units, number(kLongFocal) / units, 0, 0);
    }
  }
  return lens;
}

std::string ContentIdentifierOfMakerNote(const TiffReader& tiff, const TiffEntry& note) {
  constexpr uint16_t kContentIdentifier = 0x0011;
  constexpr uint64_t kOrder = 12, kDirectory = 14;
  const auto head = tiff.Bytes(note, kDirectory);
  const std::string_view begin(reinterpret_cast<const char*>(head.data()), head.size());
  if (head.size() < kDirectory || !begin.starts_with("Apple iOS\0"sv)) return "";
  TiffReader inner(tiff.part().From(note.at), begin.substr(kOrder) == "II");
  const auto entries = inner.Read(kDirectory);
  return entries ? TextOf(inner, *entries, kContentIdentifier) : "";
}

MakerLens LensOfMakerNote(const TiffReader& tiff, const TiffEntry& note, std::string_view make) {
  const uint64_t size = note.count * TiffReader::TypeBytes(note.type);
  const auto head = tiff.Bytes(note, 32);
  const std::string_view begin(reinterpret_cast<const char*>(head.data()), head.size());
  const auto order = [&](size_t at) { return begin.substr(std::min(at, begin.size()), 2); };
  const Part own = tiff.part().Sub(note.at, size);
  if (begin.starts_with("Nikon\0\2"sv)) {
    // A TIFF of its own.
    auto inner = TiffReader::Open(own.From(10));
    return inner ? NikonLens(&*inner, inner->first()) : MakerLens{};
  }
  if (begin.starts_with("FUJIFILM") && begin.size() >= 12) {
    TiffReader inner(own, /*little_endian=*/true);
    return FujifilmLens(&inner, ReadLittle32(head.data() + 8));
  }
  for (const Layout& layout : kLayouts) {
    if (!make.starts_with(layout.make) || !begin.starts_with(layout.begin)) continue;
    if (layout.from_note) {
      // Offsets count from the notes, but some values lie behind their end.
      TiffReader inner(tiff.part().From(note.at), order(layout.directory - 4) == "II");
      return layout.read(&inner, layout.directory);
    }
    TiffReader inner(tiff.part(), tiff.little_endian());
    return layout.read(&inner, note.at + layout.directory);
  }
  return {};
}

}  // namespace peel::library
