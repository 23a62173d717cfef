#pragma once

#include <string>

#include "src/base/status.h"

namespace peel::server {

// Which system calls a worker may make, from now on and for good (seccomp).
enum class Sandbox {
  // What computing, memory, threads and the descriptors that are open already take, and nothing
  // else: no file can be opened, no socket or program is to be had, no other process to be seen.
  kComputing,
  // For workers whose model runs in somebody else's runtime or on a device: all but what opens the
  // machine to a stranger (programs, network, other processes, the kernel's own workings).
  kRuntime,
};

// kUnsupported with the reason where the system has no such thing, kIo. In a build with a sanitizer
// nothing happens: those need more.
Status EnterSandbox(Sandbox sandbox);

}  // namespace peel::server
