#include "src/codec/exif.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "src/codec/exif_block.h"

namespace peel {
namespace {

using namespace exif;  // NOLINT(google-build-using-namespace): this file is its insides

std::span<const uint8_t> WithoutPrefix(std::span<const uint8_t> exif) {
  if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) return exif.subspan(6);
  return exif;
}

// Removes the second directory and the pictures it points to. What may be cut off the end is cut
// off, what lies between other things is wiped. Returns the bytes that are left; 0 when the
// thumbnail overlaps what must be kept.
size_t DropThumbnail(Block& block, size_t directory, const std::vector<Range>& kept) {
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
  for (const Range& range : gone) {
    first_gone = std::min(first_gone, range.begin);
    for (const Range& keep : kept) {
      if (range.begin < keep.end && keep.begin < range.end) return 0;
    }
  }
  for (const Range& range : gone) block.Wipe(range);
  return first_gone >= last_kept ? first_gone : block.size();
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

std::vector<uint8_t> UpdateExif(std::span<const uint8_t> exif, int width, int height) {
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
  data.resize(DropThumbnail(block, first, kept));
  // Directories that overlap can undo each other's changes.
  if (ExifOrientation(data) > 1) data.clear();
  return data;
}

namespace {

// The digit of tiff:Orientation="6" or <tiff:Orientation>6</…, or npos.
size_t FindXmpOrientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    size_t skip = 0;
    if (rest.starts_with("=\"") || rest.starts_with("='")) skip = 2;
    if (rest.starts_with(">")) skip = 1;
    if (skip != 0 && rest.size() > skip && rest[skip] >= '0' && rest[skip] <= '9') {
      return at + kName.size() + skip;
    }
  }
  return std::string_view::npos;
}

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

int XmpOrientation(std::span<const uint8_t> xmp) {
  const size_t at = FindXmpOrientation(AsText(xmp));
  if (at == std::string_view::npos) return 0;
  const int value = xmp[at] - '0';
  return value >= 1 && value <= 8 ? value : 0;
}

std::vector<uint8_t> UpdateXmp(std::span<const uint8_t> xmp) {
  const std::string_view text = AsText(xmp);
  for (const std::string_view stale :
       {"xapGImg:image", "xmpGImg:image", "Container:Directory", "hdrgm:", "HDRGainMap",
        "GDepth:", "GImage:", "xmpNote:HasExtendedXMP", "GPano:"}) {
    if (text.find(stale) != std::string_view::npos) return {};
  }
  std::vector<uint8_t> out(xmp.begin(), xmp.end());
  const size_t at = FindXmpOrientation(text);
  if (at != std::string_view::npos) out[at] = '1';
  return out;
}

}  // namespace peel
