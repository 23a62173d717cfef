#pragma once

#include <cstddef>

namespace peel {

// `alignment` is a power of two and divides `size`. Null where there is none. Freed by FreeAligned.
void* AllocateAligned(size_t alignment, size_t size);
void FreeAligned(void* data);

// Whole pages straight from the system, zeroed, that go back to it at once. Null where there are
// none; size > 0.
void* AllocatePages(size_t size);
void FreePages(void* data, size_t size);

// Asks for pages of 2 MiB: a hundredth of the page faults. May be refused.
void AdviseHugePages(void* data, size_t size);

// From now on freed blocks of so many bytes and more go back to the system at once, whatever sizes
// follow.
void KeepHeapFlat(int kept = 1 << 20);
// Gives the heap's free memory back to the system.
void ReturnFreeMemory();

}  // namespace peel
