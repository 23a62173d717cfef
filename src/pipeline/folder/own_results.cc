#include "src/pipeline/folder/own_results.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "src/base/lower.h"
#include "src/pipeline/folder/film_files.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// What may stand before ".cut.png": "x" of x.cut.png, and of x-001.cut.png (a frame) "x-001" and
// "x".
std::vector<std::string> SourceStems(std::string_view file_name) {
  const fs::path name(file_name);
  std::string stem = name.stem().stem().string();
  std::vector<std::string> stems = {stem};
  const size_t end = stem.find_last_not_of("0123456789");
  if (end != std::string::npos && end > 0 && stem[end] == '-' && stem.size() - end > 3) {
    stems.push_back(stem.substr(0, end));
  }
  return stems;
}

// The picture or film in the folder that the file would be the result of.
std::optional<std::string> SourceBeside(const fs::path& file, const FolderListing& listing) {
  const std::string file_name = file.filename().string();
  for (const std::string& stem : SourceStems(file_name)) {
    // A picture without extension, or one whose result kept it (x.heic.cut.png).
    const size_t same = listing.LowerBound(stem);
    if (same < listing.size() && listing.Name(same) == stem &&
        IsPictureFile((file.parent_path() / stem).string())) {
      return stem;
    }
    const std::string start = stem + ".";
    for (size_t at = listing.LowerBound(start); at < listing.size(); ++at) {
      const std::string_view name = listing.Name(at);
      if (!name.starts_with(start)) break;
      if (listing.TypeOf(at) == FolderListing::Type::kFolder || name == file_name) continue;
      if ((HasPictureExtension(name) || HasFilmExtension(name)) && fs::path(name).stem() == stem) {
        return std::string(name);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

bool LooksLikeOutput(std::string_view file_name) {
  static constexpr std::array<std::string_view, 12> kWritten = {".png",  ".webp", ".jpg",  ".jpeg",
                                                                ".avif", ".tif",  ".tiff", ".gif",
                                                                ".webm", ".mov",  ".mp4",  ".mkv"};
  const std::string lower = LowerAscii(file_name);
  const size_t dot = lower.rfind('.');
  if (dot == std::string::npos || dot == 0) return false;
  const std::string_view before = std::string_view{lower}.substr(0, dot);
  return (before.ends_with(".cut") || before.ends_with(".mask") || before.ends_with(".rect")) &&
         std::ranges::count(kWritten, std::string_view{lower}.substr(dot)) > 0;
}

bool OwnResults::IsInManifest(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  if (error) return false;
  for (fs::path folder = whole.parent_path();; folder = folder.parent_path()) {
    const auto [known, is_new] = manifests_.try_emplace(folder.string());
    if (is_new) {
      known->second = Manifest::OpenIfThere(folder.string());
    }
    Manifest* const manifest = known->second.get();
    if (manifest != nullptr && manifest->Knows(manifest->NameOf(whole.string()))) return true;
    if (!folder.has_relative_path()) return false;
  }
}

std::string OwnResults::Reason(const std::string& path, const FolderListing* listing) {
  if (IsInManifest(path)) return "is Peel's own result, as the record in its folder says";
  const fs::path place(path);
  const std::string name = place.filename().string();
  const FolderListing read =
      listing != nullptr
          ? FolderListing()
          : FolderListing::Read(place.has_parent_path() ? place.parent_path().string() : ".",
                                SourceStems(name).back());
  const auto source = SourceBeside(place, listing != nullptr ? *listing : read);
  if (!source) return "";
  return "has the name of Peel's result of " + *source + ", which lies beside it";
}

}  // namespace peel
