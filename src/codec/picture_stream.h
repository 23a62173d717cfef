#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/codec/sniff.h"

namespace peel {

// Cuts a stream of picture files that follow each other into files, as it comes in.
//
// Where a file ends, its own structure says: PNG by its end chunk, JPEG by its end marker (behind
// which the further pictures of a multi-picture file still belong to it), WebP and BMP by their
// length, GIF by its trailer. AVIF, HEIC and JPEG XL in a container end where the next file begins
// or the stream ends. TIFF, camera raw and bare JPEG XL have no end of their own: they take the
// rest of the stream, as does a BMP of run-length coding whose header does not know its length.
// Where a file is broken, it ends where something that looks like the beginning of the next one is
// found. Blanks and newlines between files are passed over.
class PictureStream {
 public:
  // A file of more than max_bytes is given up: what has come of it so far is handed out as it is,
  // and the next one is looked for.
  explicit PictureStream(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  void Append(std::span<const uint8_t> bytes);
  void Close() { closed_ = true; }  // nothing more will come

  // The bytes of the next file, broken or whole; nullopt while more have to come first, and at the
  // end. Bytes that belong to no known picture come as a file too, for whoever decodes it to
  // refuse.
  std::optional<std::vector<uint8_t>> Next();

 private:
  // Where the walk over the first file's structure stands.
  struct Walk {
    Format format = Format::kUnknown;
    bool begun = false;
    size_t at = 0;         // all before it has been understood
    size_t at_least = 0;   // further pictures of a JPEG reach up to here
    bool in_data = false;  // of a JPEG: entropy-coded data
    size_t searched = 0;   // for the next file's beginning, once this one is broken
    bool broken = false;
  };
  enum class State { kMore, kEnd, kBroken };

  std::span<const uint8_t> Bytes() const { return std::span(buffer_).subspan(begin_); }
  State WalkPng(std::span<const uint8_t> bytes);
  State WalkJpeg(std::span<const uint8_t> bytes);
  State WalkWebp(std::span<const uint8_t> bytes);
  State WalkGifFile(std::span<const uint8_t> bytes);
  State WalkBmp(std::span<const uint8_t> bytes);
  State WalkBoxes(std::span<const uint8_t> bytes);
  State WalkOn(std::span<const uint8_t> bytes);
  std::vector<uint8_t> Take(size_t size);

  const uint64_t max_bytes_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  // of what has not been handed out
  bool closed_ = false;
  Walk walk_;
};

}  // namespace peel
