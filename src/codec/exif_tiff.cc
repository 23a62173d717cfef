#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/codec/exif.h"
#include "src/codec/exif_block.h"

namespace peel {
namespace {

using namespace exif;  // NOLINT(google-build-using-namespace): this file is its insides

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxEntries = 512;

// Builds the new block. Directories are copied entry by entry; values that lie elsewhere follow
// their directory.
class Copier {
 public:
  explicit Copier(std::span<const uint8_t> tiff)
      // Only read through; the one class serves reading and patching.
      : from_({const_cast<uint8_t*>(tiff.data()), tiff.size()}), tiff_(tiff) {}

  std::vector<uint8_t> Run() {
    if (!from_.valid()) return {};
    out_.assign(tiff_.begin(), tiff_.begin() + 8);
    const size_t first = from_.Get32(4);
    if (!from_.Table(first)) return {};
    out_.resize(8);
    Patch32(4, 8);
    if (!Copy(first, 0) || Empty(8)) return {};
    return std::move(out_);
  }

 private:
  bool Empty(size_t directory) {
    const Block made(out_);
    return made.Get16(directory) == 0;
  }
  void Patch16(size_t at, uint16_t v) { Block(out_).Set16(at, v); }
  void Patch32(size_t at, uint32_t v) { Block(out_).Set32(at, v); }

  bool Copy(size_t directory, int depth) {
    std::vector<Entry> entries;
    from_.ForEach(directory, [&](const Entry& entry) {
      const bool wanted = IsPointer(entry.tag) ||
                          (depth == 0 ? IsDescriptive(entry.tag) : TypeBytes(entry.type) > 0);
      // A pointer to a directory that is not there is left out.
      if (!wanted || entries.size() >= kMaxEntries) return;
      if (IsPointer(entry.tag) && (depth > 1 || !from_.Table(from_.Number(entry).value_or(0)))) {
        return;
      }
      const uint64_t bytes = entry.count * uint64_t{TypeBytes(entry.type)};
      const auto values = from_.Values(entry);
      if (bytes == 0 || (bytes > 4 && (!values || values->end - values->begin != bytes))) return;
      entries.push_back(entry);
    });
    const size_t at = out_.size();
    const size_t end = at + 2 + entries.size() * kEntryBytes + 4;
    if (end > kMaxBytes) return false;
    out_.resize(end, 0);
    Patch16(at, static_cast<uint16_t>(entries.size()));
    for (size_t i = 0; i < entries.size(); ++i) {
      const size_t to = at + 2 + i * kEntryBytes;
      std::copy_n(tiff_.begin() + static_cast<ptrdiff_t>(entries[i].at), kEntryBytes,
                  out_.begin() + static_cast<ptrdiff_t>(to));
      if (out_.size() % 2 != 0) out_.push_back(0);
      if (IsPointer(entries[i].tag)) {
        Patch32(to + 8, static_cast<uint32_t>(out_.size()));
        if (!Copy(*from_.Number(entries[i]), depth + 1)) return false;
      } else if (const auto values = from_.Values(entries[i])) {
        if (out_.size() + (values->end - values->begin) > kMaxBytes) return false;
        Patch32(to + 8, static_cast<uint32_t>(out_.size()));
        out_.insert(out_.end(), tiff_.begin() + static_cast<ptrdiff_t>(values->begin),
                    tiff_.begin() + static_cast<ptrdiff_t>(values->end));
      }
    }
    return true;
  }

  Block from_;
  std::span<const uint8_t> tiff_;
  std::vector<uint8_t> out_;
};

}  // namespace

std::vector<uint8_t> ExifFromTiff(std::span<const uint8_t> tiff) {
  if (tiff.size() < 8) return {};
  return Copier(tiff).Run();
}

}  // namespace peel
