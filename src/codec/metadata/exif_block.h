#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

// The insides of an EXIF block, which is a small TIFF file: shared by what reads and patches such
// blocks (exif.cc), takes one out of a TIFF (exif_tiff.cc) and writes TIFF files around one
// (tiff_encode.cc). Internal to src/codec.
namespace peel::exif {

// The tags that are read or written by name.
enum Tag : uint16_t {
  kImageWidth = 0x0100,
  kImageLength = 0x0101,
  kStripOffsets = 0x0111,
  kOrientation = 0x0112,
  kStripByteCounts = 0x0117,
  kXResolution = 0x011A,
  kYResolution = 0x011B,
  kResolutionUnit = 0x0128,
  kJpegOffset = 0x0201,
  kJpegLength = 0x0202,
  kIptc = 0x83BB,
  kPhotoshop = 0x8649,
  kExifDirectory = 0x8769,
  kGpsDirectory = 0x8825,
  kFocalLength = 0x920A,
  kMakerNote = 0x927C,
  kPixelXDimension = 0xA002,
  kPixelYDimension = 0xA003,
  kInteropDirectory = 0xA005,
  kFocalPlaneXResolution = 0xA20E,
  kFocalPlaneUnit = 0xA210,
  kFocalLength35mm = 0xA405,
};

// The types that are written.
enum Type : uint16_t { kShort = 3, kLong = 4, kRational = 5 };

// Values of kResolutionUnit.
inline constexpr uint16_t kNoUnit = 1, kInch = 2, kCentimetre = 3;

// Of a first directory what describes the photo and not how its pixels lie in the file: document
// name, description, maker, model, resolution and its unit, software, date, artist, host,
// copyright, ratings and Windows' own texts.
inline bool IsDescriptive(uint16_t tag) {
  constexpr std::array<uint16_t, 19> kTags = {
      0x010D, 0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B,
      0x013C, 0x4746, 0x4749, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F};
  return std::find(kTags.begin(), kTags.end(), tag) != kTags.end();
}

// Entries whose value is where another directory lies.
inline bool IsPointer(uint16_t tag) {
  return tag == kExifDirectory || tag == kGpsDirectory || tag == kInteropDirectory;
}

inline constexpr size_t kEntryBytes = 12;

inline size_t TypeBytes(uint16_t type) {
  constexpr std::array<uint8_t, 14> kBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < kBytes.size() ? kBytes[type] : 0;
}

struct Entry {
  size_t at = 0;  // where the 12 bytes lie
  uint16_t tag = 0;
  uint16_t type = 0;
  uint32_t count = 0;
};

// A range of the block, clipped to it when it is made.
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
  // Where the eight bytes of a lone RATIONAL lie.
  std::optional<size_t> RationalAt(const Entry& entry) const {
    if (entry.type != kRational || entry.count != 1) return {};
    const size_t at = Get32(entry.at + 8);
    if (at < 8 || at > data_.size() || data_.size() - at < 8) return {};
    return at;
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

}  // namespace peel::exif
