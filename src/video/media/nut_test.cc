#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/video/media/nut_format.h"
#include "src/video/media/nut_reader.h"
#include "src/video/media/nut_writer.h"

namespace peel::video {
namespace {

using Bytes = std::vector<uint8_t>;

// Gives the bytes in bits of any size.
NutReader::Source Of(const Bytes& bytes, size_t most = 1000) {
  return [&bytes, most, at = size_t{0}](std::span<uint8_t> into) mutable -> Result<size_t> {
    const size_t n = std::min({into.size(), bytes.size() - at, most});
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), n, into.begin());
    at += n;
    return n;
  };
}

struct Read {
  Status status;
  NutReader::Stream stream;
  std::vector<int64_t> times;
  std::vector<Bytes> frames;
};

Read ReadAll(const Bytes& bytes, size_t most = 1000) {
  Read read;
  NutReader reader(Of(bytes, most));
  read.status = reader.ReadHeaders();
  read.stream = reader.stream();
  while (read.status.ok()) {
    const auto head = reader.NextFrame();
    read.status = head.status();
    if (!head.ok() || !*head) break;
    Bytes frame((*head)->size);
    read.status = reader.ReadFrame(frame);
    read.times.push_back((*head)->pts);
    read.frames.push_back(std::move(frame));
  }
  return read;
}

constexpr int64_t kTimes[] = {0, 1, 127, 128, 129, 70000, 5'000'000'000};

Bytes Film() {
  const NutWriter writer({0x30323449, 64, 48, {1, 90000}});
  Bytes bytes = writer.Headers();
  size_t size = 3;
  for (const int64_t time : kTimes) {
    const Bytes head = writer.FrameHead(time, size);
    bytes.insert(bytes.end(), head.begin(), head.end());
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(i * 7 + size));
    size = size * 5 + 1;
  }
  return bytes;
}

TEST(NutTest, ChecksumOfTheSpecification) {
  // CRC-32/MPEG-2 but from 0: of "123456789" it is 0x89A1897F.
  const std::string digits = "123456789";
  EXPECT_EQ(nut::Crc({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()}),
            0x89A1897FU);
}

TEST(NutTest, WhatIsWrittenIsRead) {
  const Bytes film = Film();
  for (const size_t most : {size_t{1}, size_t{7}, size_t{100000}}) {
    const Read read = ReadAll(film, most);
    ASSERT_TRUE(read.status.ok()) << read.status.message();
    EXPECT_EQ(read.stream.width, 64);
    EXPECT_EQ(read.stream.height, 48);
    EXPECT_EQ(read.stream.fourcc, 0x30323449U);
    EXPECT_EQ(read.stream.time_base, (Rational{1, 90000}));
    EXPECT_EQ(read.times, std::vector<int64_t>(std::begin(kTimes), std::end(kTimes)));
    size_t size = 3;
    for (const Bytes& frame : read.frames) {
      ASSERT_EQ(frame.size(), size);
      EXPECT_EQ(frame.back(), static_cast<uint8_t>((size - 1) * 7 + size));
      size = size * 5 + 1;
    }
  }
}

TEST(NutTest, EndsInTheMiddleAreTold) {
  const Bytes film = Film();
  const size_t headers = NutWriter({0x30323449, 64, 48, {1, 90000}}).Headers().size();
  for (size_t size = 0; size < headers + 200; ++size) {
    const Bytes torn(film.begin(), film.begin() + static_cast<ptrdiff_t>(size));
    const Read read = ReadAll(torn);
    // Between two packets it is a film with fewer frames.
    if (size < headers) {
      EXPECT_EQ(read.status.code(), StatusCode::kCorrupt) << size;
    }
  }
  const Bytes torn(film.begin(), film.end() - 1);
  const Read read = ReadAll(torn);
  EXPECT_EQ(read.status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(read.frames.size(), std::size(kTimes));  // the last one's bytes are not all there
}

TEST(NutTest, FlippedBitsOfHeadersAreFound) {
  const Bytes film = Film();
  const size_t headers = NutWriter({0x30323449, 64, 48, {1, 90000}}).Headers().size();
  // The headers, and behind the first syncpoint the first frame's head.
  for (size_t at = 0; at < headers + 23; at == headers - 1 ? at += 16 : ++at) {
    Bytes broken = film;
    broken[at] ^= 0x10;
    EXPECT_FALSE(ReadAll(broken).status.ok()) << at;
  }
}

// What ffmpeg's muxer does and Peel's does not: short time stamps, codes with sizes, elided heads.
TEST(NutTest, ReadsTheCompactForm) {
  Bytes film(nut::kFileId.begin(), nut::kFileId.end());
  const auto packet = [&](uint64_t start_code, const Bytes& content) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      film.push_back(static_cast<uint8_t>(start_code >> shift));
    }
    film.push_back(static_cast<uint8_t>(content.size() + 4));
    film.insert(film.end(), content.begin(), content.end());
    const uint32_t sum = nut::Crc(content);
    for (int shift = 24; shift >= 0; shift -= 8) film.push_back(static_cast<uint8_t>(sum >> shift));
  };
  // Codes 0 and 1: sizes 2 and 3, one step on (signed 1 is 1). Code 2: all told by flags. The rest
  // is none. One elided head of two bytes.
  packet(nut::kMain, {3,    1,    0x81, 0x00, 1, 1, 25,                 //
                      1,    6,    1,    4,    0, 2, 0,  2,              // key
                      0xA0, 0x01, 6,    0,    1, 0, 0,  0, 1,           // coded, key
                      0xC0, 0x00, 6,    0,    1, 0, 0,  0, 0x81, 0x7C,  // invalid, 252 of them
                      1,    2,    0xAA, 0xBB});
  packet(nut::kStream, {0, 0, 4, 'I', '4', '2', '0', 0, 4, 100, 0, 0, 0, 16, 16, 1, 1, 0});
  packet(nut::kInfo, {1, 2, 3});
  packet(nut::kSyncpoint, {30, 0});
  film.insert(film.end(), {0, 1, 2});           // 31
  film.insert(film.end(), {1, 3, 4, 5});        // 32
  film.insert(film.end(), {2, 0x28, 5, 1, 9});  // the low four bits are 5: 37; one byte
  film.insert(film.end(),
              {2, 0x88, 0x28, 0x3E, 3, 1, 8});  // 62 - 16: 46; of 3 bytes the head has 2
  const Read read = ReadAll(film);
  ASSERT_TRUE(read.status.ok()) << read.status.message();
  EXPECT_EQ(read.times, (std::vector<int64_t>{31, 32, 37, 46}));
  ASSERT_EQ(read.frames.size(), 4U);
  EXPECT_EQ(read.frames[1], (Bytes{3, 4, 5}));
  EXPECT_EQ(read.frames[2], (Bytes{9}));
  EXPECT_EQ(read.frames[3], (Bytes{0xAA, 0xBB, 8}));
}

}  // namespace
}  // namespace peel::video
