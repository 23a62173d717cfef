#include <cstddef>
#include <cstdint>
#include <string>

#include "src/codec/metadata/exif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto updated = peel::UpdateExif(bytes, 640, 480);
  // An updated block stands upright and is no longer than it was.
  const int orientation = peel::ExifOrientation(updated);
  if (orientation > 1 || updated.size() > size) __builtin_trap();
  peel::ExifOrientation(bytes);
  peel::ExifResolution(bytes);
  if (peel::UpdateExif(bytes, 640, 480, {72, 96.5, peel::Resolution::Unit::kInch}).size() > size) {
    __builtin_trap();
  }
  std::string left_out;
  const auto shrunk = peel::ShrinkExif(bytes, 100, &left_out);
  if (shrunk.size() > 100) __builtin_trap();
  return 0;
}
