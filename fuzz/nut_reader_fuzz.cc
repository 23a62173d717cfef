// Streams of frames as a broken ffmpeg might send them: never a crash, never more memory than there
// are bytes, and headers that Peel writes are read as they were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "src/video/media/nut_reader.h"
#include "src/video/media/nut_writer.h"

namespace video = peel::video;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The first byte says in what bits it comes, and whether behind headers that are right.
  if (size == 0) return 0;
  const size_t most = 1 + data[0] % 64;
  std::vector<uint8_t> bytes;
  if (data[0] >= 128) bytes = video::NutWriter({0x30323449, 16, 16, {1, 1000}}).Headers();
  bytes.insert(bytes.end(), data + 1, data + size);
  size_t at = 0;
  video::NutReader reader([&](std::span<uint8_t> into) -> peel::Result<size_t> {
    const size_t n = std::min({into.size(), bytes.size() - at, most});
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), n, into.begin());
    at += n;
    return n;
  });
  if (!reader.ReadHeaders().ok()) {
    if (data[0] >= 128) std::abort();
    return 0;
  }
  if (reader.stream().time_base.den < 1 || reader.stream().width < 1) std::abort();
  for (;;) {
    const auto head = reader.NextFrame();
    if (!head.ok() || !*head) return 0;
    if ((*head)->size > size + 4096) return 0;  // the caller knows how large frames are
    std::vector<uint8_t> frame((*head)->size);
    if (!reader.ReadFrame(frame).ok()) return 0;
  }
}
