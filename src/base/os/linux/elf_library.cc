// What of shared libraries is ELF's and glibc's own.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <optional>

#include "src/base/os/dynamic_library.h"

namespace peel {
namespace {

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

}  // namespace

std::string FolderOfLibrary(LibraryHandle library) {
  // Any of its symbols would do; the linker knows the file by the handle.
  char origin[4096] = "";
  return dlinfo(library, RTLD_DI_ORIGIN, origin) == 0 ? origin : "";
}

Result<std::vector<std::string>> NeededLibraries(const std::string& path) {
  Reader reader(path);
  if (!reader.ok()) return NotFound(path + ": cannot be opened");
  Elf64_Ehdr header = {};
  if (!reader.Read(0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return Corrupt(path + ": is not a 64-bit shared library");
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

}  // namespace peel
