#include "src/codec/metadata/exif.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "src/codec/metadata/exif_block.h"

namespace peel {
namespace {

using namespace exif;  // NOLINT(google-build-using-namespace): this file is its insides

std::span<const uint8_t> WithoutPrefix(std::span<const uint8_t> exif) {
  if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) return exif.subspan(6);
  return exif;
}

// In order, none touching another: so that what follows is linear however many there are.
std::vector<Range> Merged(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::begin);
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && range.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

// What `gone` covers and `kept` does not.
std::vector<Range> Without(std::vector<Range> gone, std::vector<Range> kept) {
  gone = Merged(std::move(gone));
  kept = Merged(std::move(kept));
  std::vector<Range> out;
  for (Range range : gone) {
    auto keep = std::ranges::upper_bound(kept, range.begin, {}, &Range::end);
    for (; keep != kept.end() && keep->begin < range.end; ++keep) {
      if (keep->begin > range.begin) out.push_back({range.begin, keep->begin});
      range.begin = keep->end;
    }
    if (range.begin < range.end) out.push_back(range);
  }
  return out;
}

// Takes out the second directory and the pictures it points to. What lies at the end is cut off,
// what lies between other things is wiped; where it claims what belongs to them it is nonsense, and
// they stay. Returns the bytes that are left.
size_t DropThumbnail(Block& block, size_t directory, std::vector<Range> kept) {
  const size_t link = block.Link(directory);
  if (link == 0) return block.size();
  block.SetLink(directory, 0);
  const auto table = block.Table(link);
  if (!table) return block.size();

  std::vector<Range> gone = {*table};
  const auto add = [&](uint64_t begin, uint64_t bytes) {
    if (begin < block.size() && bytes > 0) {
      gone.push_back({begin, std::min<uint64_t>(begin + bytes, block.size())});
    }
  };
  Entry offsets, lengths;
  block.ForEach(link, [&](const Entry& entry) {
    if (entry.tag == kJpegOffset || entry.tag == kStripOffsets) offsets = entry;
    if (entry.tag == kJpegLength || entry.tag == kStripByteCounts) lengths = entry;
    if (const auto values = block.Values(entry)) gone.push_back(*values);
  });
  const uint32_t strips = std::min({offsets.count, lengths.count, uint32_t{4096}});
  for (uint32_t i = 0; i < strips; ++i) {
    add(block.Number(offsets, i).value_or(0), block.Number(lengths, i).value_or(0));
  }

  size_t last_kept = 0, first_gone = block.size();
  for (const Range& range : kept) last_kept = std::max(last_kept, range.end);
  for (const Range& part : Without(std::move(gone), std::move(kept))) {
    block.Wipe(part);
    if (part.begin >= last_kept) first_gone = std::min(first_gone, part.begin);
  }
  return first_gone;
}

// Rewrites the resolution where there are tags for it.
void SetResolution(Block& block, size_t directory, const Resolution& resolution) {
  Entry x, y, unit;
  block.ForEach(directory, [&](const Entry& entry) {
    if (entry.tag == kXResolution) x = entry;
    if (entry.tag == kYResolution) y = entry;
    if (entry.tag == kResolutionUnit) unit = entry;
  });
  const auto at_x = block.RationalAt(x), at_y = block.RationalAt(y);
  if (!resolution.known() || !at_x || !at_y) return;
  // One place for both numbers, as some writers have it.
  if (*at_x == *at_y && resolution.x != resolution.y) return;
  const uint16_t number = resolution.unit == Resolution::Unit::kInch   ? kInch
                          : resolution.unit == Resolution::Unit::kNone ? kNoUnit
                                                                       : kCentimetre;
  if (unit.tag == 0 && number != kInch) return;  // inches are what no unit means
  if (unit.tag != 0) block.MakeShort(unit, number);
  for (const auto& [at, value] : {std::pair{*at_x, resolution.x}, {*at_y, resolution.y}}) {
    const auto rational = Rational(value);
    block.Set32(at, rational[0]);
    block.Set32(at + 4, rational[1]);
  }
}

}  // namespace

int ExifOrientation(std::span<const uint8_t> exif) {
  exif = WithoutPrefix(exif);
  // Only read through; the one class serves reading and patching.
  const Block block({const_cast<uint8_t*>(exif.data()), exif.size()});
  if (!block.valid()) return 0;
  const size_t directory = block.Get32(4);
  int orientation = 0;
  // A table that is cut short is read as far as it goes: out-of-range reads give 0.
  if (directory < 8 || directory >= exif.size()) return 0;
  block.ForEach(directory, [&](const Entry& entry) {
    if (entry.tag != kOrientation || entry.count != 1 || orientation != 0) return;
    const auto value = block.Number(entry);
    if (value && *value >= 1 && *value <= 8) orientation = static_cast<int>(*value);
  });
  return orientation;
}

Resolution ExifResolution(std::span<const uint8_t> exif) {
  exif = WithoutPrefix(exif);
  // Only read through, as above.
  const Block block({const_cast<uint8_t*>(exif.data()), exif.size()});
  if (!block.valid()) return {};
  const size_t directory = block.Get32(4);
  if (!block.Table(directory)) return {};
  double x = 0, y = 0;
  uint32_t unit = kInch;
  block.ForEach(directory, [&](const Entry& entry) {
    if (entry.tag == kResolutionUnit) unit = block.Number(entry).value_or(0);
    if (entry.tag != kXResolution && entry.tag != kYResolution) return;
    const auto at = block.RationalAt(entry);
    const uint32_t below = at ? block.Get32(*at + 4) : 0;
    if (below != 0)
      (entry.tag == kXResolution ? x : y) = static_cast<double>(block.Get32(*at)) / below;
  });
  switch (unit) {
    case kInch:
      return MakeResolution(x, y, Resolution::Unit::kInch);
    case kCentimetre:
      return MakeResolution(x, y, Resolution::Unit::kCentimetre);
    case kNoUnit:
      return MakeResolution(x, y, Resolution::Unit::kNone);
    default:
      return {};
  }
}

std::vector<uint8_t> ExifOfResolution(const Resolution& resolution) {
  if (!resolution.known() || resolution.unit == Resolution::Unit::kNone) return {};
  // One directory of three entries at 8, its link at 46, and behind it the two numbers.
  std::vector<uint8_t> data = {'I', 'I', '*', 0, 8, 0, 0, 0, 3, 0};
  data.resize(66);
  Block block(data);
  const auto entry = [&](size_t index, uint16_t tag, uint16_t type, uint32_t value) {
    const size_t at = 10 + index * kEntryBytes;
    block.Set16(at, tag);
    block.Set16(at + 2, type);
    block.Set32(at + 4, 1);
    block.Set32(at + 8, value);
  };
  entry(0, kXResolution, kRational, 50);
  entry(1, kYResolution, kRational, 58);
  entry(2, kResolutionUnit, kShort,
        resolution.unit == Resolution::Unit::kInch ? kInch : kCentimetre);
  size_t at = 50;
  for (const double side : {resolution.x, resolution.y}) {
    for (const uint32_t v : Rational(side)) {
      block.Set32(at, v);
      at += 4;
    }
  }
  return data;
}

std::vector<uint8_t> UpdateExif(std::span<const uint8_t> exif, int width, int height,
                                const Resolution& resolution) {
  exif = WithoutPrefix(exif);
  std::vector<uint8_t> data(exif.begin(), exif.end());
  Block block(data);
  if (!block.valid()) return {};
  const size_t first = block.Get32(4);
  if (!block.Table(first)) return {};

  // Directories reached from the first; each is visited once, whatever the pointers say.
  std::vector<size_t> directories = {first};
  std::vector<Range> kept = {{0, 8}};
  const auto w = static_cast<uint32_t>(width), h = static_cast<uint32_t>(height);
  for (size_t i = 0; i < directories.size(); ++i) {
    const auto table = block.Table(directories[i]);
    if (!table) continue;
    kept.push_back(*table);
    block.ForEach(directories[i], [&](const Entry& entry) {
      if (const auto values = block.Values(entry)) kept.push_back(*values);
      switch (entry.tag) {
        case kOrientation:
          block.MakeShort(entry, 1);
          break;
        case kImageWidth:
        case kPixelXDimension:
          block.SetNumber(entry, w);
          break;
        case kImageLength:
        case kPixelYDimension:
          block.SetNumber(entry, h);
          break;
        case kExifDirectory:
        case kGpsDirectory:
        case kInteropDirectory: {
          const size_t next = block.Number(entry).value_or(0);
          const bool known =
              std::find(directories.begin(), directories.end(), next) != directories.end();
          if (next != 0 && !known && directories.size() < 8) directories.push_back(next);
          break;
        }
        default:
          break;
      }
    });
  }
  SetResolution(block, first, resolution);
  data.resize(DropThumbnail(block, first, std::move(kept)));
  // Directories that overlap can undo each other's changes.
  if (ExifOrientation(data) > 1) data.clear();
  return data;
}

}  // namespace peel
