#include "src/pipeline/folder/folder_listing.h"

#include <algorithm>

namespace peel {
FolderListing FolderListing::Read(const std::string& folder, std::string_view prefix) {
  FolderListing list;
  list.error_ = ListFolder(folder, [&](std::string_view name, Type type) {
    if (name.starts_with('.') || !name.starts_with(prefix)) return;
    list.entries_.push_back({list.names_.size(), type});
    list.names_.append(name).push_back('\0');
  });
  std::ranges::sort(list.entries_, [&](const Entry& a, const Entry& b) {
    return std::string_view(list.names_.data() + a.start) <
           std::string_view(list.names_.data() + b.start);
  });
  return list;
}

size_t FolderListing::LowerBound(std::string_view name) const {
  const auto at = std::ranges::lower_bound(entries_, name, {}, [&](const Entry& entry) {
    return std::string_view(names_.data() + entry.start);
  });
  return static_cast<size_t>(at - entries_.begin());
}

}  // namespace peel
