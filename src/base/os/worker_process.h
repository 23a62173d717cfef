#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "src/base/function_ref.h"
#include "src/base/os/child_process.h"
#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace peel {

// Copies of a process that share its memory until one of them writes.

// Threads of this process; 0: unknown.
int CountThreads();

struct ForkedProcess {
  int pid = -1;
  // Stands for the process, whatever becomes of its number; readable once it has ended.
  UniqueFd handle;
};

// Runs `child` in a copy of this process, which ends with what it returns, and when this process
// ends. `fd` becomes its descriptor ChildProcess::kDescriptor. Only where this process has no other
// thread: of those the copy would have nothing but the locks they hold. kInternal where it has,
// kOutOfMemory where no further process is allowed.
Result<ForkedProcess> Fork(int fd, FunctionRef<int()> child);

// How a forked process ended; nullopt while it runs.
std::optional<ProcessEnd> Reap(int pid);

void KillByHandle(int handle);

// For a process that others are forked from: ends when the thread that started it does, takes no
// notice of the terminal, and holds no descriptor above `descriptor`.
void StandAside(int descriptor);

// Waits until one of them can be read (or its other end is gone) and returns its place; -1 when the
// time is over. Milliseconds; -1: for ever.
int WaitForAny(std::span<const int> descriptors, int milliseconds);

// Memory of a process as it sees it itself, which another one may read through the descriptor.
struct MemoryShare {
  uint64_t proportional = 0;  // bytes; of pages that n processes have, an n-th
  uint64_t own = 0;           // bytes of pages that it has written and shares with nobody
};
UniqueFd OpenMemoryShare();  // none where the system does not tell
MemoryShare ReadMemoryShare(int descriptor);

}  // namespace peel
