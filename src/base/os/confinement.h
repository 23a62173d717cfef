#pragma once

#include <cstdint>

namespace peel {

// For a process that does one thing with what strangers made. Each does what it can: none of it is
// worth failing for.

// Signals of the terminal are ignored (the parent decides when it is over), descriptors above
// `descriptor` are closed, few may be open (`descriptors`), there are no core dumps and no new
// privileges, and where the machine's memory runs out this process goes first.
void Confine(int descriptor, int descriptors = 64);

// This process may take so much address space more than it has now.
void LimitAddressSpace(uint64_t more);
// The same in two steps, for a process that by then can no longer look at itself. 0: unknown.
uint64_t AddressSpace();
void LimitAddressSpaceTo(uint64_t bytes);

// This process ends when the other end of this socket is closed, whatever it is doing.
void EndWithParent(int descriptor);

// For tests: dies as by a bad address; waits for ever under the name "hanging".
void CrashNow();
[[noreturn]] void HangNow();

}  // namespace peel
