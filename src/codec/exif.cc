#include "src/codec/exif.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace peel {
namespace {

enum Tag : uint16_t {
  kImageWidth = 0x0100,
  kImageLength = 0x0101,
  kStripOffsets = 0x0111,
  kOrientation = 0x0112,
  kStripByteCounts = 0x0117,
  kJpegOffset = 0x0201,
  kJpegLength = 0x0202,
  kExifDirectory = 0x8769,
  kGpsDirectory = 0x8825,
  kPixelXDimension = 0xA002,
  kPixelYDimension = 0xA003,
  kInteropDirectory = 0xA005,
};

enum Type : uint16_t { kShort = 3, kLong = 4 };

constexpr size_t kEntryBytes = 12;

size_t TypeBytes(uint16_t type) {
  constexpr std::array<uint8_t, 14> kBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < kBytes.size() ? kBytes[type] : 0;
}

struct Entry {
  size_t at = 0;  // where the 12 bytes lie
  uint16_t tag = 0;
  uint16_t type = 0;
  uint32_t count = 0;
};

// A range of the block, clipped to it by whoever makes one.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// Reads and patches a block in either byte order. Every accessor checks its bounds.
class Block {
 public:
  explicit Block(std::span<uint8_t> data) : data_(data) {
    if (data.size() < 8) return;
    little_ = std::memcmp(data.data(), "II*\0", 4) == 0;
    valid_ = little_ || std::memcmp(data.data(), "MM\0*", 4) == 0;
  }

  bool valid() const { return valid_; }
  size_t size() const { return data_.size(); }

  uint16_t Get16(size_t at) const {
    if (at > data_.size() || data_.size() - at < 2) return 0;
    const unsigned a = data_[at], b = data_[at + 1];
    return static_cast<uint16_t>(little_ ? a | b << 8 : a << 8 | b);
  }
  uint32_t Get32(size_t at) const {
    const uint32_t a = Get16(at), b = Get16(at + 2);
    return little_ ? a | b << 16 : a << 16 | b;
  }
  void Set16(size_t at, uint16_t v) {
    if (at > data_.size() || data_.size() - at < 2) return;
    data_[at] = static_cast<uint8_t>(little_ ? v : v >> 8);
    data_[at + 1] = static_cast<uint8_t>(little_ ? v >> 8 : v);
  }
  void Set32(size_t at, uint32_t v) {
    Set16(at, static_cast<uint16_t>(little_ ? v : v >> 16));
    Set16(at + 2, static_cast<uint16_t>(little_ ? v >> 16 : v));
  }
  void Wipe(Range range) {
    std::fill(data_.begin() + static_cast<ptrdiff_t>(range.begin),
              data_.begin() + static_cast<ptrdiff_t>(range.end), uint8_t{0});
  }

  // The directory's table with its link, or nothing where it does not fit into the block.
  std::optional<Range> Table(size_t directory) const {
    if (directory < 8 || directory > data_.size() || data_.size() - directory < 2) return {};
    const size_t end = directory + 2 + Get16(directory) * kEntryBytes;
    // Some writers leave out the link of the last directory.
    if (end > data_.size()) return {};
    return Range{directory, std::min(end + 4, data_.size())};
  }
  template <typename F>
  void ForEach(size_t directory, F&& f) const {
    const int count = Get16(directory);
    for (int i = 0; i < count; ++i) {
      const size_t at = directory + 2 + static_cast<size_t>(i) * kEntryBytes;
      f(Entry{at, Get16(at), Get16(at + 2), Get32(at + 4)});
    }
  }
  size_t Link(size_t directory) const {
    return Get32(directory + 2 + Get16(directory) * kEntryBytes);
  }
  void SetLink(size_t directory, uint32_t v) {
    Set32(directory + 2 + Get16(directory) * kEntryBytes, v);
  }

  // Element `index` of a SHORT or LONG entry.
  std::optional<uint32_t> Number(const Entry& entry, uint32_t index = 0) const {
    if (index >= entry.count || (entry.type != kShort && entry.type != kLong)) return {};
    const size_t bytes = TypeBytes(entry.type);
    const size_t base = entry.count * uint64_t{bytes} <= 4 ? entry.at + 8 : Get32(entry.at + 8);
    const uint64_t at = base + index * uint64_t{bytes};
    if (at + bytes > data_.size()) return {};
    return entry.type == kShort ? Get16(at) : Get32(at);
  }
  // Rewrites an entry of one number.
  void SetNumber(const Entry& entry, uint32_t v) {
    if (entry.count != 1 || (entry.type != kShort && entry.type != kLong)) return;
    if (entry.type == kShort && v <= 0xFFFF) {
      Set16(entry.at + 8, static_cast<uint16_t>(v));
    } else {
      Set16(entry.at + 2, kLong);
      Set32(entry.at + 8, v);
    }
  }
  // Makes any entry one of one short number.
  void MakeShort(const Entry& entry, uint16_t v) {
    Set16(entry.at + 2, kShort);
    Set32(entry.at + 4, 1);
    Set16(entry.at + 8, v);
    Set16(entry.at + 10, 0);
  }
  // Where the values lie that do not fit into the entry.
  std::optional<Range> Values(const Entry& entry) const {
    const uint64_t bytes = entry.count * uint64_t{TypeBytes(entry.type)};
    if (bytes <= 4) return {};
    const uint64_t begin = Get32(entry.at + 8);
    if (begin >= data_.size()) return {};
    return Range{begin, std::min<uint64_t>(begin + bytes, data_.size())};
  }

 private:
  std::span<uint8_t> data_;
  bool little_ = false;
  bool valid_ = false;
};

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
