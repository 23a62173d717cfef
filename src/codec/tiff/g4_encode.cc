#include "src/codec/tiff/g4_encode.h"

#include <cstdarg>
#include <memory>
#include <string>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/bilevel.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/lazy/tiff_library.h"
#include "src/codec/tiff/tiff_memory.h"

namespace peel {
namespace {

// Keeps the first error.
int TakeError(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto& error = *static_cast<std::string*>(user);
  if (error.empty()) error = TiffText(format, arguments);
  return 1;
}

int Ignore(TIFF*, void*, const char*, const char*, va_list) { return 1; }

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

  TiffMemory file;
  std::string error;
  PEEL_ASSIGN_OR_RETURN(
      auto* const opened,
      file.Open(*library, "w8", {.error = TakeError, .warning = Ignore, .user = &error}));
  if (opened == nullptr) return OutOfMemory("no memory left for coding the page");
  const std::unique_ptr<TIFF, decltype(library->TIFFClose)> tiff(opened, library->TIFFClose);
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
      counts == nullptr || offsets[0] + counts[0] > file.bytes().size()) {
    return Internal("libtiff does not code the page" + InParentheses(error));
  }
  const auto first = file.bytes().begin() + static_cast<ptrdiff_t>(offsets[0]);
  return std::vector<uint8_t>(first, first + static_cast<ptrdiff_t>(counts[0]));
}

}  // namespace peel
