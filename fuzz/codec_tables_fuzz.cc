#include <cstddef>
#include <cstdint>

#include "src/codec/heif/avif_check.h"
#include "src/codec/tiff/tiff_directories.h"

// Readers of other formats' tables that need no library: a TIFF's chain of directories, and the
// copies of an AVIF that are made for older libavifs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  for (const peel::TiffDirectory& directory : peel::WalkTiffDirectories(bytes, 1000)) {
    if (directory.offset >= size) __builtin_trap();
  }
  const auto silent = peel::AvifWithoutSound(bytes);
  if (!silent.empty() && silent.size() != size) __builtin_trap();
  const auto alphas = peel::AvifOfTileAlphas(bytes, "0.11.1");
  if (alphas.ok() && !alphas->empty() && alphas->size() != size) __builtin_trap();
  return 0;
}
