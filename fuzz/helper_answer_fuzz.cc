#include <algorithm>
#include <span>

#include "src/codec/isolated/protocol.h"

// What a decode helper says, that hostile files may have taken over: the parent's whole reading of
// it but for the copying of pixels.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace peel;            // NOLINT(google-build-using-namespace)
  using namespace peel::isolated;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  Expected expected;
  expected.format = static_cast<Format>(data[0] % 16);
  expected.options.limits.max_pixels = 1 << 16;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  const auto message = Read(bytes);
  PictureShape shape = {.width = 3, .height = 2, .has_alpha = (data[0] & 32) != 0};
  if (message.ok()) {
    // What is read is what would be written.
    if (!std::ranges::equal(Write(*message), bytes)) __builtin_trap();
    if (CheckInfo(message->info, expected).ok() && message->info.width < 1) __builtin_trap();
    (void)IsFailure(*message);
    const auto region = RegionBytes(message->shape, expected);
    if (region.ok()) {
      const PictureShape& told = message->shape;
      const uint64_t pixels =
          uint64_t{3} * static_cast<uint64_t>(told.width) * static_cast<uint64_t>(told.height);
      if (*region < PixelOffset(told) + pixels || PixelOffset(told) < told.header_bytes) {
        __builtin_trap();
      }
    }
  }
  const auto picture = ReadFields(bytes, shape, expected);
  if (picture.ok() && WriteFields(*picture).size() != bytes.size()) __builtin_trap();
  return 0;
}
