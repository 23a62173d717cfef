#pragma once

#include <cstdint>
#include <string>

namespace peel {

// Of this process, as the system numbers them; used again once a process is gone.
int ProcessId();

// Of a process by its number. Where that cannot be found out it is not gone, and started at 0.
bool IsProcessGone(int process);
uint64_t ProcessStart(int process);  // in a unit of the system's own, since boot

// Tells this running system and its process numbers from all others that may see the same files.
std::string ProcessSpace();

// The name by which this program can be started again.
std::string OwnProgram();

// Sets a variable of the environment that is not set yet. Before any thread is started.
void SetDefaultVariable(const char* name, const char* value);

// The folder of the user's programs' caches, and that of their settings: "" where there is none.
std::string UserCacheFolder();
std::string UserConfigFolder();

}  // namespace peel
