#include "src/base/file_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace peel {

void DropFilePages(const void* data, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (start + page - 1) / page * page, last = (start + bytes) / page * page;
  if (last <= first) return;
  auto* const at = const_cast<char*>(static_cast<const char*>(data)) + (first - start);
  madvise(at, last - first, MADV_DONTNEED);
}

}  // namespace peel
