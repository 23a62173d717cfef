#include "src/base/os/dynamic_library.h"

#include <windows.h>

#include <system_error>

#include "src/base/os/windows/wide.h"

namespace peel {

LibraryHandle OpenLibrary(const std::string& name, unsigned, std::string* reason) {
  const HMODULE library = LoadLibraryW(windows::Wide(name).c_str());
  if (library == nullptr && reason != nullptr) {
    *reason = name + ": " + std::system_category().message(static_cast<int>(GetLastError()));
  }
  return library;
}

void* FindSymbol(LibraryHandle library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

std::string FileOfAddress(const void* address) {
  HMODULE library = nullptr;
  constexpr DWORD kFlags =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  wchar_t name[4096];
  if (!GetModuleHandleExW(kFlags, static_cast<const wchar_t*>(address), &library)) return "";
  return windows::Narrow({name, GetModuleFileNameW(library, name, 4096)});
}

std::string FolderOfLibrary(LibraryHandle library) {
  wchar_t name[4096];
  const std::string path =
      windows::Narrow({name, GetModuleFileNameW(static_cast<HMODULE>(library), name, 4096)});
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

Result<std::vector<std::string>> NeededLibraries(const std::string& path) {
  return Unsupported(path + ": what a library needs cannot be read on Windows yet");
}

}  // namespace peel
