#pragma once

#include <string>

namespace peel {

// Some decoders print on standard error what they think of a file, and have no call that stops it
// (libjxl as Debian builds it, libde265). Such a line belongs to no user's terminal, and nobody may
// turn descriptor 2 of a process away from a library: another thread may be writing to it.
//
// From now on what the library at `handle` (from dlopen) prints on its `stderr` goes to the
// LibraryPrints of the thread that prints, and is dropped where there is none. Only the library's
// own reference to the variable `stderr` is changed (its entry in the global offset table); the
// process and its other libraries keep theirs. ELF with glibc on x86-64 and 64-bit Arm; elsewhere
// nothing happens.
void QuietLibrary(void* handle);
// The same for a library that another one has brought along; nothing where it is not loaded.
void QuietLibrary(const char* soname);

// Collects, while it lives, what quieted libraries print in this thread (the first 4 KB). They do
// not nest.
class LibraryPrints {
 public:
  LibraryPrints();
  ~LibraryPrints();
  LibraryPrints(const LibraryPrints&) = delete;
  LibraryPrints& operator=(const LibraryPrints&) = delete;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace peel
