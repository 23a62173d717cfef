#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "src/pipeline/folder/folder_listing.h"
#include "src/pipeline/folder/manifest.h"

namespace peel {

// Whether this is a name that results get ("x.cut.png", "x.mask.webp", "x.rect.jpg"). Pictures may
// have such names for other reasons.
bool LooksLikeOutput(std::string_view file_name);

// Tells Peel's own results from pictures that happen to have a name like theirs.
class OwnResults {
 public:
  // Why the file, whose name LooksLikeOutput, counts as Peel's own result, as a sentence's end: a
  // manifest in its folder or in one above says so, or a picture lies beside it that it would be
  // the result of. "" where neither is so. `listing` of the file's folder saves reading it.
  std::string Reason(const std::string& path, const FolderListing* listing = nullptr);

 private:
  bool IsInManifest(const std::string& path);
  // Looks into a folder's manifest once; null where it has none.
  std::map<std::string, std::unique_ptr<Manifest>> manifests_;
};

}  // namespace peel
