#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// What the reader and the writer of NUT share: the container that ffmpeg and Peel hand each other
// raw frames in, with exact time stamps. Its specification is FFmpeg's doc/nut.texi and nut.txt
// (2013), version 3. Of it only what one stream of pictures needs.
namespace peel::video::nut {

inline constexpr std::string_view kFileId{"nut/multimedia container\0", 25};

enum StartCode : uint64_t {
  kMain = 0x4E4D7A561F5F04AD,
  kStream = 0x4E5311405BF2F9DB,
  kSyncpoint = 0x4E4BE4ADEECA4569,
  kIndex = 0x4E58DD672F23E64E,
  kInfo = 0x4E49AB68B596BA78,
};

// Flags of a frame's code.
enum FrameFlag : uint64_t {
  kKey = 1,
  kEndOfRelevance = 2,
  kCodedPts = 8,
  kStreamId = 16,
  kSizeMsb = 32,
  kChecksum = 64,
  kReserved = 128,
  kSideData = 256,
  kHeaderIndex = 1024,
  kMatchTime = 2048,
  kCoded = 4096,
  kInvalid = 8192,
};

// Of packets longer than this the header has a checksum, and frames longer than it no elided head.
inline constexpr size_t kShort = 4096;

namespace internal {
consteval std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i << 24;
    for (int bit = 0; bit < 8; ++bit) value = value << 1 ^ (value >> 31 != 0 ? 0x04C11DB7U : 0);
    table[i] = value;
  }
  return table;
}
inline constexpr std::array<uint32_t, 256> kCrcTable = CrcTable();
}  // namespace internal

// CRC-32 of polynomial 0x04C11DB7, the highest bit first, from 0 and not inverted.
constexpr uint32_t Crc(std::span<const uint8_t> bytes, uint32_t crc = 0) {
  for (const uint8_t byte : bytes) crc = crc << 8 ^ internal::kCrcTable[crc >> 24 ^ byte];
  return crc;
}

}  // namespace peel::video::nut
