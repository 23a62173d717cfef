#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/video/media/media_info.h"

namespace peel::video {

// Reads a NUT file with one stream of pictures as it comes in (nut_format.h). A frame's bytes go
// straight where the caller wants them. kCorrupt for what is no such file or ends in the middle;
// what the source says.
class NutReader {
 public:
  // Gives at least one byte, 0 at the end.
  using Source = std::function<Result<size_t>(std::span<uint8_t>)>;
  explicit NutReader(Source source) : source_(std::move(source)) {}

  struct Stream {
    uint32_t fourcc = 0;
    int width = 0, height = 0;
    Rational time_base;
  };
  // The file's start, up to its first stream's header.
  Status ReadHeaders();
  const Stream& stream() const { return stream_; }

  struct FrameHead {
    int64_t pts = 0;  // in units of the stream's time base
    size_t size = 0;  // bytes that ReadFrame gives
  };
  // nullopt at the end of the file. The frame before must have been read.
  Result<std::optional<FrameHead>> NextFrame();
  // `into` is as large as the frame.
  Status ReadFrame(std::span<uint8_t> into);

 private:
  struct FrameCode {
    uint64_t flags = 0;
    int64_t pts_delta = 0;
    uint64_t stream = 0, size_mul = 0, size_lsb = 0, reserved = 0, header = 0;
  };
  class Fields;

  Status ReadBytes(std::span<uint8_t> into);
  Result<bool> AtEnd();
  Result<uint8_t> ReadByte();
  // A number of the frame's head, whose bytes are kept for its checksum.
  Result<uint64_t> ReadNumber(std::vector<uint8_t>* kept);
  Result<std::vector<uint8_t>> ReadPacket(uint64_t start_code);
  Status ReadOnePacket();
  Status ParseMain(std::span<const uint8_t> packet);
  Status ParseStream(std::span<const uint8_t> packet);
  Status ParseSyncpoint(std::span<const uint8_t> packet);
  Result<FrameHead> ReadFrameHead();

  Source source_;
  std::array<uint8_t, 4096> buffer_;
  size_t begin_ = 0, end_ = 0;

  std::array<FrameCode, 256> codes_;
  std::vector<Rational> time_bases_;
  std::vector<std::vector<uint8_t>> heads_;  // that are left out of frames; the first is empty
  bool has_main_ = false, has_stream_ = false;
  Stream stream_;
  uint64_t time_base_ = 0;  // the stream's, in time_bases_
  int msb_shift_ = 0;
  int64_t last_pts_ = 0;
  size_t elided_ = 0;  // of heads_: what the frame at hand begins with
};

}  // namespace peel::video
