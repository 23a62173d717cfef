#include "src/base/os/quiet_library.h"

#if defined(__linux__) && defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))
#define PEEL_CAN_QUIET 1
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace peel {
namespace {

thread_local std::string* t_prints = nullptr;

#ifdef PEEL_CAN_QUIET

#if defined(__x86_64__)
constexpr uint32_t kGlobalData = R_X86_64_GLOB_DAT;
#else
constexpr uint32_t kGlobalData = R_AARCH64_GLOB_DAT;
#endif

// Takes all and gives it to the thread that prints. Unbuffered, so that it is called there.
ssize_t Take(void*, const char* text, size_t size) {
  constexpr size_t kMost = 4096;
  if (t_prints != nullptr && t_prints->size() < kMost) {
    t_prints->append(text, std::min(size, kMost - t_prints->size()));
  }
  return static_cast<ssize_t>(size);
}

// What stands for `stderr` in a quieted library: the address of a stream, as that variable is.
FILE** QuietStream() {
  static FILE* stream = [] {
    cookie_io_functions_t functions = {};
    functions.write = Take;
    FILE* opened = fopencookie(nullptr, "w", functions);
    if (opened != nullptr) std::setvbuf(opened, nullptr, _IONBF, 0);
    return opened;
  }();
  return stream != nullptr ? &stream : nullptr;
}

struct Search {
  ElfW(Addr) base = 0;
  const ElfW(Dyn) * dynamic = nullptr;
  uintptr_t sealed_from = 0, sealed_to = 0;  // made read-only after loading
};

// The loader's tables hold addresses as numbers.
// NOLINTBEGIN(performance-no-int-to-ptr)
int Find(dl_phdr_info* info, size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (info->dlpi_addr != search.base) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    const uintptr_t at = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_DYNAMIC) search.dynamic = reinterpret_cast<const ElfW(Dyn)*>(at);
    if (part.p_type == PT_GNU_RELRO) {
      search.sealed_from = at;
      search.sealed_to = at + part.p_memsz;
    }
  }
  return 1;
}

void Redirect(const Search& search, uintptr_t slot, FILE** to) {
  const auto page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  void* const page = reinterpret_cast<void*>(slot & ~(page_size - 1));
  const bool sealed = slot >= search.sealed_from && slot < search.sealed_to;
  if (sealed && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return;
  __atomic_store_n(reinterpret_cast<FILE***>(slot), to, __ATOMIC_RELEASE);
  if (sealed) mprotect(page, page_size, PROT_READ);
}

#endif

}  // namespace

void QuietLibrary(void* handle) {
#ifdef PEEL_CAN_QUIET
  link_map* map = nullptr;
  FILE** const quiet = QuietStream();
  if (quiet == nullptr || handle == nullptr || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return;
  Search search;
  search.base = map->l_addr;
  dl_iterate_phdr(Find, &search);
  if (search.dynamic == nullptr) return;
  // The loader has made these absolute; a loader that has not is helped.
  const auto absolute = [&](ElfW(Addr) at) { return at < search.base ? at + search.base : at; };
  uintptr_t relocations = 0, symbols = 0, names = 0;
  size_t size = 0;
  for (const ElfW(Dyn)* entry = search.dynamic; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_RELA) relocations = absolute(entry->d_un.d_ptr);
    if (entry->d_tag == DT_RELASZ) size = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) symbols = absolute(entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) names = absolute(entry->d_un.d_ptr);
  }
  if (relocations == 0 || symbols == 0 || names == 0) return;
  const auto* table = reinterpret_cast<const ElfW(Rela)*>(relocations);
  for (size_t i = 0; i < size / sizeof(ElfW(Rela)); ++i) {
    if (ELF64_R_TYPE(table[i].r_info) != kGlobalData) continue;
    const auto& symbol = reinterpret_cast<const ElfW(Sym)*>(symbols)[ELF64_R_SYM(table[i].r_info)];
    const char* const name = reinterpret_cast<const char*>(names) + symbol.st_name;
    if (std::strcmp(name, "stderr") == 0) Redirect(search, search.base + table[i].r_offset, quiet);
  }
#else
  (void)handle;
#endif
}
// NOLINTEND(performance-no-int-to-ptr)

void QuietLibrary(const char* soname) {
#ifdef PEEL_CAN_QUIET
  void* const handle = dlopen(soname, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (handle == nullptr) return;
  QuietLibrary(handle);
  dlclose(handle);  // the one that brought it along keeps it
#else
  (void)soname;
#endif
}

LibraryPrints::LibraryPrints() { t_prints = &text_; }
LibraryPrints::~LibraryPrints() { t_prints = nullptr; }

}  // namespace peel
