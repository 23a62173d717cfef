#include "src/codec/tiff/tiff_memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "src/base/checked.h"
#include "src/codec/lazy/library_text.h"

namespace peel {

// What libtiff calls; its handle is the TiffMemory. Nothing may be thrown through libtiff.
struct TiffMemory::Callbacks {
  static tmsize_t Read(thandle_t handle, void* to, tmsize_t count) {
    auto& file = *static_cast<TiffMemory*>(handle);
    ++file.reads_;
    const std::span<const uint8_t> bytes = file.bytes();
    if (count <= 0 || file.at_ >= bytes.size()) return 0;
    const auto n = static_cast<size_t>(
        std::min<uint64_t>(static_cast<uint64_t>(count), bytes.size() - file.at_));
    std::memcpy(to, bytes.data() + file.at_, n);
    file.at_ += n;
    return static_cast<tmsize_t>(n);
  }

  static tmsize_t Write(thandle_t handle, void* from, tmsize_t count) {
    auto& file = *static_cast<TiffMemory*>(handle);
    if (!file.writable_ || count <= 0) return 0;
    const auto n = static_cast<size_t>(count);
    const auto end = CheckedAdd<uint64_t>(file.at_, n);
    if (!end) return 0;
    try {
      if (*end > file.written_.size()) file.written_.resize(*end);
    } catch (const std::bad_alloc&) {
      return 0;
    } catch (const std::length_error&) {
      return 0;
    }
    std::memcpy(file.written_.data() + file.at_, from, n);
    file.at_ = *end;
    return count;
  }

  static toff_t Seek(thandle_t handle, toff_t offset, int whence) {
    auto& file = *static_cast<TiffMemory*>(handle);
    const uint64_t base = whence == SEEK_CUR   ? file.at_
                          : whence == SEEK_END ? file.bytes().size()
                                               : 0;
    file.at_ = base + offset;  // a negative offset wraps, and comes out right
    return file.at_;
  }

  static int Close(thandle_t) { return 0; }
  static toff_t Size(thandle_t handle) { return static_cast<TiffMemory*>(handle)->bytes().size(); }
};

Result<TIFF*> TiffMemory::Open(const TiffLibrary& library, const char* mode,
                               const Messages& messages, tmsize_t most_memory) {
  const std::unique_ptr<TIFFOpenOptions, decltype(library.TIFFOpenOptionsFree)> options(
      library.TIFFOpenOptionsAlloc(), library.TIFFOpenOptionsFree);
  if (!options) return OutOfMemory("no memory left for opening the TIFF");
  library.TIFFOpenOptionsSetErrorHandlerExtR(options.get(), messages.error, messages.user);
  library.TIFFOpenOptionsSetWarningHandlerExtR(options.get(), messages.warning, messages.user);
  if (most_memory > 0) {
    library.TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), most_memory);
  }
  return library.TIFFClientOpenExt("TIFF", mode, this, Callbacks::Read, Callbacks::Write,
                                   Callbacks::Seek, Callbacks::Close, Callbacks::Size, nullptr,
                                   nullptr, options.get());
}

std::string TiffText(const char* format, va_list arguments) {
  char buffer[256];
  std::vsnprintf(buffer, sizeof(buffer), format, arguments);
  return LibraryText(buffer);
}

}  // namespace peel
