#include "src/library/sidecar_files.h"

#include <algorithm>
#include <utility>

#include "src/base/hash.h"

namespace peel::library {

SidecarFiles::SidecarFiles(const InputTable* found) : found_(found) {
  entries_.reserve(found->size());
  for (size_t i = 0; i < found->size(); ++i) {
    const std::string path = (*found)[i].path;
    entries_.push_back({Hash64(WithoutXmp(path)), static_cast<uint32_t>(i)});
  }
  std::ranges::sort(entries_, [&](const Entry& a, const Entry& b) {
    if (a.stem != b.stem) return a.stem < b.stem;
    return SidecarRank(found->NameOf(a.number)) < SidecarRank(found->NameOf(b.number));
  });
}

std::string SidecarFiles::Find(std::string_view stem) const {
  const uint64_t hash = Hash64(stem);
  for (auto it = std::ranges::lower_bound(entries_, hash, {}, &Entry::stem);
       it != entries_.end() && it->stem == hash; ++it) {
    std::string path = (*found_)[it->number].path;
    if (WithoutXmp(path) == stem) return path;
  }
  return {};
}

SidecarFile SidecarFiles::Of(std::string_view picture) const {
  if (entries_.empty()) return {};
  if (std::string path = Find(picture); !path.empty()) return {std::move(path), false};
  const std::string_view stem = StemOf(picture);
  if (stem.size() == picture.size()) return {};
  if (std::string path = Find(stem); !path.empty()) return {std::move(path), true};
  return {};
}

}  // namespace peel::library
