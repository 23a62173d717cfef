#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/exif_block.h"
#include "src/codec/metadata/iptc.h"

namespace peel {
namespace {

using namespace exif;  // NOLINT(google-build-using-namespace): this file is its insides

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxEntries = 512;
constexpr size_t kMaxDirectories = 8;

// Builds a new block. Directories are copied entry by entry; values that lie elsewhere follow their
// directory.
class Copier {
 public:
  // descriptive: of the first directory only what describes the photo, and not a file.
  Copier(std::span<const uint8_t> tiff, bool descriptive)
      // Only read through; the one class serves reading and patching.
      : from_({const_cast<uint8_t*>(tiff.data()), tiff.size()}),
        tiff_(tiff),
        descriptive_(descriptive) {}

  // Without the entries at these places of the old block.
  std::vector<uint8_t> Run(std::vector<size_t> left_out, size_t max_bytes) {
    left_out_ = std::move(left_out);
    max_bytes_ = max_bytes;
    copied_.clear();
    if (!from_.valid()) return {};
    out_.assign(tiff_.begin(), tiff_.begin() + 8);
    const size_t first = from_.Get32(4);
    visited_ = {first};
    if (!from_.Table(first)) return {};
    Patch32(4, 8);
    if (!Copy(first, 0) || Empty(8)) return {};
    return std::move(out_);
  }

  // Bytes that the last run copied, or had copied when the space ran out.
  const std::vector<Entry>& copied() const { return copied_; }

 private:
  bool Empty(size_t directory) {
    const Block made(out_);
    return made.Get16(directory) == 0;
  }
  void Patch16(size_t at, uint16_t v) { Block(out_).Set16(at, v); }
  void Patch32(size_t at, uint32_t v) { Block(out_).Set32(at, v); }

  bool Wanted(const Entry& entry, int depth) const {
    if (std::ranges::find(left_out_, entry.at) != left_out_.end()) return false;
    if (IsPointer(entry.tag)) {
      // A pointer to a directory that is not there is left out.
      const size_t to = from_.Number(entry).value_or(0);
      return depth <= 1 && from_.Table(to) && std::ranges::find(visited_, to) == visited_.end();
    }
    if (depth == 0 && descriptive_ && !IsDescriptive(entry.tag)) return false;
    const uint64_t bytes = entry.count * uint64_t{TypeBytes(entry.type)};
    const auto values = from_.Values(entry);
    return bytes > 0 && (bytes <= 4 || (values && values->end - values->begin == bytes));
  }

  bool Copy(size_t directory, int depth) {
    std::vector<Entry> entries;
    from_.ForEach(directory, [&](const Entry& entry) {
      if (entries.size() >= kMaxEntries || !Wanted(entry, depth)) return;
      if (IsPointer(entry.tag)) {
        if (visited_.size() >= kMaxDirectories) return;
        visited_.push_back(*from_.Number(entry));
      }
      entries.push_back(entry);
    });
    copied_.insert(copied_.end(), entries.begin(), entries.end());
    const size_t at = out_.size();
    const size_t end = at + 2 + entries.size() * kEntryBytes + 4;
    if (end > max_bytes_) return false;
    out_.resize(end, 0);
    Patch16(at, static_cast<uint16_t>(entries.size()));
    bool fits = true;
    for (size_t i = 0; i < entries.size(); ++i) {
      const size_t to = at + 2 + i * kEntryBytes;
      std::copy_n(tiff_.begin() + static_cast<ptrdiff_t>(entries[i].at), kEntryBytes,
                  out_.begin() + static_cast<ptrdiff_t>(to));
      if (out_.size() % 2 != 0) out_.push_back(0);
      if (IsPointer(entries[i].tag)) {
        Patch32(to + 8, static_cast<uint32_t>(out_.size()));
        fits &= Copy(*from_.Number(entries[i]), depth + 1);
      } else if (const auto values = from_.Values(entries[i])) {
        if (out_.size() + (values->end - values->begin) > max_bytes_) {
          fits = false;
          continue;
        }
        Patch32(to + 8, static_cast<uint32_t>(out_.size()));
        out_.insert(out_.end(), tiff_.begin() + static_cast<ptrdiff_t>(values->begin),
                    tiff_.begin() + static_cast<ptrdiff_t>(values->end));
      }
    }
    return fits;
  }

  Block from_;
  std::span<const uint8_t> tiff_;
  bool descriptive_;
  std::vector<size_t> left_out_;
  size_t max_bytes_ = kMaxBytes;
  std::vector<size_t> visited_;  // a directory that is pointed to twice is copied once
  std::vector<Entry> copied_;
  std::vector<uint8_t> out_;
};

// By its name, where it is one of those that grow large.
std::string NameOf(uint16_t tag) {
  constexpr std::array<std::pair<uint16_t, const char*>, 8> kNames = {{{0x010E, "ImageDescription"},
                                                                       {0x013B, "Artist"},
                                                                       {0x8298, "Copyright"},
                                                                       {0x9286, "UserComment"},
                                                                       {kMakerNote, "maker notes"},
                                                                       {0x9C9C, "XPComment"},
                                                                       {0x9C9E, "XPKeywords"},
                                                                       {0xEA1C, "Padding"}}};
  for (const auto& [number, name] : kNames) {
    if (number == tag) return name;
  }
  char text[32];
  std::snprintf(text, sizeof(text), "tag 0x%04X", tag);
  return text;
}

}  // namespace

std::vector<uint8_t> ExifFromTiff(std::span<const uint8_t> tiff) {
  if (tiff.size() < 8) return {};
  return Copier(tiff, /*descriptive=*/true).Run({}, kMaxBytes);
}

std::vector<uint8_t> IptcFromTiff(std::span<const uint8_t> tiff) {
  // Only read through, as above.
  const Block block({const_cast<uint8_t*>(tiff.data()), tiff.size()});
  if (!block.valid() || !block.Table(block.Get32(4))) return {};
  std::vector<uint8_t> iptc, photoshop;
  block.ForEach(block.Get32(4), [&](const Entry& entry) {
    const auto values = block.Values(entry);
    if (!values || (entry.tag != kIptc && entry.tag != kPhotoshop)) return;
    const auto begin = tiff.begin() + static_cast<ptrdiff_t>(values->begin);
    const auto end = tiff.begin() + static_cast<ptrdiff_t>(values->end);
    (entry.tag == kIptc ? iptc : photoshop).assign(begin, end);
  });
  return !iptc.empty() ? iptc : IptcFromPhotoshop(photoshop);
}

std::vector<uint8_t> ShrinkExif(std::span<const uint8_t> exif, size_t max_bytes,
                                std::string* left_out) {
  constexpr int kMostLeftOut = 32;
  left_out->clear();
  if (exif.size() < 8) return {};
  const Block block({const_cast<uint8_t*>(exif.data()), exif.size()});
  const auto size_of = [](const Entry& entry) {
    return IsPointer(entry.tag) ? 0 : entry.count * uint64_t{TypeBytes(entry.type)};
  };
  Copier copier(exif, /*descriptive=*/false);
  std::vector<size_t> gone;
  std::vector<uint8_t> out = copier.Run(gone, max_bytes);
  const auto leave_out = [&](const Entry& entry) {
    gone.push_back(entry.at);
    const std::string name = NameOf(entry.tag);
    if (left_out->find(name) != std::string::npos) return;
    *left_out += (left_out->empty() ? "" : ", ") + name;
  };
  const std::vector<Entry> first = copier.copied();
  for (const Entry& entry : first) {
    if (entry.tag == kMakerNote && gone.size() < kMostLeftOut) leave_out(entry);
  }
  if (!gone.empty()) out = copier.Run(gone, max_bytes);
  while (out.empty() && gone.size() < kMostLeftOut) {
    const std::vector<Entry>& copied = copier.copied();
    const auto largest = std::ranges::max_element(copied, {}, size_of);
    if (largest == copied.end() || size_of(*largest) <= 4) return {};
    leave_out(Entry(*largest));
    out = copier.Run(gone, max_bytes);
  }
  return out;
}

}  // namespace peel
