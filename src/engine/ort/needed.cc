#include "src/engine/ort/needed.h"

#include <dlfcn.h>
#include <elf.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxEntries = 1 << 16;
constexpr size_t kMaxName = 4096;

// Reads of an open file, each checked against its end by the stream.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(path, std::ios::binary) {}
  bool ok() const { return static_cast<bool>(file_); }
  template <typename T>
  bool Read(uint64_t offset, T* value) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(reinterpret_cast<char*>(value), sizeof(T));
    return file_.gcount() == static_cast<std::streamsize>(sizeof(T));
  }
  std::string Text(uint64_t offset) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    std::string text;
    for (char c = 0; text.size() < kMaxName && file_.get(c) && c != '\0';) text += c;
    return text;
  }

 private:
  std::ifstream file_;
};

// Where in the file the byte of this address lies.
std::optional<uint64_t> FileOffset(const std::vector<Elf64_Phdr>& segments, uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

// The name that the linker complains of: what stands before the first colon.
std::string Culprit(const std::string& reason, const std::string& asked) {
  const size_t colon = reason.find(": ");
  if (colon == std::string::npos) return asked;
  const std::string name = fs::path(reason.substr(0, colon)).filename().string();
  return name.find(".so") != std::string::npos ? name : asked;
}

// "" where it can be loaded; it stays loaded then, which costs its user nothing more.
std::string TryLoad(const std::string& name, int scope) {
  if (dlopen(name.c_str(), RTLD_NOW | scope | RTLD_NODELETE) != nullptr) return "";
  const char* reason = dlerror();
  return reason != nullptr ? reason : name + ": cannot be loaded";
}

}  // namespace

Result<std::vector<std::string>> NeededLibraries(const std::string& path) {
  Reader reader(path);
  if (!reader.ok()) return NotFound(path + ": cannot be opened");
  Elf64_Ehdr header = {};
  if (!reader.Read(0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return Corrupt(path + ": is no 64-bit shared library");
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  for (size_t i = 0; i < segments.size(); ++i) {
    if (!reader.Read(header.e_phoff + i * sizeof(Elf64_Phdr), &segments[i])) {
      return Corrupt(path + ": is cut short");
    }
  }
  std::vector<uint64_t> names;
  uint64_t strings = 0;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    const size_t count = segment.p_filesz / sizeof(Elf64_Dyn);
    for (size_t i = 0; i < count && i < kMaxEntries; ++i) {
      Elf64_Dyn entry = {};
      if (!reader.Read(segment.p_offset + i * sizeof(entry), &entry)) {
        return Corrupt(path + ": is cut short");
      }
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED) names.push_back(entry.d_un.d_val);
      if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
    }
  }
  std::vector<std::string> needed;
  const auto table = FileOffset(segments, strings);
  if (names.empty() || !table) return needed;
  for (const uint64_t name : names) needed.push_back(reader.Text(*table + name));
  return needed;
}

std::vector<MissingLibrary> FindMissing(const std::string& path) {
  std::vector<MissingLibrary> missing;
  const auto needed = NeededLibraries(path);
  if (!needed.ok()) return {{fs::path(path).filename().string(), needed.status().message()}};
  for (const std::string& name : *needed) {
    // Libraries that come with this one are found beside it.
    const fs::path beside = fs::path(path).parent_path() / name;
    std::error_code error;
    const std::string reason =
        TryLoad(fs::exists(beside, error) ? beside.string() : name, RTLD_LOCAL);
    if (!reason.empty()) missing.push_back({Culprit(reason, name), reason});
  }
  return missing;
}

std::vector<std::string> Preload(const std::string& path, const std::vector<std::string>& folders) {
  std::vector<std::string> loaded;
  const auto needed = NeededLibraries(path);
  if (!needed.ok()) return loaded;
  for (const std::string& name : *needed) {
    if (TryLoad(name, RTLD_LOCAL).empty()) continue;
    for (const std::string& folder : folders) {
      const std::string file = (fs::path(folder) / name).string();
      std::error_code error;
      if (!fs::exists(file, error)) continue;
      // What this one needs lies in the same folders.
      for (std::string& other : Preload(file, folders)) loaded.push_back(std::move(other));
      if (!TryLoad(file, RTLD_GLOBAL).empty()) continue;
      loaded.push_back(file);
      break;
    }
  }
  return loaded;
}

int MajorVersion(const std::string& library) {
  const size_t at = library.find(".so.");
  int major = 0;
  if (at != std::string::npos) {
    std::from_chars(library.data() + at + 4, library.data() + library.size(), major);
  }
  return major;
}

}  // namespace peel::engine::ort
