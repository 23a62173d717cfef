#include "src/pipeline/folder/inputs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "src/base/hash.h"
#include "src/base/lower.h"
#include "src/base/os/file.h"
#include "src/codec/sniff.h"
#include "src/pipeline/folder/film_files.h"
#include "src/pipeline/folder/flat_table.h"
#include "src/pipeline/folder/folder_listing.h"
#include "src/pipeline/folder/own_results.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// Pictures without an extension, or with a wrong one, are still pictures.
bool HasPictureContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1024> head;
  file.read(head.data(), head.size());
  const auto got = static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0));
  return IsDecodable(Sniff({reinterpret_cast<const uint8_t*>(head.data()), got}));
}

// Tells folders apart whatever they are called.
using FolderId = std::pair<uint64_t, uint64_t>;

class Expander {
 public:
  Expander(bool recursive, InputKind kind) : recursive_(recursive), kind_(kind) {}

  void Add(const std::string& name) {
    std::error_code error;
    if (name == "-") {
      if (!std::exchange(stdin_seen_, true)) list_.inputs.Add(name, "");
    } else if (fs::is_directory(name, error)) {
      AddFolder(name);
    } else if (!fs::exists(name, error) && name.find_first_of("*?[") != std::string::npos) {
      AddPattern(name);
    } else {
      AddPath(name);  // one that is not there is reported where it is read
    }
  }

  InputList Take() {
    following_ = true;  // links_ grows while links inside of linked folders are met
    for (size_t i = 0; i < links_.size(); ++i) Follow(Link(links_[i]));
    for (const Root& root : roots_) {
      if (root.found) continue;
      Fail(root.path, "",
           NotFound(root.path + (films() ? ": no film" : ": no picture") + " in this folder" +
                    (recursive_ ? "" : "; with --recursive its sub-folders count too")));
    }
    return std::move(list_);
  }

 private:
  struct Root {
    std::string path;
    bool found = false;  // a picture, or something else that is told
  };
  struct Link {
    std::string path, subfolder;
    size_t root;
  };
  struct Seen {
    uint32_t tag = 0, number = 0;  // in list_.inputs, from 1
    bool empty() const { return number == 0; }
    uint64_t hash() const { return tag; }
  };

  bool films() const { return kind_ == InputKind::kFilms; }
  bool HasExtension(const std::string& name) const {
    return films() ? HasFilmExtension(name) : HasPictureExtension(name);
  }
  bool HasContent(const std::string& path) const {
    return films() ? IsFilmFile(path) : HasPictureContent(path);
  }

  void Fail(const std::string& path, const std::string& subfolder, Status status) {
    list_.errors.push_back({{path, subfolder}, std::move(status)});
  }
  void PassOver(const std::string& path, const std::string& subfolder, std::string reason) {
    list_.passed_over.push_back({{path, subfolder}, std::move(reason)});
  }

  // One name for a folder however it is spelled. `folder` ends with a slash or is "".
  const std::string& Canonical(const std::string& folder) {
    if (folder != last_folder_ || last_canonical_ == nullptr) {
      const auto [known, is_new] = canonical_.try_emplace(folder);
      if (is_new) {
        std::error_code error;
        const fs::path place = fs::weakly_canonical(folder.empty() ? "." : folder, error);
        known->second = error ? folder : (place / "").string();
      }
      last_folder_ = folder;
      last_canonical_ = &known->second;
    }
    return *last_canonical_;
  }

  void AddPath(const std::string& path) {
    const size_t name = path.rfind('/') + 1;  // npos + 1 is 0
    AddFile(path.substr(0, name), path.substr(name), "");
  }

  void AddFile(const std::string& folder, const std::string& name, const std::string& subfolder) {
    const std::string& place = Canonical(folder);
    const auto tag = static_cast<uint32_t>(Hash64(name, Hash64(place)));
    const bool known = seen_.Find(tag, [&](const Seen& seen) {
      return list_.inputs.NameOf(seen.number - 1) == name &&
             Canonical(list_.inputs.FolderOf(seen.number - 1)) == place;
    }) != nullptr;
    if (known) return;
    list_.inputs.Add(folder + name, subfolder);
    seen_.Insert({tag, static_cast<uint32_t>(list_.inputs.size())});
  }

  void AddPattern(const std::string& pattern) {
    const bool any = MatchPattern(pattern, [&](const std::string& path) {
      std::error_code error;
      if (!fs::is_directory(path, error) && !IsOwn(path, "", nullptr)) AddPath(path);
    });
    if (!any) Fail(pattern, "", NotFound(pattern + ": no file matches this pattern"));
  }

  bool IsOwn(const std::string& path, const std::string& subfolder, const FolderListing* listing) {
    if (!LooksLikeOutput(fs::path(path).filename().string())) return false;
    if (own_.Reason(path, listing).empty()) return false;
    list_.own_results.Add(path, subfolder);
    return true;
  }

  void AddFolder(const std::string& path) {
    roots_.push_back({path});
    Walk(path.ends_with('/') ? path : path + "/", "", roots_.size() - 1);
  }

  static std::optional<FolderId> IdOf(const std::string& path) {
    const auto info = InfoOf(path);
    return info ? std::optional(FolderId(info->device, info->number)) : std::nullopt;
  }

  // `folder` ends with a slash.
  void Walk(const std::string& folder, const std::string& subfolder, size_t root) {
    if (const auto id = IdOf(folder)) walked_.insert(*id);
    const FolderListing listing = FolderListing::Read(folder);
    if (listing.error() != 0) {
      roots_[root].found = true;
      const std::string shown = folder.substr(0, folder.size() - 1);
      Fail(shown, subfolder,
           IoError(shown + ": cannot list this folder (" +
                   std::generic_category().message(listing.error()) + ")"));
    }
    for (size_t i = 0; i < listing.size(); ++i) {
      const std::string name = listing.Name(i), path = folder + name;
      FolderListing::Type type = listing.TypeOf(i);
      const bool link = type == FolderListing::Type::kLink ||
                        (type == FolderListing::Type::kUnknown && IsLink(path));
      if (link || type == FolderListing::Type::kUnknown) type = TypeBehind(path);
      switch (type) {
        case FolderListing::Type::kFolder: {
          if (!recursive_) break;
          const std::string below = subfolder.empty() ? name : subfolder + "/" + name;
          if (link) {
            links_.push_back({path, below, root});
          } else if (const auto id = IdOf(path); following_ && id && walked_.contains(*id)) {
            PassOver(path, below, "is a folder whose pictures are taken already");
          } else {
            Walk(path + "/", below, root);
          }
          break;
        }
        case FolderListing::Type::kFile:
          if (HasSidecarExtension(name)) {
            if (!films()) list_.sidecars.Add(path, subfolder);
            break;
          }
          if (!HasExtension(name) && !HasContent(path)) {
            if (!films() && HasFilmExtension(name)) list_.films.Add(path, subfolder);
            break;
          }
          roots_[root].found = true;
          if (LooksTemporary(name)) {
            PassOver(path, subfolder, "has the name of a file that is not finished yet");
          } else if (!IsOwn(path, subfolder, &listing))
            AddFile(folder, name, subfolder);
          break;
        case FolderListing::Type::kLink:  // without an end
          if (!HasExtension(name)) break;
          roots_[root].found = true;
          if (!IsOwn(path, subfolder, &listing)) AddFile(folder, name, subfolder);
          break;
        default:
          if (!HasExtension(name)) break;
          roots_[root].found = true;  // opening a pipe would wait for its writer
          Fail(path, subfolder, InvalidArgument(path + ": is a pipe or device, not a file"));
      }
    }
  }

  static bool IsLink(const std::string& path) {
    std::error_code error;
    return fs::is_symlink(fs::symlink_status(path, error));
  }

  // kLink: it leads nowhere, or in a circle.
  static FolderListing::Type TypeBehind(const std::string& path) {
    const auto info = InfoOf(path);
    return info ? info->kind : FolderListing::Type::kLink;
  }

  void Follow(const Link& link) {
    if (std::string reason = LeadsUp(link.path); !reason.empty()) {
      PassOver(link.path, link.subfolder, std::move(reason));
    } else if (const auto id = IdOf(link.path); id && walked_.contains(*id)) {
      PassOver(link.path, link.subfolder, "is a link to a folder whose pictures are taken already");
    } else {
      Walk(link.path + "/", link.subfolder, link.root);
    }
  }

  const bool recursive_;
  const InputKind kind_;
  bool following_ = false, stdin_seen_ = false;
  InputList list_;
  OwnResults own_;
  std::vector<Root> roots_;
  std::vector<Link> links_;
  std::set<FolderId> walked_;
  FlatTable<Seen> seen_;
  std::map<std::string, std::string> canonical_;
  std::string last_folder_;
  const std::string* last_canonical_ = nullptr;
};

}  // namespace

bool HasPictureExtension(std::string_view file_name) {
  static const std::set<std::string> known = {
      ".jpg", ".jpeg", ".jpe",  ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff",
      ".bmp", ".heic", ".heif", ".avif", ".jxl", ".jp2",  ".dng", ".nef", ".cr2",
      ".cr3", ".arw",  ".orf",  ".raf",  ".rw2", ".pef",  ".srw"};
  return known.count(LowerAscii(fs::path(file_name).extension().string())) > 0;
}

bool HasSidecarExtension(std::string_view file_name) {
  return file_name.size() > 4 && LowerAscii(file_name.substr(file_name.size() - 4)) == ".xmp";
}

bool LooksTemporary(std::string_view file_name) {
  static const std::set<std::string> known = {".tmp",        ".temp",     ".part",       ".partial",
                                              ".crdownload", ".download", ".opdownload", ".swp",
                                              ".swx",        ".bak",      ".filepart"};
  if (file_name.ends_with("~") || (file_name.starts_with("#") && file_name.ends_with("#"))) {
    return true;
  }
  return known.count(LowerAscii(fs::path(file_name).extension().string())) > 0;
}

bool IsPictureFile(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  std::error_code error;
  return !name.starts_with(".") && !HasSidecarExtension(name) && fs::is_regular_file(path, error) &&
         (HasPictureExtension(name) || (!LooksTemporary(name) && HasPictureContent(path)));
}

std::string LeadsUp(const std::string& link) {
  std::error_code error, other;
  const fs::path target = fs::canonical(link, error);
  const fs::path place = fs::canonical(fs::path(link).parent_path() / ".", other);
  if (error || other) return "";
  const auto [end, rest] = std::ranges::mismatch(target, place);
  if (end != target.end()) return "";
  return "is a link that leads up to " + target.string() + ", which it lies in itself";
}

std::string RelativeName(const Input& input) {
  const std::string name = fs::path(input.path).filename().string();
  return input.subfolder.empty() ? name : input.subfolder + "/" + name;
}

bool Shard::Has(const Input& input) const {
  // The upper half of the hash times count, divided by 2^32: even parts without a remainder's bias.
  const uint64_t place = (Hash64(RelativeName(input)) >> 32) * static_cast<uint64_t>(count) >> 32;
  return place == static_cast<uint64_t>(index - 1);
}

Result<Shard> ParseShard(std::string_view text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.index);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, shard.count);
    if (second.ec == std::errc() && second.ptr == end && shard.index >= 1 &&
        shard.index <= shard.count && shard.count <= 65536) {
      return shard;
    }
  }
  return InvalidArgument("no part of a list: \"" + std::string(text) +
                         "\"; the third of eight is 3/8");
}

InputList ExpandInputs(const std::vector<std::string>& names, bool recursive, InputKind kind) {
  Expander expander(recursive, kind);
  for (const std::string& name : names) expander.Add(name);
  return expander.Take();
}

}  // namespace peel
