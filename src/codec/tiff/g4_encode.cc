#include "src/codec/tiff/g4_encode.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/bilevel.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/lazy/tiff_library.h"

namespace peel {
namespace {

// The TIFF that libtiff writes around the strip, in memory, and what it complained of.
struct Target {
  std::vector<uint8_t> bytes;
  size_t at = 0;
  std::string error;

  static tmsize_t Read(thandle_t, void*, tmsize_t) { return 0; }
  static tmsize_t Write(thandle_t handle, void* from, tmsize_t count) {
    auto& target = *static_cast<Target*>(handle);
    const auto* bytes = static_cast<const uint8_t*>(from);
    const auto n = static_cast<size_t>(count);
    if (target.at + n > target.bytes.size()) target.bytes.resize(target.at + n);
    std::copy_n(bytes, n, target.bytes.begin() + static_cast<ptrdiff_t>(target.at));
    target.at += n;
    return count;
  }
  static toff_t Seek(thandle_t handle, toff_t offset, int whence) {
    auto& target = *static_cast<Target*>(handle);
    const size_t base = whence == SEEK_CUR   ? target.at
                        : whence == SEEK_END ? target.bytes.size()
                                             : 0;
    target.at = base + offset;
    return target.at;
  }
  static int Close(thandle_t) { return 0; }
  static toff_t Size(thandle_t handle) { return static_cast<Target*>(handle)->bytes.size(); }
  static int Note(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    auto& target = *static_cast<Target*>(user);
    if (target.error.empty()) target.error = LibraryText(text);
    return 1;
  }
  static int Ignore(TIFF*, void*, const char*, const char*, va_list) { return 1; }
};

}  // namespace

Result<std::vector<uint8_t>> EncodeG4(ImageView<const uint8_t> bilevel) {
  if (bilevel.empty() || bilevel.channels != 1) {
    return InvalidArgument("CCITT Group 4 needs a picture of one channel");
  }
  PEEL_ASSIGN_OR_RETURN(const TiffLibrary* library, OpenTiffLibrary());
  if (!library->TIFFIsCODECConfigured(COMPRESSION_CCITTFAX4)) {
    return Unsupported("this libtiff was built without CCITT Group 4");
  }
  const size_t row_bytes = (static_cast<size_t>(bilevel.width) + 7) / 8;
  const auto size = CheckedProduct<size_t>(row_bytes, bilevel.height);
  if (!size) return OutOfMemory("a picture of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer bits, AlignedBuffer::Allocate(*size));
  for (int y = 0; y < bilevel.height; ++y) {
    PackBits(bilevel.row(y), bilevel.width, /*black_is_one=*/true,
             bits.data() + static_cast<size_t>(y) * row_bytes);
  }

  Target target;
  const std::unique_ptr<TIFFOpenOptions, decltype(library->TIFFOpenOptionsFree)> options(
      library->TIFFOpenOptionsAlloc(), library->TIFFOpenOptionsFree);
  if (!options) return OutOfMemory("no memory left for coding the page");
  library->TIFFOpenOptionsSetErrorHandlerExtR(options.get(), Target::Note, &target);
  library->TIFFOpenOptionsSetWarningHandlerExtR(options.get(), Target::Ignore, nullptr);
  const std::unique_ptr<TIFF, decltype(library->TIFFClose)> tiff(
      library->TIFFClientOpenExt("TIFF", "w8", &target, Target::Read, Target::Write, Target::Seek,
                                 Target::Close, Target::Size, nullptr, nullptr, options.get()),
      library->TIFFClose);
  if (!tiff) return OutOfMemory("no memory left for coding the page");
  const auto set = [&](uint32_t tag, auto value) {
    return library->TIFFSetField(tiff.get(), tag, value) == 1;
  };
  const bool ready = set(TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(bilevel.width)) &&
                     set(TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(bilevel.height)) &&
                     set(TIFFTAG_ROWSPERSTRIP, static_cast<uint32_t>(bilevel.height)) &&
                     set(TIFFTAG_BITSPERSAMPLE, 1) && set(TIFFTAG_SAMPLESPERPIXEL, 1) &&
                     set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE) &&
                     set(TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) &&
                     set(TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
  const bool written = ready && library->TIFFWriteEncodedStrip(tiff.get(), 0, bits.data(),
                                                               static_cast<tmsize_t>(*size)) >= 0;
  const uint64_t *offsets = nullptr, *counts = nullptr;
  if (!written || !library->TIFFGetField(tiff.get(), TIFFTAG_STRIPOFFSETS, &offsets) ||
      !library->TIFFGetField(tiff.get(), TIFFTAG_STRIPBYTECOUNTS, &counts) || offsets == nullptr ||
      counts == nullptr || offsets[0] + counts[0] > target.bytes.size()) {
    return Internal("libtiff does not code the page" + InParentheses(target.error));
  }
  const auto first = target.bytes.begin() + static_cast<ptrdiff_t>(offsets[0]);
  return std::vector<uint8_t>(first, first + static_cast<ptrdiff_t>(counts[0]));
}

}  // namespace peel
