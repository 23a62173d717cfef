#include <algorithm>
#include <span>

#include "src/codec/picture_stream.h"

// Whatever the pieces in which a stream comes, its bytes come out once and in order.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const size_t step = size == 0 ? 1 : data[0] % 64 + size_t{1};
  peel::PictureStream pictures(1 << 14);
  size_t at = 0;  // of what has come out
  const auto drain = [&] {
    while (const auto file = pictures.Next()) {
      if (file->empty()) __builtin_trap();
      // Blanks between files are passed over.
      while (at < size && !std::equal(file->begin(), file->end(), data + at,
                                      data + std::min(at + file->size(), size))) {
        const uint8_t c = data[at++];
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') __builtin_trap();
      }
      at += file->size();
      if (at > size) __builtin_trap();
    }
  };
  for (size_t i = 0; i < size; i += step) {
    pictures.Append(bytes.subspan(i, std::min(step, size - i)));
    drain();
  }
  pictures.Close();
  drain();
  for (; at < size; ++at) {
    const uint8_t c = data[at];
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') __builtin_trap();
  }
  return 0;
}
