#include "src/codec/picture_stream.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "src/codec/bmp/bmp_header.h"
#include "src/codec/bytes.h"
#include "src/codec/gif/gif_blocks.h"
#include "src/codec/metadata/exif_block.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

// Enough of a file's beginning to tell what it is.
constexpr size_t kHead = 32;
constexpr size_t kStray = 16;

bool HasAt(std::span<const uint8_t> bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

// A beginning that is hardly there by accident.
bool LooksLikeBeginning(std::span<const uint8_t> bytes) {
  if (HasAt(bytes, 0, "\x89PNG\r\n\x1A\n"sv) || HasAt(bytes, 0, "GIF87a"sv) ||
      HasAt(bytes, 0, "GIF89a"sv)) {
    return true;
  }
  if (HasAt(bytes, 0, "RIFF"sv) && HasAt(bytes, 8, "WEBP"sv)) return true;
  if (HasAt(bytes, 0, "\0\0\0\x0CJXL "sv)) return true;
  // The reserved numbers are zero, a header has one plane.
  if (IsBmp(bytes) && HasAt(bytes, 6, "\0\0\0\0"sv) &&
      HasAt(bytes, bytes[14] == 12 ? 22 : 26, "\1\0"sv)) {
    return true;
  }
  if (HasAt(bytes, 4, "ftyp"sv) && bytes[0] == 0 && bytes[1] == 0) return true;
  // Start of image and a marker that files begin with.
  return HasAt(bytes, 0, "\xFF\xD8\xFF"sv) && bytes.size() > 3 &&
         (bytes[3] == 0xDB || bytes[3] == 0xC4 || bytes[3] == 0xFE ||
          (bytes[3] >= 0xE0 && bytes[3] <= 0xEF));
}

// Where the furthest of a multi-picture file's other pictures ends, from the contents of its APP2
// segment, which lie at `at` in the file; 0 where there are none.
size_t EndOfOtherPictures(std::span<const uint8_t> segment, size_t at) {
  constexpr uint16_t kEntries = 0xB002;
  if (!HasAt(segment, 0, "MPF\0"sv)) return 0;
  const auto table = segment.subspan(4);
  // Only read through; the one class serves reading and patching.
  const exif::Block block({const_cast<uint8_t*>(table.data()), table.size()});
  if (!block.valid() || !block.Table(block.Get32(4))) return 0;
  uint64_t end = 0;
  block.ForEach(block.Get32(4), [&](const exif::Entry& entry) {
    if (entry.tag != kEntries) return;
    const auto values = block.Values(entry);
    if (!values) return;
    for (size_t i = values->begin; i + 16 <= values->end; i += 16) {
      const uint64_t size = block.Get32(i + 4), offset = block.Get32(i + 8);
      if (offset != 0) end = std::max(end, at + 4 + offset + size);
    }
  });
  return end;
}

bool IsBlank(uint8_t c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; }

}  // namespace

void PictureStream::Append(std::span<const uint8_t> bytes) {
  // What has been handed out is dropped before the buffer grows.
  if (begin_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(begin_));
    begin_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::vector<uint8_t> PictureStream::Take(size_t size) {
  std::vector<uint8_t> file;
  if (begin_ == 0 && size == buffer_.size()) {
    file = std::move(buffer_);
    buffer_ = {};
  } else {
    const auto first = buffer_.begin() + static_cast<ptrdiff_t>(begin_);
    file.assign(first, first + static_cast<ptrdiff_t>(size));
    begin_ += size;
  }
  walk_ = {};
  return file;
}

PictureStream::State PictureStream::WalkPng(std::span<const uint8_t> bytes) {
  walk_.at = std::max<size_t>(walk_.at, 8);
  for (;;) {
    const size_t left = bytes.size() - std::min(walk_.at, bytes.size());
    if (left < 12) return State::kMore;
    const uint8_t* chunk = bytes.data() + walk_.at;
    const size_t length = ReadBig32(chunk);
    const bool letters = std::all_of(chunk + 4, chunk + 8, [](uint8_t c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (!letters || length > INT32_MAX) return State::kBroken;
    if (left - 12 < length) return State::kMore;
    // A file that was cut short goes on with the next one: its last chunk's checksum tells.
    if (libdeflate_crc32(0, chunk + 4, length + 4) != ReadBig32(chunk + 8 + length)) {
      return State::kBroken;
    }
    walk_.at += length + 12;
    if (std::memcmp(chunk + 4, "IEND", 4) == 0) return State::kEnd;
  }
}

PictureStream::State PictureStream::WalkJpeg(std::span<const uint8_t> bytes) {
  walk_.at = std::max<size_t>(walk_.at, 2);
  for (;;) {
    if (walk_.in_data) {  // up to a marker that is not part of the data
      const size_t from = std::min(walk_.at, bytes.size());
      const auto* found = static_cast<const uint8_t*>(
          from < bytes.size() ? std::memchr(bytes.data() + from, 0xFF, bytes.size() - from)
                              : nullptr);
      if (found == nullptr) {
        walk_.at = bytes.size();
        return State::kMore;
      }
      walk_.at = static_cast<size_t>(found - bytes.data());
      if (bytes.size() - walk_.at < 2) return State::kMore;
      const uint8_t next = bytes[walk_.at + 1];
      if (next == 0 || (next >= 0xD0 && next <= 0xD7)) {
        walk_.at += 2;
        continue;
      }
      if (next == 0xFF) {
        ++walk_.at;
        continue;
      }
      walk_.in_data = false;
    }
    if (bytes.size() - std::min(walk_.at, bytes.size()) < 2) return State::kMore;
    const uint8_t *p = bytes.data() + walk_.at, marker = p[1];
    if (p[0] != 0xFF) {  // a few stray bytes, as decoders put up with them
      const uint8_t* const end = p + std::min<size_t>(bytes.size() - walk_.at, kStray);
      const uint8_t* const next = std::find(p, end, uint8_t{0xFF});
      if (next == end) return end - p < ptrdiff_t{kStray} ? State::kMore : State::kBroken;
      walk_.at += static_cast<size_t>(next - p);
      continue;
    }
    if (marker == 0xFF) {  // padding
      ++walk_.at;
      continue;
    }
    if (marker == 0xD9) {
      const size_t end = std::max(walk_.at + 2, walk_.at_least);
      if (bytes.size() >= end) {
        walk_.at = end;
        return State::kEnd;
      }
      if (!closed_) return State::kMore;
      walk_.at += 2;  // the others are cut off; this one is whole
      return State::kEnd;
    }
    if (marker == 0xD8) return State::kBroken;  // the next file: this one has no end
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {
      walk_.at += 2;
      continue;
    }
    if (bytes.size() - walk_.at < 4) return State::kMore;
    const size_t length = ReadBig16(p + 2);
    if (length < 2) return State::kBroken;
    if (bytes.size() - walk_.at - 2 < length) return State::kMore;
    if (marker == 0xE2) {
      walk_.at_least =
          std::max(walk_.at_least, EndOfOtherPictures({p + 4, length - 2}, walk_.at + 4));
    }
    walk_.at += 2 + length;
    walk_.in_data = marker == 0xDA;
  }
}

PictureStream::State PictureStream::WalkWebp(std::span<const uint8_t> bytes) {
  if (bytes.size() < 12) return State::kMore;
  const uint64_t length = uint64_t{bytes[4]} | uint64_t{bytes[5]} << 8 | uint64_t{bytes[6]} << 16 |
                          uint64_t{bytes[7]} << 24;
  walk_.at = static_cast<size_t>(8 + length + length % 2);
  return bytes.size() < walk_.at ? State::kMore : State::kEnd;
}

PictureStream::State PictureStream::WalkGifFile(std::span<const uint8_t> bytes) {
  const auto blocks = WalkGif(bytes);
  if (!blocks.ok() || blocks->end == 0) return State::kMore;
  walk_.at = blocks->end;
  return State::kEnd;
}

PictureStream::State PictureStream::WalkBmp(std::span<const uint8_t> bytes) {
  // A header and a palette, or all of a file that is smaller.
  constexpr uint64_t kEnough = 2048;
  if (bytes.size() < kHead) return State::kMore;
  const uint64_t told = ReadLittle32(bytes.data() + 2);
  if (!closed_ && bytes.size() < (told >= kHead ? std::min(told, kEnough) : kEnough)) {
    return State::kMore;
  }
  const auto size = BmpFileSize(bytes);
  if (!size) return State::kMore;
  walk_.at = static_cast<size_t>(*size);
  return bytes.size() < *size ? State::kMore : State::kEnd;
}

PictureStream::State PictureStream::WalkBoxes(std::span<const uint8_t> bytes) {
  for (;;) {
    const size_t left = bytes.size() - std::min(walk_.at, bytes.size());
    if (left == 0 && closed_) return State::kEnd;
    if (left < 16 && !closed_) return State::kMore;
    if (left < 8) return State::kBroken;
    const auto rest = bytes.subspan(walk_.at);
    // The next file.
    if (walk_.at > 0 && (HasAt(rest, 4, "ftyp"sv) ? !HasAt(bytes, 4, "JXL "sv) || walk_.at > 12
                                                  : LooksLikeBeginning(rest))) {
      return State::kEnd;
    }
    uint64_t length = ReadBig32(rest.data());
    if (length == 1 && left >= 16) {
      length = uint64_t{ReadBig32(rest.data() + 8)} << 32 | ReadBig32(rest.data() + 12);
    } else if (length == 0) {  // up to the end of the stream
      length = UINT64_MAX;
    }
    const bool printable = std::all_of(rest.begin() + 4, rest.begin() + 8,
                                       [](uint8_t c) { return c >= 0x20 && c < 0x7F; });
    if (length < 8 || !printable) return State::kBroken;
    if (length > left) return State::kMore;
    walk_.at += static_cast<size_t>(length);
  }
}

PictureStream::State PictureStream::WalkOn(std::span<const uint8_t> bytes) {
  switch (walk_.format) {
    case Format::kPng:
      return WalkPng(bytes);
    case Format::kJpeg:
      return WalkJpeg(bytes);
    case Format::kWebp:
      return WalkWebp(bytes);
    case Format::kGif:
      return WalkGifFile(bytes);
    case Format::kBmp:
      return WalkBmp(bytes);
    case Format::kAvif:
    case Format::kHeic:
      return WalkBoxes(bytes);
    case Format::kJxl:
      return bytes[0] == 0 ? WalkBoxes(bytes) : State::kMore;
    case Format::kTiff:
    case Format::kRaw:
      return State::kMore;
    default:
      return State::kBroken;
  }
}

std::optional<std::vector<uint8_t>> PictureStream::Next() {
  if (!walk_.begun) {
    while (begin_ < buffer_.size() && IsBlank(buffer_[begin_])) ++begin_;
    if (begin_ == buffer_.size()) return {};
    if (Bytes().size() < kHead && !closed_) return {};
    walk_.begun = true;
    walk_.format = Sniff(Bytes());
  }
  const std::span<const uint8_t> bytes = Bytes();
  if (!walk_.broken) {
    const State state = WalkOn(bytes);
    if (state == State::kEnd) return Take(walk_.at);
    walk_.broken =
        state == State::kBroken || (closed_ && state == State::kMore) || bytes.size() > max_bytes_;
    if (!walk_.broken) return {};
    // Formats without an end of their own are whole when the stream is.
    const bool endless = walk_.format == Format::kTiff || walk_.format == Format::kRaw ||
                         (walk_.format == Format::kBmp && !BmpFileSize(bytes)) ||
                         (walk_.format == Format::kJxl && bytes[0] != 0);
    if (endless && closed_) return Take(bytes.size());
    walk_.searched = 1;
  }
  for (; walk_.searched + kHead <= bytes.size() || (closed_ && walk_.searched < bytes.size());
       ++walk_.searched) {
    if (LooksLikeBeginning(bytes.subspan(walk_.searched))) return Take(walk_.searched);
  }
  if (closed_) return Take(bytes.size());
  // No end in sight: what no file can be is not kept.
  if (bytes.size() > max_bytes_) return Take(walk_.searched);
  return {};
}

}  // namespace peel
