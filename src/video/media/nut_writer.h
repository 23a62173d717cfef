#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/video/media/nut_reader.h"

namespace peel::video {

// Makes what goes around the raw frames of a NUT file with one stream of pictures (nut_format.h).
// Whoever writes it puts each frame's bytes behind its head.
class NutWriter {
 public:
  explicit NutWriter(const NutReader::Stream& stream) : stream_(stream) {}

  std::vector<uint8_t> Headers() const;
  // pts >= 0, rising.
  std::vector<uint8_t> FrameHead(int64_t pts, size_t size) const;

 private:
  NutReader::Stream stream_;
};

}  // namespace peel::video
