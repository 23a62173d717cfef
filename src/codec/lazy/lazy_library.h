#pragma once

#include <string>

#include "src/base/status.h"

namespace peel {

// A shared library that is opened when a picture first needs it. The decoders of the larger formats
// pull in dozens of libraries; linked, they would cost every start of the program more than all
// else that happens before main.
//
// Looked for first beside the code itself as peel_codec_NAME.so, which is how a Python wheel brings
// its own (tools/make_wheel.sh), then by its soname, as the system's linker finds it. Opened once,
// never closed.
class LazyLibrary {
 public:
  // name: "tiff"; soname: "libtiff.so.6"; package: what to install where it is missing.
  static Result<LazyLibrary> Open(const std::string& name, const std::string& soname,
                                  const std::string& package);

  // The function's address into *to; kUnsupported where the library has none of this name.
  Status Find(const char* function, void** to) const;

  void* handle() const { return handle_; }

 private:
  void* handle_ = nullptr;
  std::string soname_;
};

// A table of a library's functions under their own names, each with the type that the header gives
// it:
//   #define PEEL_GIF_FUNCTIONS(F) F(DGifOpen) F(DGifCloseFile)
//   struct GifLibrary { PEEL_GIF_FUNCTIONS(PEEL_LAZY_MEMBER) };
#define PEEL_LAZY_MEMBER(function) decltype(&::function) function = nullptr;
// Inside a function that has `library` (a LazyLibrary) and `table`.
#define PEEL_LAZY_BIND(function) \
  PEEL_RETURN_IF_ERROR(library.Find(#function, reinterpret_cast<void**>(&table.function)));

}  // namespace peel
