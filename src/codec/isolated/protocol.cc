#include "src/codec/isolated/protocol.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "src/base/checked.h"
#include "src/base/os/message_socket.h"
#include "src/codec/isolated/archive.h"
#include "src/codec/limits.h"

// The bindings below name every member of a struct: one that is added there and forgotten here does
// not compile. (The archives find Parts in the namespace of the struct, not in a nameless one.)
namespace peel {

template <typename Archive>
void Parts(Archive& archive, Limits& limits) {
  auto& [max_bytes, max_pixels, max_width, max_height, max_frames] = limits;
  archive(max_bytes, max_pixels, max_width, max_height, max_frames);
}

template <typename Archive>
void Parts(Archive& archive, DecodeOptions& options) {
  auto& [limits, min_width, min_height, apply_orientation, reduce_to_8_bits, keep_metadata, pool,
         cancel] = options;
  (void)pool, (void)cancel;  // the parent's own affair
  archive(limits, min_width, min_height, apply_orientation, reduce_to_8_bits, keep_metadata);
}

template <typename Archive>
void Parts(Archive& archive, PictureInfo& info) {
  auto& [format, width, height, channels, bits, has_alpha, is_cmyk, is_palette, orientation,
         frames] = info;
  archive(format, width, height, channels, bits, has_alpha, is_cmyk, is_palette, orientation,
          frames);
}

template <typename Archive>
void Parts(Archive& archive, Resolution& resolution) {
  auto& [x, y, unit] = resolution;
  archive(x, y, unit);
}

template <typename Archive>
void Parts(Archive& archive, Metadata& metadata) {
  auto& [icc, exif, xmp, iptc, resolution] = metadata;
  archive(icc, exif, xmp, iptc, resolution);
}

template <typename Archive>
void Parts(Archive& archive, Picture& picture) {
  auto& [pixels, has_alpha, format, stored_width, stored_height, orientation, orientation_applied,
         was_grey, was_cmyk, frames, delay_us, plays, focal_px, metadata, warning] = picture;
  (void)pixels;  // lie behind the fields
  archive(has_alpha, format, stored_width, stored_height, orientation, orientation_applied,
          was_grey, was_cmyk, frames, delay_us, plays, focal_px, metadata, warning);
}

namespace isolated {

template <typename Archive>
void Parts(Archive& archive, PictureShape& shape) {
  auto& [width, height, has_alpha, is_16_bit, header_bytes] = shape;
  archive(width, height, has_alpha, is_16_bit, header_bytes);
}

template <typename Archive>
void Parts(Archive& archive, Message& message) {
  auto& [kind, bytes, options, threads, text, code, info, frames, shape] = message;
  archive(kind);
  switch (kind) {
    case Kind::kDecode:
    case Kind::kOpenFrames:
      archive(bytes, options, threads);
      break;
    case Kind::kProbe:
      archive(bytes);
      break;
    case Kind::kLibrary:
      archive(text);
      break;
    case Kind::kInfo:
      archive(info);
      break;
    case Kind::kFrames:
      archive(frames);
      break;
    case Kind::kFailed:
      archive(code, text);
      break;
    case Kind::kPicture:
      archive(shape);
      break;
    default:
      break;
  }
}

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kMagic = 0x4C454550;  // "PEEL"

Status Nonsense(const char* what) {
  return Corrupt(std::string("the decode helper answered with ") + what);
}

bool IsOrientation(int orientation) { return orientation >= 1 && orientation <= 8; }

// Bytes of the rows, as Image<T>::Allocate lays them out.
std::optional<uint64_t> PixelBytes(const PictureShape& shape) {
  const uint64_t sample = shape.is_16_bit ? 2 : 1;
  const int64_t step = static_cast<int64_t>(AlignedBuffer::kAlignment / sample);
  const int64_t stride = RoundUp(int64_t{shape.width} * (shape.has_alpha ? 4 : 3), step);
  return CheckedProduct<uint64_t>(stride, shape.height, sample);
}

}  // namespace

std::vector<uint8_t> Write(const Message& message) {
  ArchiveWriter writer;
  uint32_t magic = kMagic;
  writer(magic, message);
  return writer.bytes();
}

Result<Message> Read(std::span<const uint8_t> bytes) {
  ArchiveReader reader(bytes);
  uint32_t magic = 0;
  Message message;
  reader(magic, message);
  if (!reader.at_end() || magic != kMagic || message.kind < Kind::kHello ||
      message.kind > Kind::kWritten) {
    return Nonsense("a message that is none");
  }
  return message;
}

std::vector<uint8_t> WriteFields(const Picture& picture) {
  ArchiveWriter writer;
  writer(picture);
  return writer.bytes();
}

uint64_t PixelOffset(const PictureShape& shape) {
  return (shape.header_bytes + kPage - 1) / kPage * kPage;
}

Status CheckInfo(const PictureInfo& info, const Expected& expected) {
  if (info.format != expected.format) return Nonsense("another format");
  if (info.width < 1 || info.height < 1) return Nonsense("a picture without size");
  if (info.channels < 1 || info.bits < 1 || info.bits > 64) return Nonsense("samples");
  if (!IsOrientation(info.orientation)) return Nonsense("an orientation");
  if (info.frames < 1) return Nonsense("a number of frames");
  return OkStatus();
}

Status CheckFrames(int frames, const Expected& expected) {
  if (frames < 1 || frames > std::max(expected.options.limits.max_frames, 1)) {
    return Nonsense("a number of frames");
  }
  return OkStatus();
}

Result<uint64_t> RegionBytes(const PictureShape& shape, const Expected& expected) {
  if (shape.width < 1 || shape.height < 1) return Nonsense("a picture without size");
  // Turned upright, a side may be held against the other one's limit. AVIF may be cropped after
  // decoding, never grow.
  const Limits& limits = expected.options.limits;
  const int longest = std::max(limits.max_width, limits.max_height);
  if (shape.width > longest || shape.height > longest ||
      static_cast<uint64_t>(shape.width) * static_cast<uint64_t>(shape.height) >
          limits.max_pixels) {
    return Nonsense("a picture beyond the limits");
  }
  if (shape.header_bytes > kMaxHeaderBytes) return Nonsense("too much metadata");
  if (shape.is_16_bit && expected.options.reduce_to_8_bits) return Nonsense("16 bits");
  const auto pixels = PixelBytes(shape);
  if (!pixels) return Nonsense("a picture without end");
  const auto all = CheckedAdd(*pixels, PixelOffset(shape));
  if (!all) return Nonsense("a picture without end");
  return *all;
}

Result<Picture> ReadFields(std::span<const uint8_t> fields, const PictureShape& shape,
                           const Expected& expected) {
  ArchiveReader reader(fields);
  Picture picture;
  reader(picture);
  if (!reader.at_end()) return Nonsense("fields that are none");
  if (picture.format != expected.format) return Nonsense("another format");
  if (picture.has_alpha != shape.has_alpha) return Nonsense("alpha that is none");
  if (picture.stored_width < 1 || picture.stored_height < 1) return Nonsense("a size");
  if (!IsOrientation(picture.orientation)) return Nonsense("an orientation");
  if (picture.frames < 1) return Nonsense("a number of frames");
  if (!std::isfinite(picture.focal_px) || picture.focal_px < 0) return Nonsense("a focal length");
  const Resolution& resolution = picture.metadata.resolution;
  if (resolution.unit > Resolution::Unit::kCentimetre ||
      !(resolution == Resolution() ||
        (resolution.known() && std::isfinite(resolution.x) && std::isfinite(resolution.y)))) {
    return Nonsense("a resolution");
  }
  return picture;
}

bool IsFailure(const Message& message) {
  return message.code > StatusCode::kOk && message.code <= StatusCode::kInternal;
}

}  // namespace isolated
}  // namespace peel
