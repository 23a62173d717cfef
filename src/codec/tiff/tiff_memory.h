#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/lazy/tiff_library.h"

namespace peel {

// libtiff's messages: takes printf's format and arguments and returns 1, for "handled".
using TiffMessage = int (*)(TIFF*, void* user, const char* module, const char* format, va_list);

// A TIFF in memory as libtiff wants to see one: a file that is read, written and sought in. It must
// outlive what is opened on it, and stay where it is.
class TiffMemory {
 public:
  // An empty file, to be written.
  TiffMemory() = default;
  // A file to be read; writing to it fails. The bytes must outlive it.
  explicit TiffMemory(std::span<const uint8_t> bytes) : given_(bytes), writable_(false) {}
  TiffMemory(const TiffMemory&) = delete;
  TiffMemory& operator=(const TiffMemory&) = delete;

  struct Messages {
    TiffMessage error = nullptr, warning = nullptr;
    void* user = nullptr;  // handed to both
  };
  // Opens it: mode as TIFFOpen has it, most_memory for libtiff's largest single allocation (0: as
  // libtiff likes). TIFFClose closes what is returned; null where libtiff refuses, which it has
  // then said through messages. kOutOfMemory where not even the attempt can be made.
  Result<TIFF*> Open(const TiffLibrary& library, const char* mode, const Messages& messages,
                     tmsize_t most_memory = 0);

  std::span<const uint8_t> bytes() const { return writable_ ? written_ : given_; }
  // Calls for bytes so far.
  uint64_t reads() const { return reads_; }

 private:
  struct Callbacks;

  std::span<const uint8_t> given_;
  std::vector<uint8_t> written_;
  bool writable_ = true;
  uint64_t at_ = 0;
  uint64_t reads_ = 0;
};

// A message of libtiff, fit for one of Peel's (lazy/library_text.h).
std::string TiffText(const char* format, va_list arguments);

}  // namespace peel
