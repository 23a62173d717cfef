// Memory, the machine, processes, terminals: what Windows tells of them.
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <windows.h>

#include <psapi.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/machine.h"
#include "src/base/os/memory.h"
#include "src/base/os/process.h"
#include "src/base/os/system_limits.h"
#include "src/base/os/terminal.h"
#include "src/base/os/windows/wide.h"

namespace peel {
namespace {

MEMORYSTATUSEX Memory() {
  MEMORYSTATUSEX memory = {};
  memory.dwLength = sizeof(memory);
  GlobalMemoryStatusEx(&memory);
  return memory;
}

std::string Variable(const char* name) {
  const wchar_t* const value = _wgetenv(windows::Wide(name).c_str());
  return value == nullptr ? "" : windows::Narrow(value);
}

}  // namespace

void* AllocateAligned(size_t alignment, size_t size) { return _aligned_malloc(size, alignment); }

void FreeAligned(void* data) { _aligned_free(data); }

void* AllocatePages(size_t size) {
  return VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void FreePages(void* data, size_t) { VirtualFree(data, 0, MEM_RELEASE); }

void AdviseHugePages(void*, size_t) {}  // they take a privilege, and are asked for otherwise

void KeepHeapFlat(int) {}

void ReturnFreeMemory() { _heapmin(); }

int ProcessorsAllowed() {
  DWORD_PTR own = 0, all = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &own, &all)) return 0;
  return __builtin_popcountll(own);
}

double ProcessorQuota() { return 0; }  // job objects are not looked at

uint64_t PhysicalMemory() { return Memory().ullTotalPhys; }

uint64_t MemoryAndSwap() { return Memory().ullTotalPageFile; }

uint64_t GroupMemoryLimit() { return 0; }

uint64_t GroupMemoryLeft() { return 0; }

namespace {

PROCESS_MEMORY_COUNTERS OwnMemory() {
  PROCESS_MEMORY_COUNTERS counters = {};
  const bool known = K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters));
  return known ? counters : PROCESS_MEMORY_COUNTERS{};
}

}  // namespace

uint64_t PeakMemory() { return OwnMemory().PeakWorkingSetSize; }
uint64_t ResidentMemory() { return OwnMemory().WorkingSetSize; }

std::string ProcessorName() { return ""; }

// Without them the kernels of the plain targets alone are taken (base/cpu.h).
std::string ProcessorFeatures() { return ""; }

bool HasArmDotProduct() { return false; }

std::string NvidiaKernelModule() { return ""; }

// Sockets are no descriptors here, and have no limit of their own.
int AllowDescriptors(int wanted) { return wanted; }

SystemLimits ReadSystemLimits() {
  SystemLimits limits;
  limits.processors_online = static_cast<int>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
  limits.processors_allowed = ProcessorsAllowed();
  limits.memory_bytes = Memory().ullTotalPhys;
  limits.memory_available_bytes = Memory().ullAvailPhys;
  return limits;
}

int ProcessId() { return static_cast<int>(GetCurrentProcessId()); }

bool IsProcessGone(int process) {
  const HANDLE handle =
      OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(process));
  if (handle == nullptr) return GetLastError() == ERROR_INVALID_PARAMETER;
  DWORD code = STILL_ACTIVE;
  const bool gone = GetExitCodeProcess(handle, &code) && code != STILL_ACTIVE;
  CloseHandle(handle);
  return gone;
}

uint64_t ProcessStart(int process) {
  const HANDLE handle =
      OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(process));
  if (handle == nullptr) return 0;
  FILETIME made = {}, ended = {}, kernel = {}, user = {};
  const bool known = GetProcessTimes(handle, &made, &ended, &kernel, &user);
  CloseHandle(handle);
  return known ? uint64_t{made.dwHighDateTime} << 32 | made.dwLowDateTime : 0;
}

std::string ProcessSpace() { return "windows\n" + Variable("COMPUTERNAME"); }

std::string OwnProgram() {
  wchar_t name[32768];
  return windows::Narrow({name, GetModuleFileNameW(nullptr, name, 32768)});
}

void SetDefaultVariable(const char* name, const char* value) {
  if (std::getenv(name) == nullptr) _putenv_s(name, value);
}

std::string UserCacheFolder() { return Variable("LOCALAPPDATA"); }

std::string UserConfigFolder() { return Variable("APPDATA"); }

bool IsTerminal(int fd) { return _isatty(fd) != 0; }

int TerminalColumns(int fd) {
  CONSOLE_SCREEN_BUFFER_INFO info = {};
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(fd));
  return GetConsoleScreenBufferInfo(handle, &info) ? info.srWindow.Right - info.srWindow.Left + 1
                                                   : 0;
}

// Descriptors always wait here, and waiting for one alone is not to be had.
ptrdiff_t ReadSome(int fd, void* buffer, size_t size) { return ReadOnce(fd, buffer, size); }

ptrdiff_t ReadSome(int fd, void* buffer, size_t size, int) { return ReadOnce(fd, buffer, size); }

int WriteFully(int fd, std::span<const uint8_t> bytes, size_t* written) {
  size_t done = 0;
  int error = 0;
  while (done < bytes.size() && error == 0) {
    const ptrdiff_t n = WriteOnce(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0) {
      error = errno;
    } else {
      done += static_cast<size_t>(n);
    }
  }
  if (written != nullptr) *written = done;
  return error;
}

bool WaitReadable(int, int) { return true; }

bool WaitWritable(int, int) { return true; }

void OpenStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) _setmode(fd, _O_BINARY);
}

}  // namespace peel
