#include "src/codec/tiff/tiff_directories.h"

#include <cstring>
#include <unordered_set>

namespace peel {
namespace {

constexpr uint64_t kPhotometric = 262;
constexpr uint64_t kShort = 3;

// Numbers at places that the caller has checked.
class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, bool big_end) : bytes_(bytes), big_end_(big_end) {}

  bool Holds(uint64_t at, uint64_t size) const {
    return size <= bytes_.size() && at <= bytes_.size() - size;
  }
  uint64_t Get(uint64_t at, size_t size) const {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const uint64_t byte = bytes_[static_cast<size_t>(at) + i];
      value |= byte << 8 * (big_end_ ? size - 1 - i : i);
    }
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  bool big_end_;
};

}  // namespace

std::vector<TiffDirectory> WalkTiffDirectories(std::span<const uint8_t> bytes, size_t most) {
  std::vector<TiffDirectory> found;
  if (bytes.size() < 8 || (bytes[0] != 'I' && bytes[0] != 'M')) return found;
  const Reader file(bytes, bytes[0] == 'M');
  const bool large = file.Get(2, 2) == 43;
  if (large && bytes.size() < 16) return found;
  // Sizes of a count of entries, of an entry, and of an offset.
  const size_t count_size = large ? 8 : 2, entry_size = large ? 20 : 12,
               offset_size = large ? 8 : 4;
  uint64_t at = large ? file.Get(8, 8) : file.Get(4, 4);
  std::unordered_set<uint64_t> seen;
  while (at != 0 && found.size() < most && file.Holds(at, count_size) && seen.insert(at).second) {
    const uint64_t count = file.Get(at, count_size), entries = at + count_size;
    if (count == 0 || count > bytes.size() / entry_size ||
        !file.Holds(entries, count * entry_size)) {
      break;
    }
    TiffDirectory directory;
    directory.offset = at;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t entry = entries + i * entry_size;
      const uint64_t tag = file.Get(entry, 2);
      if (tag == kPhotometric && file.Get(entry + 2, 2) == kShort) {
        directory.photometric = static_cast<int>(file.Get(entry + (large ? 12 : 8), 2));
        break;
      }
      if (i >= 64) break;  // far behind where the tag would stand
    }
    found.push_back(directory);
    const uint64_t next = entries + count * entry_size;
    at = file.Holds(next, offset_size) ? file.Get(next, offset_size) : 0;
  }
  return found;
}

}  // namespace peel
