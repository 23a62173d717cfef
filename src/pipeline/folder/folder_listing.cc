#include "src/pipeline/folder/folder_listing.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace peel {
namespace {

FolderListing::Type TypeFrom(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FolderListing::Type::kFile;
    case DT_DIR:
      return FolderListing::Type::kFolder;
    case DT_LNK:
      return FolderListing::Type::kLink;
    case DT_UNKNOWN:
      return FolderListing::Type::kUnknown;
    default:
      return FolderListing::Type::kOther;
  }
}

}  // namespace

FolderListing FolderListing::Read(const std::string& folder, std::string_view prefix) {
  FolderListing list;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), closedir);
  if (open == nullptr) {
    list.error_ = errno;
    return list;
  }
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(open.get());
    if (entry == nullptr) {
      list.error_ = errno;
      break;
    }
    const std::string_view name = entry->d_name;
    if (name.starts_with('.') || !name.starts_with(prefix)) continue;
    list.entries_.push_back({list.names_.size(), TypeFrom(entry->d_type)});
    list.names_.append(name).push_back('\0');
  }
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
