// The headers of animated WebP files: never a crash, and no more frames than there is room for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "src/video/media/webp_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto found = peel::video::ReadWebpFrames({data, size});
  if (found.ok() && (found->frames < 1 || found->frames > static_cast<int64_t>(size / 8))) {
    std::abort();
  }
  return 0;
}
