#include "src/video/media/nut_writer.h"

#include <span>

#include "src/video/media/nut_format.h"

namespace peel::video {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr int kMsbShift = 7;

void PutNumber(uint64_t value, Bytes* to) {
  int shift = 0;
  while (shift < 63 && value >> (shift + 7) != 0) shift += 7;
  for (; shift > 0; shift -= 7) to->push_back(static_cast<uint8_t>(value >> shift | 0x80));
  to->push_back(static_cast<uint8_t>(value & 0x7F));
}

void PutNumbers(std::initializer_list<uint64_t> values, Bytes* to) {
  for (const uint64_t value : values) PutNumber(value, to);
}

void PutBigEndian(uint64_t value, int bytes, Bytes* to) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    to->push_back(static_cast<uint8_t>(value >> shift));
  }
}

// All packets here are shorter than those whose header needs a checksum.
void PutPacket(uint64_t start_code, const Bytes& content, Bytes* to) {
  PutBigEndian(start_code, 8, to);
  PutNumber(content.size() + 4, to);
  to->insert(to->end(), content.begin(), content.end());
  PutBigEndian(nut::Crc(content), 4, to);
}

}  // namespace

Bytes NutWriter::Headers() const {
  Bytes all(nut::kFileId.begin(), nut::kFileId.end());
  Bytes main;
  PutNumbers({3, 1, 65535, 1, static_cast<uint64_t>(stream_.time_base.num),
              static_cast<uint64_t>(stream_.time_base.den)},
             &main);
  // Frame code 0 with everything told, the others unused. Six fields: time (signed: 0 is 0),
  // factor, stream, size, reserved, how many codes.
  PutNumbers({nut::kKey | nut::kCodedPts | nut::kSizeMsb | nut::kChecksum, 6, 0, 1, 0, 0, 0, 1},
             &main);
  PutNumbers({nut::kInvalid, 6, 0, 1, 0, 0, 0, 254}, &main);
  PutNumber(0, &main);  // no elided headers
  PutPacket(nut::kMain, main, &all);
  Bytes stream;
  PutNumbers({0, 0, 4}, &stream);
  for (int shift = 0; shift < 32; shift += 8) {
    stream.push_back(static_cast<uint8_t>(stream_.fourcc >> shift));
  }
  // Time base, bits of short time stamps, their greatest distance, delay, flags, the codec's own;
  // the size, square samples, colours untold.
  PutNumbers({0, kMsbShift, 1 << 30, 0, 0, 0, static_cast<uint64_t>(stream_.width),
              static_cast<uint64_t>(stream_.height), 1, 1, 0},
             &stream);
  PutPacket(nut::kStream, stream, &all);
  return all;
}

Bytes NutWriter::FrameHead(int64_t pts, size_t size) const {
  Bytes all, syncpoint;
  const auto time = static_cast<uint64_t>(pts);
  PutNumbers({time, 0}, &syncpoint);
  PutPacket(nut::kSyncpoint, syncpoint, &all);
  Bytes head = {0};
  PutNumbers({time + (uint64_t{1} << kMsbShift), size}, &head);
  PutBigEndian(nut::Crc(head), 4, &head);
  all.insert(all.end(), head.begin(), head.end());
  return all;
}

}  // namespace peel::video
