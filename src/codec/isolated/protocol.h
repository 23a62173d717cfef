#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

// What a decode helper and its parent say to each other. Small things go through a socket that
// keeps messages apart, files and pictures through two regions of shared memory whose size is
// sealed. The parent makes both: one for the file, written before a request, and one for the
// picture, handed over once the helper has said how much room it needs.
//
//   helper: kHello                       once, at its start
//   parent: kProbe | kDecode | kOpenFrames, with the file's region where it is a new one
//   helper: kTaken                       from here on the helper's end is the file's fault
//   helper: kLibrary                     the library that is going to decode
//   helper: kInfo | kFrames | kFailed | kPicture
//   parent: kRoom | kNoRoom              after kPicture; with the picture's region where it is new
//   helper: kWritten                     after kRoom
//   parent: kNextFrame                   after kFrames; answered from kTaken on as above
//   parent: kCloseFrames                 no answer
//
// The helper is not trusted: it runs libraries that hostile files may have taken over. All that it
// says goes through the functions below.
namespace peel::isolated {

// What a message is: the parent's requests first, then the helper's answers, then the handover.
enum class Kind : uint8_t {
  kHello = 1,
  kProbe,
  kDecode,
  kOpenFrames,
  kNextFrame,
  kCloseFrames,
  kTaken,
  kLibrary,
  kInfo,
  kFrames,
  kFailed,
  kPicture,
  kRoom,
  kNoRoom,
  kWritten,
};

// How a picture lies in its region: `header_bytes` of fields (PictureFields), and from
// PixelOffset() on its rows as Image<T> has them.
struct PictureShape {
  int width = 0, height = 0;
  bool has_alpha = false;
  bool is_16_bit = false;
  uint64_t header_bytes = 0;
};

// One of the above with what belongs to it.
struct Message {
  Kind kind = Kind::kHello;
  uint64_t bytes = 0;                 // of the file, for requests
  DecodeOptions options = {};         // kDecode, kOpenFrames; without pool and cancel
  int threads = 1;                    // kDecode, kOpenFrames: of the pool that the helper makes
  std::string text = {};              // kLibrary: its name; kFailed: the message
  StatusCode code = StatusCode::kOk;  // kFailed
  PictureInfo info = {};              // kInfo
  int frames = 0;                     // kFrames
  PictureShape shape = {};            // kPicture
};

// A message as bytes, and back.
std::vector<uint8_t> Write(const Message& message);
// kCorrupt where the bytes are not a message.
Result<Message> Read(std::span<const uint8_t> bytes);

// A picture's fields without its pixels.
std::vector<uint8_t> WriteFields(const Picture& picture);

constexpr uint64_t kMaxHeaderBytes = uint64_t{512} << 20;
constexpr size_t kMaxText = 4096;
// A larger region is given up by both sides as soon as it has served: few pictures are that large.
constexpr size_t kKeptRegion = size_t{128} << 20;

// Where the pixels begin in the shared region, in bytes: at the first page after the fields.
uint64_t PixelOffset(const PictureShape& shape);

// What the parent asked for, to hold an answer against.
struct Expected {
  Format format = Format::kUnknown;
  DecodeOptions options = {};
};

// kCorrupt, with what is wrong, for what no decoder of this program says. The numbers of kInfo are
// of a header without limits; those of kFrames and kPicture are within the limits asked for.
Status CheckInfo(const PictureInfo& info, const Expected& expected);
Status CheckFrames(int frames, const Expected& expected);
// How many bytes the region must have.
Result<uint64_t> RegionBytes(const PictureShape& shape, const Expected& expected);
// Of fields that have been copied out of the region; the pixels are not in it yet.
Result<Picture> ReadFields(std::span<const uint8_t> fields, const PictureShape& shape,
                           const Expected& expected);
// Whether kFailed holds an error.
bool IsFailure(const Message& message);

}  // namespace peel::isolated
