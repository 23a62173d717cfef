#include "src/library/metadata/tiff_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#include "src/base/checked.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {
namespace {

enum Type : uint16_t {
  kByte = 1,
  kAscii = 2,
  kShort = 3,
  kLong = 4,
  kRational = 5,
  kSignedByte = 6,
  kUndefined = 7,
  kSignedShort = 8,
  kSignedLong = 9,
  kSignedRational = 10,
  kFloat = 11,
  kDouble = 12,
  kIfd = 13,
  kLong8 = 16,
  kSignedLong8 = 17,
  kIfd8 = 18,
};

constexpr size_t kMaxDirectories = 100;
constexpr uint64_t kMaxEntries = 4096;
constexpr uint64_t kMaxText = 65536;

}  // namespace

uint64_t TiffReader::TypeBytes(uint16_t type) {
  constexpr std::array<uint8_t, 19> kBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                              8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

std::optional<TiffReader> TiffReader::Open(Part part) {
  const auto header = part.ViewUpTo(0, 16);
  if (header.size() < 8) return {};
  const bool little = header[0] == 'I' && header[1] == 'I';
  if (!little && (header[0] != 'M' || header[1] != 'M')) return {};
  TiffReader reader(part, little);
  const uint64_t magic = reader.Get(header, 2, 2);
  // Olympus' "RO", "RS" and "OR" are letters and turn with the byte order.
  const bool classic = magic == 42 || magic == 0x55 || magic == 0x4F52 || magic == 0x5352;
  if (classic) {
    reader.first_ = reader.Get(header, 4, 4);
    return reader;
  }
  if (magic != 43 || header.size() < 16 || reader.Get(header, 4, 2) != 8) return {};
  reader.big_ = true;
  reader.first_ = reader.Get(header, 8, 8);
  return reader;
}

uint64_t TiffReader::Get(std::span<const uint8_t> bytes, size_t at, size_t size) const {
  uint64_t value = 0;
  if (at > bytes.size() || size > bytes.size() - at) return 0;
  for (size_t i = 0; i < size; ++i) {
    value = value << 8 | bytes[at + (little_ ? size - 1 - i : i)];
  }
  return value;
}

std::optional<std::vector<TiffEntry>> TiffReader::Read(uint64_t directory, uint64_t* next) {
  if (next != nullptr) *next = 0;
  HeaderReader* const reader = part_.reader();
  if (directory == 0 || reader == nullptr || !reader->Step()) return {};
  if (std::find(seen_.begin(), seen_.end(), directory) != seen_.end()) {
    reader->Warn("directories of EXIF or TIFF point to each other in a circle");
    return {};
  }
  if (seen_.size() >= kMaxDirectories) {
    reader->Warn("there are more than 100 directories of EXIF or TIFF; the others are left out");
    return {};
  }
  seen_.push_back(directory);
  const size_t head = big_ ? 8 : 2, size = big_ ? 20 : 12, inside = big_ ? 8 : 4;
  const auto count_bytes = part_.View(directory, head);
  if (count_bytes.empty()) {
    reader->Warn("a directory of EXIF or TIFF lies outside of its block");
    return {};
  }
  uint64_t count = Get(count_bytes, 0, head);
  if (count > kMaxEntries) {
    reader->Warn("a directory of EXIF or TIFF is damaged");
    return {};
  }
  // A table that is cut off is read as far as it goes.
  const auto table = part_.ViewUpTo(directory + head, count * size + inside);
  if (table.size() < count * size) {
    reader->Warn("a directory of EXIF or TIFF is cut off");
    count = table.size() / size;
  } else if (next != nullptr && table.size() == count * size + inside) {
    *next = Get(table, count * size, inside);
  }
  std::vector<TiffEntry> entries;
  entries.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t at = i * size;
    TiffEntry entry;
    entry.tag = static_cast<uint16_t>(Get(table, at, 2));
    entry.type = static_cast<uint16_t>(Get(table, at + 2, 2));
    entry.count = Get(table, at + 4, inside);
    const uint64_t element = TypeBytes(entry.type);
    if (element == 0 || entry.count == 0) continue;
    const auto bytes = CheckedMul(entry.count, element);
    entry.at = bytes && *bytes <= inside ? directory + head + at + 4 + inside
                                         : Get(table, at + 4 + inside, inside);
    if (!bytes || entry.at > part_.size() || *bytes > part_.size() - entry.at) {
      reader->Warn("a value of EXIF or TIFF lies outside of its block");
      continue;
    }
    entries.push_back(entry);
  }
  return entries;
}

std::optional<double> TiffReader::Number(const TiffEntry& entry, uint64_t index) const {
  const uint64_t size = TypeBytes(entry.type);
  if (index >= entry.count || size == 0) return {};
  const auto bytes = part_.View(entry.at + index * size, size);
  if (bytes.empty()) return {};
  const auto word = [&](size_t at) { return static_cast<uint32_t>(Get(bytes, at, 4)); };
  const uint64_t raw = Get(bytes, 0, std::min<uint64_t>(size, 8));
  double value = 0;
  switch (entry.type) {
    case kByte:
    case kUndefined:
    case kShort:
    case kLong:
    case kIfd:
    case kLong8:
    case kIfd8:
      return static_cast<double>(raw);
    case kSignedByte:
      return static_cast<int8_t>(raw);
    case kSignedShort:
      return static_cast<int16_t>(raw);
    case kSignedLong:
      return static_cast<int32_t>(raw);
    case kSignedLong8:
      return static_cast<double>(static_cast<int64_t>(raw));
    case kRational:
      if (word(4) == 0) return {};
      return static_cast<double>(word(0)) / word(4);
    case kSignedRational:
      if (word(4) == 0) return {};
      return static_cast<double>(static_cast<int32_t>(word(0))) / static_cast<int32_t>(word(4));
    case kFloat:
      value = std::bit_cast<float>(static_cast<uint32_t>(raw));
      break;
    case kDouble:
      value = std::bit_cast<double>(raw);
      break;
    default:
      return {};
  }
  if (!std::isfinite(value)) return {};
  return value;
}

std::optional<int64_t> TiffReader::Integer(const TiffEntry& entry, uint64_t index) const {
  const auto value = Number(entry, index);
  if (!value || std::abs(*value) > 9e15) return {};
  return static_cast<int64_t>(*value);
}

std::span<const uint8_t> TiffReader::Bytes(const TiffEntry& entry, uint64_t most) const {
  return part_.View(entry.at, std::min(entry.count * TypeBytes(entry.type), most));
}

std::string TiffReader::Text(const TiffEntry& entry) const {
  if (entry.type != kAscii && entry.type != kByte && entry.type != kUndefined &&
      entry.type != kSignedByte) {
    return {};
  }
  const auto bytes = Bytes(entry, kMaxText);
  return CleanText({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace peel::library
