#include "src/pipeline/inputs.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <system_error>

#include "src/base/hash.h"
#include "src/codec/sniff.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool HasPictureExtension(const fs::path& path) {
  static const std::set<std::string> known = {".jpg",  ".jpeg", ".jpe",  ".jfif", ".png",
                                              ".webp", ".gif",  ".tif",  ".tiff", ".bmp",
                                              ".heic", ".heif", ".avif", ".jxl",  ".jp2"};
  return known.count(Lower(path.extension().string())) > 0;
}

// Pictures without an extension, or with a wrong one, are still pictures, unless they are not
// finished yet.
bool HasPictureContent(const fs::path& path) {
  if (LooksTemporary(path.filename().string())) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1024> head;
  file.read(head.data(), head.size());
  const auto got = static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0));
  const Format format = Sniff({reinterpret_cast<const uint8_t*>(head.data()), got});
  return format == Format::kJpeg || format == Format::kPng || format == Format::kWebp;
}

class Expander {
 public:
  explicit Expander(bool recursive) : recursive_(recursive) {}

  void Add(const std::string& name) {
    std::error_code error;
    if (name == "-") {
      AddFile(name, "");
    } else if (fs::is_directory(name, error)) {
      AddFolder(name);
    } else if (!fs::exists(name, error) && name.find_first_of("*?[") != std::string::npos) {
      AddPattern(name);
    } else {
      AddFile(name, "");  // one that is not there is reported where it is read
    }
  }

  InputList Take() { return std::move(list_); }

 private:
  void Fail(const std::string& path, const std::string& subfolder, Status status) {
    list_.errors.push_back({{path, subfolder}, std::move(status)});
  }

  void AddFile(const std::string& path, const std::string& subfolder) {
    std::error_code error;
    const fs::path canonical = path == "-" ? fs::path("-") : fs::weakly_canonical(path, error);
    if (!seen_.insert(error ? path : canonical.string()).second) return;
    list_.inputs.push_back({path, subfolder});
  }

  void AddPattern(const std::string& pattern) {
    glob_t matches = {};
    if (glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
      for (size_t i = 0; i < matches.gl_pathc; ++i) {
        std::error_code error;
        if (fs::is_directory(matches.gl_pathv[i], error)) continue;
        AddUnlessOutput(matches.gl_pathv[i], "");
      }
    } else {
      Fail(pattern, "", NotFound(pattern + ": no file matches this pattern"));
    }
    globfree(&matches);
  }

  void AddUnlessOutput(const fs::path& path, const std::string& subfolder) {
    if (LooksLikeOutput(path.filename().string())) {
      ++list_.own_outputs_skipped;
    } else {
      AddFile(path.string(), subfolder);
    }
  }

  void AddFolder(const fs::path& root) {
    const size_t before = list_.inputs.size();
    const int skipped_before = list_.own_outputs_skipped;
    Walk(root, "");
    if (list_.inputs.size() == before && list_.own_outputs_skipped == skipped_before && !failed_) {
      Fail(root.string(), "",
           NotFound(root.string() + ": no picture in this folder" +
                    (recursive_ ? "" : "; with --recursive its sub-folders count too")));
    }
  }

  void Walk(const fs::path& folder, const std::string& subfolder) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      entries.push_back(*it);
    }
    if (error) {
      failed_ = true;
      Fail(folder.string(), subfolder,
           IoError(folder.string() + ": cannot list this folder (" + error.message() + ")"));
    }
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(".")) continue;
      const fs::file_type type = entry.status(error).type();
      if (type == fs::file_type::directory) {
        if (recursive_ && !entry.is_symlink(error)) {
          Walk(entry.path(), subfolder.empty() ? name : subfolder + "/" + name);
        }
      } else if (type == fs::file_type::regular) {
        if (HasPictureExtension(entry.path()) || HasPictureContent(entry.path())) {
          AddUnlessOutput(entry.path(), subfolder);
        }
      } else if (HasPictureExtension(entry.path())) {
        AddOddity(entry, subfolder);
      }
    }
  }

  // Something with a picture's name that is neither file nor folder.
  void AddOddity(const fs::directory_entry& entry, const std::string& subfolder) {
    std::error_code error;
    const std::string path = entry.path().string();
    if (entry.exists(error)) {  // opening a pipe would wait for its writer
      failed_ = true;
      Fail(path, subfolder, InvalidArgument(path + ": is a pipe or device, not a file"));
    } else {  // a link without an end
      AddUnlessOutput(entry.path(), subfolder);
    }
  }

  const bool recursive_;
  bool failed_ = false;
  InputList list_;
  std::set<std::string> seen_;
};

}  // namespace

bool LooksLikeOutput(std::string_view file_name) {
  static const std::set<std::string> written = {".png",  ".webp", ".jpg", ".jpeg",
                                                ".avif", ".tif",  ".tiff"};
  const fs::path path(Lower(std::string(file_name)));
  const std::string kind = path.stem().extension().string();
  return (kind == ".cut" || kind == ".mask") && written.count(path.extension().string()) > 0;
}

bool LooksTemporary(std::string_view file_name) {
  static const std::set<std::string> known = {".tmp",        ".temp",     ".part",       ".partial",
                                              ".crdownload", ".download", ".opdownload", ".swp",
                                              ".swx",        ".bak",      ".filepart"};
  if (file_name.ends_with("~") || (file_name.starts_with("#") && file_name.ends_with("#"))) {
    return true;
  }
  return known.count(Lower(fs::path(file_name).extension().string())) > 0;
}

bool IsPictureFile(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  std::error_code error;
  return !name.starts_with(".") && !LooksLikeOutput(name) && fs::is_regular_file(path, error) &&
         (HasPictureExtension(path) || HasPictureContent(path));
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

InputList ExpandInputs(const std::vector<std::string>& names, bool recursive) {
  Expander expander(recursive);
  for (const std::string& name : names) expander.Add(name);
  return expander.Take();
}

}  // namespace peel
