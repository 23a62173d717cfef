#include "src/video/media/nut_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "src/base/checked.h"
#include "src/video/media/nut_format.h"

namespace peel::video {
namespace {

constexpr uint64_t kMaxPacket = uint64_t{1} << 20;
constexpr uint64_t kMaxFrame = uint64_t{1} << 32;
constexpr uint64_t kMaxFields = 4096;

Status Broken(const char* what) {
  return Corrupt(std::string("ffmpeg's stream of frames is broken (") + what + ")");
}

uint32_t BigEndian32(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
         static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
}

}  // namespace

// The numbers of a packet. What goes beyond its end reads as 0, and it is not good() then.
class NutReader::Fields {
 public:
  explicit Fields(std::span<const uint8_t> bytes) : rest_(bytes) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (;;) {
      if (rest_.empty() || value >> 57 != 0) return Fail();
      const uint8_t byte = rest_.front();
      rest_ = rest_.subspan(1);
      value = value << 7 | (byte & 0x7FU);
      if ((byte & 0x80) == 0) return value;
    }
  }
  int64_t Signed() {
    const uint64_t value = Number() + 1;
    const auto half = static_cast<int64_t>(value >> 1);
    return (value & 1) != 0 ? -half : half;
  }
  std::span<const uint8_t> Bytes() {
    const uint64_t size = Number();
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const auto bytes = rest_.first(static_cast<size_t>(size));
    rest_ = rest_.subspan(static_cast<size_t>(size));
    return bytes;
  }
  bool good() const { return good_; }

 private:
  uint64_t Fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::span<const uint8_t> rest_;
  bool good_ = true;
};

Result<bool> NutReader::AtEnd() {
  if (begin_ < end_) return false;
  PEEL_ASSIGN_OR_RETURN(end_, source_(buffer_));
  begin_ = 0;
  return end_ == 0;
}

Result<uint8_t> NutReader::ReadByte() {
  PEEL_ASSIGN_OR_RETURN(const bool at_end, AtEnd());
  if (at_end) return Broken("it ends in the middle");
  return buffer_[begin_++];
}

Status NutReader::ReadBytes(std::span<uint8_t> into) {
  const size_t there = std::min(into.size(), end_ - begin_);
  if (there > 0) std::memcpy(into.data(), buffer_.data() + begin_, there);
  begin_ += there;
  into = into.subspan(there);
  while (!into.empty()) {
    PEEL_ASSIGN_OR_RETURN(const size_t n, source_(into));
    if (n == 0) return Broken("it ends in the middle");
    into = into.subspan(n);
  }
  return OkStatus();
}

Result<uint64_t> NutReader::ReadNumber(std::vector<uint8_t>* kept) {
  uint64_t value = 0;
  for (;;) {
    PEEL_ASSIGN_OR_RETURN(const uint8_t byte, ReadByte());
    kept->push_back(byte);
    if (value >> 56 != 0) return Broken("a number is too large");
    value = value << 7 | (byte & 0x7FU);
    if ((byte & 0x80) == 0) return value;
  }
}

// What follows its start code, without the checksum.
Result<std::vector<uint8_t>> NutReader::ReadPacket(uint64_t start_code) {
  std::vector<uint8_t> head;
  for (int shift = 56; shift >= 0; shift -= 8) {
    head.push_back(static_cast<uint8_t>(start_code >> shift));
  }
  PEEL_ASSIGN_OR_RETURN(const uint64_t size, ReadNumber(&head));
  std::array<uint8_t, 4> sum;
  if (size > nut::kShort) {
    PEEL_RETURN_IF_ERROR(ReadBytes(sum));
    if (BigEndian32(sum.data()) != nut::Crc(head)) return Broken("a checksum is wrong");
  }
  if (size < 4) return Broken("a packet is too short");
  // Indices may be long; what is not looked at need not be kept.
  const bool is_skipped = start_code == nut::kIndex || start_code == nut::kInfo;
  if (size > kMaxPacket) {
    if (!is_skipped) return Broken("a packet is too long");
    for (uint64_t left = size; left > 0;) {
      std::array<uint8_t, 4096> skipped;
      const auto part = static_cast<size_t>(std::min<uint64_t>(left, skipped.size()));
      PEEL_RETURN_IF_ERROR(ReadBytes(std::span(skipped).first(part)));
      left -= part;
    }
    return std::vector<uint8_t>();
  }
  std::vector<uint8_t> packet(static_cast<size_t>(size));
  PEEL_RETURN_IF_ERROR(ReadBytes(packet));
  const uint32_t told = BigEndian32(packet.data() + packet.size() - 4);
  packet.resize(packet.size() - 4);
  if (told != nut::Crc(packet)) return Broken("a checksum is wrong");
  return packet;
}

Status NutReader::ReadHeaders() {
  std::array<uint8_t, nut::kFileId.size()> id;
  PEEL_RETURN_IF_ERROR(ReadBytes(id));
  if (!std::equal(id.begin(), id.end(), nut::kFileId.begin())) return Broken("it does not begin");
  while (!has_stream_) {
    PEEL_ASSIGN_OR_RETURN(const uint8_t first, ReadByte());
    if (first != 'N') return Broken("it has frames before its headers");
    PEEL_RETURN_IF_ERROR(ReadOnePacket());
  }
  return OkStatus();
}

// The first byte of its start code, N, has been read.
Status NutReader::ReadOnePacket() {
  std::array<uint8_t, 7> rest;
  PEEL_RETURN_IF_ERROR(ReadBytes(rest));
  uint64_t start_code = 'N';
  for (const uint8_t byte : rest) start_code = start_code << 8 | byte;
  PEEL_ASSIGN_OR_RETURN(const auto packet, ReadPacket(start_code));
  switch (start_code) {
    case nut::kMain:
      return has_main_ ? OkStatus() : ParseMain(packet);  // it is repeated now and then
    case nut::kStream:
      return has_stream_ ? OkStatus() : ParseStream(packet);
    case nut::kSyncpoint:
      return ParseSyncpoint(packet);
    default:
      return OkStatus();
  }
}

Status NutReader::ParseMain(std::span<const uint8_t> packet) {
  Fields fields(packet);
  const uint64_t version = fields.Number();
  if (version < 2 || version > 4) return Broken("its version is unknown");
  if (version > 3) fields.Number();
  if (fields.Number() != 1) return Broken("it has not one stream");
  fields.Number();  // the greatest distance of syncpoints
  const uint64_t bases = fields.Number();
  if (!fields.good() || bases < 1 || bases > kMaxFields) return Broken("it has no time base");
  for (uint64_t i = 0; i < bases; ++i) {
    const uint64_t num = fields.Number(), den = fields.Number();
    constexpr uint64_t kMost = std::numeric_limits<int32_t>::max();
    if (num < 1 || num > kMost || den < 1 || den > kMost) return Broken("its time base is none");
    time_bases_.push_back({static_cast<int64_t>(num), static_cast<int64_t>(den)});
  }
  FrameCode code;
  uint64_t size = 0, mul = 1;
  for (size_t at = 0; at < codes_.size();) {
    code.flags = fields.Number();
    const uint64_t count_of_fields = fields.Number();
    if (count_of_fields > 0) code.pts_delta = fields.Signed();
    if (count_of_fields > 1) mul = fields.Number();
    if (count_of_fields > 2) code.stream = fields.Number();
    size = count_of_fields > 3 ? fields.Number() : 0;
    code.reserved = count_of_fields > 4 ? fields.Number() : 0;
    uint64_t count = mul > size ? mul - size : 0;
    if (count_of_fields > 5) count = fields.Number();
    if (count_of_fields > 6) fields.Signed();
    if (count_of_fields > 7) code.header = fields.Number();
    for (uint64_t i = 8; i < count_of_fields && fields.good(); ++i) fields.Number();
    const size_t room = codes_.size() - at - (at <= 'N' ? 1 : 0);
    if (!fields.good() || count < 1 || count > room || mul > kMaxFrame || size > kMaxFrame ||
        code.reserved > kMaxFields) {
      return Broken("its table of frame codes makes no sense");
    }
    code.size_mul = mul;
    for (uint64_t i = 0; i < count; ++at) {
      if (at == 'N') {
        codes_[at].flags = nut::kInvalid;
        continue;
      }
      code.size_lsb = size + i++;
      codes_[at] = code;
    }
    if (at == 'N') codes_[at++].flags = nut::kInvalid;
  }
  heads_.resize(1);
  const uint64_t heads = fields.Number();
  if (!fields.good() || heads > 127) return Broken("its elided headers make no sense");
  for (uint64_t i = 0; i < heads; ++i) {
    const auto head = fields.Bytes();
    if (head.size() > 1024) return Broken("its elided headers make no sense");
    heads_.emplace_back(head.begin(), head.end());
  }
  if (!fields.good()) return Broken("its main header ends early");
  has_main_ = true;
  return OkStatus();
}

Status NutReader::ParseStream(std::span<const uint8_t> packet) {
  if (!has_main_) return Broken("it has no main header");
  Fields fields(packet);
  if (fields.Number() != 0 || fields.Number() != 0) return Broken("its stream has no pictures");
  const auto fourcc = fields.Bytes();
  if (fourcc.size() != 4) return Broken("its pictures have no name");
  for (const uint8_t byte : fourcc) {
    stream_.fourcc = stream_.fourcc >> 8 | static_cast<uint32_t>(byte) << 24;
  }
  time_base_ = fields.Number();
  const uint64_t shift = fields.Number();
  fields.Number();  // the greatest distance of time stamps
  fields.Number();  // delay by reordering
  fields.Number();  // flags
  fields.Bytes();   // the codec's own
  const uint64_t width = fields.Number(), height = fields.Number();
  if (!fields.good() || time_base_ >= time_bases_.size() || shift > 15 || width < 1 ||
      width > 1 << 20 || height < 1 || height > 1 << 20) {
    return Broken("its stream's header makes no sense");
  }
  msb_shift_ = static_cast<int>(shift);
  stream_.width = static_cast<int>(width);
  stream_.height = static_cast<int>(height);
  stream_.time_base = time_bases_[static_cast<size_t>(time_base_)];
  has_stream_ = true;
  return OkStatus();
}

Status NutReader::ParseSyncpoint(std::span<const uint8_t> packet) {
  if (!has_stream_) return Broken("it has frames before its headers");
  Fields fields(packet);
  const uint64_t coded = fields.Number();
  if (!fields.good()) return Broken("a syncpoint ends early");
  const Rational& from = time_bases_[static_cast<size_t>(coded % time_bases_.size())];
  const Rational& to = stream_.time_base;
  const auto time = static_cast<int64_t>(coded / time_bases_.size());
  if (from == to) {
    last_pts_ = time;
    return OkStatus();
  }
  const auto scaled = CheckedMul(time, from.num * to.den);  // each below 2^31
  if (!scaled) return Broken("a time stamp is too large");
  last_pts_ = *scaled / (from.den * to.num);
  return OkStatus();
}

Result<std::optional<NutReader::FrameHead>> NutReader::NextFrame() {
  for (;;) {
    PEEL_ASSIGN_OR_RETURN(const bool at_end, AtEnd());
    if (at_end) return std::optional<FrameHead>();
    if (buffer_[begin_] != 'N') {
      PEEL_ASSIGN_OR_RETURN(const FrameHead head, ReadFrameHead());
      return std::optional(head);
    }
    ++begin_;
    PEEL_RETURN_IF_ERROR(ReadOnePacket());
  }
}

Result<NutReader::FrameHead> NutReader::ReadFrameHead() {
  std::vector<uint8_t> kept;
  PEEL_ASSIGN_OR_RETURN(const uint8_t first, ReadByte());
  kept.push_back(first);
  FrameCode code = codes_[first];
  if ((code.flags & nut::kInvalid) != 0) return Broken("a frame's code is none");
  if ((code.flags & nut::kCoded) != 0) {
    PEEL_ASSIGN_OR_RETURN(const uint64_t flags, ReadNumber(&kept));
    code.flags ^= flags;
  }
  if ((code.flags & nut::kStreamId) != 0) {
    PEEL_ASSIGN_OR_RETURN(code.stream, ReadNumber(&kept));
  }
  if (code.stream != 0) return Broken("a frame is of no stream");
  FrameHead head;
  if ((code.flags & nut::kCodedPts) != 0) {
    PEEL_ASSIGN_OR_RETURN(const uint64_t coded, ReadNumber(&kept));
    const uint64_t range = uint64_t{1} << msb_shift_;
    if (coded >= range) {
      head.pts = static_cast<int64_t>(coded - range);  // ReadNumber's are below 2^63
    } else {
      // The low bits alone, of the time nearest to the last one.
      const auto least = static_cast<uint64_t>(last_pts_) - range / 2;
      head.pts = static_cast<int64_t>(((coded - least) & (range - 1)) + least);
    }
  } else {
    const auto next = CheckedAdd(last_pts_, code.pts_delta);
    if (!next) return Broken("a time stamp is too large");
    head.pts = *next;
  }
  uint64_t size = code.size_lsb;
  if ((code.flags & nut::kSizeMsb) != 0) {
    PEEL_ASSIGN_OR_RETURN(const uint64_t msb, ReadNumber(&kept));
    const auto more = CheckedMul(msb, code.size_mul);
    const auto all = more ? CheckedAdd(*more, size) : std::nullopt;
    if (!all) return Broken("a frame is too large");
    size = *all;
  }
  if ((code.flags & nut::kMatchTime) != 0) {
    PEEL_RETURN_IF_ERROR(ReadNumber(&kept).status());
  }
  if ((code.flags & nut::kHeaderIndex) != 0) {
    PEEL_ASSIGN_OR_RETURN(code.header, ReadNumber(&kept));
  }
  if ((code.flags & nut::kReserved) != 0) {
    PEEL_ASSIGN_OR_RETURN(code.reserved, ReadNumber(&kept));
    if (code.reserved > kMaxFields) return Broken("a frame's head is too long");
  }
  for (uint64_t i = 0; i < code.reserved; ++i) {
    PEEL_RETURN_IF_ERROR(ReadNumber(&kept).status());
  }
  if ((code.flags & nut::kSideData) != 0) return Broken("frames with side data are not read");
  if (size > kMaxFrame) return Broken("a frame is too large");
  elided_ = size > nut::kShort ? 0 : static_cast<size_t>(std::min<uint64_t>(code.header, 255));
  if (elided_ >= heads_.size() || heads_[elided_].size() > size) {
    return Broken("a frame's elided header is none");
  }
  if ((code.flags & nut::kChecksum) != 0) {
    std::array<uint8_t, 4> sum;
    PEEL_RETURN_IF_ERROR(ReadBytes(sum));
    if (BigEndian32(sum.data()) != nut::Crc(kept)) return Broken("a checksum is wrong");
  }
  last_pts_ = head.pts;
  head.size = static_cast<size_t>(size);
  return head;
}

Status NutReader::ReadFrame(std::span<uint8_t> into) {
  const std::vector<uint8_t>& head = heads_[elided_];
  if (head.size() > into.size()) return Internal("a frame's buffer is too small");
  std::copy(head.begin(), head.end(), into.begin());
  return ReadBytes(into.subspan(head.size()));
}

}  // namespace peel::video
