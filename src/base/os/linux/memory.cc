#include "src/base/os/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdlib>

namespace peel {

void* AllocateAligned(size_t alignment, size_t size) { return std::aligned_alloc(alignment, size); }

void FreeAligned(void* data) { std::free(data); }

void* AllocatePages(size_t size) {
  void* const data =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return data == MAP_FAILED ? nullptr : data;
}

void FreePages(void* data, size_t size) { munmap(data, size); }

void AdviseHugePages(void* data, size_t size) { madvise(data, size, MADV_HUGEPAGE); }

void KeepHeapFlat(int kept) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, kept);
  mallopt(M_TRIM_THRESHOLD, kept);
#else
  (void)kept;
#endif
}

void ReturnFreeMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace peel
