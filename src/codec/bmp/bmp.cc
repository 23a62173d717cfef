#include "src/codec/bmp/bmp.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/bmp/bmp_header.h"
#include "src/codec/bytes.h"
#include "src/codec/metadata/metadata.h"

namespace peel {
namespace {

using Colour = std::array<uint8_t, 3>;

Status Truncated(const BmpHeader& header, size_t file_bytes, uint64_t row) {
  return Corrupt("the BMP is truncated: it ends after " + std::to_string(file_bytes) +
                 " bytes, at row " + std::to_string(row) + " of " + std::to_string(header.height) +
                 "; get the whole file and try again");
}

// A channel of a pixel by its mask, as 8 bits.
class ChannelReader {
 public:
  explicit ChannelReader(const BmpChannel& channel) : channel_(channel) {
    constexpr uint32_t kTable = 0xFFFF;
    if (channel.most == 0 || channel.most > kTable) return;
    table_.resize(size_t{channel.most} + 1);
    for (uint32_t v = 0; v <= channel.most; ++v) table_[v] = Scaled(v);
  }
  uint8_t Of(uint32_t pixel) const {
    const uint32_t v = (pixel & channel_.mask) >> channel_.shift;
    return table_.empty() ? Scaled(v) : table_[v];
  }

 private:
  uint8_t Scaled(uint32_t v) const {
    if (channel_.most == 0) return 0;
    return static_cast<uint8_t>(uint64_t{v} * 255 / channel_.most);
  }
  BmpChannel channel_;
  std::vector<uint8_t> table_;
};

class BmpReader {
 public:
  BmpReader(const BmpHeader& header, std::span<const uint8_t> bytes)
      : header_(header),
        bytes_(bytes),
        data_(bytes.subspan(std::min(header.pixels_at, bytes.size()))),
        channels_{ChannelReader(header.channels[0]), ChannelReader(header.channels[1]),
                  ChannelReader(header.channels[2]), ChannelReader(header.channels[3])} {}

  Result<ImageU8> Read() {
    if (header_.coding == BmpCoding::kPlain) PEEL_RETURN_IF_ERROR(CheckRows());
    PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(static_cast<int>(header_.width),
                                                         static_cast<int>(header_.height),
                                                         header_.has_alpha() ? 4 : 3));
    if (header_.coding == BmpCoding::kRle) {
      PEEL_RETURN_IF_ERROR(ReadRuns(out));
    } else {
      for (int y = 0; y < out.height(); ++y) {
        ExpandRow(data_.data() + static_cast<uint64_t>(y) * header_.row_bytes(), RowOf(y, out));
      }
    }
    if (header_.has_alpha()) IgnoreEmptyAlpha(out);
    return out;
  }

  std::string Doubts() const {
    if (broken_runs_) {
      return "the BMP's picture data is damaged; parts of the picture may look wrong";
    }
    if (stray_index_) {
      return "the BMP is damaged: its palette lacks some of the colours that it uses; they are "
             "black";
    }
    return "";
  }

 private:
  // The last row need not have its padding. Before memory is spent on the picture.
  Status CheckRows() const {
    const uint64_t row = header_.row_bytes();
    const uint64_t last = (uint64_t{header_.width} * static_cast<uint64_t>(header_.bits) + 7) / 8;
    if (data_.size() >= row * (header_.height - 1) + last) return OkStatus();
    return Truncated(header_, bytes_.size(),
                     std::min<uint64_t>(data_.size() / row, header_.height - 1));
  }

  // Of row y as the file has them.
  uint8_t* RowOf(int y, ImageU8& out) const {
    return out.row(header_.top_down ? y : out.height() - 1 - y);
  }

  const Colour& ColourOf(uint32_t index) {
    stray_index_ |= static_cast<int>(index) >= header_.palette_size;
    return header_.palette[index];
  }

  void ExpandRow(const uint8_t* from, uint8_t* to) {
    const int bits = header_.bits;
    const size_t width = header_.width;
    if (bits == 24) {
      for (size_t x = 0; x < width; ++x, from += 3, to += 3) {
        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
      }
      return;
    }
    if (bits > 8) {
      const size_t step = static_cast<size_t>(bits) / 8;
      const bool alpha = header_.has_alpha();
      for (size_t x = 0; x < width; ++x, from += step) {
        const uint32_t pixel = bits == 16 ? ReadLittle16(from) : ReadLittle32(from);
        for (size_t c = 0; c < 3; ++c) *to++ = channels_[c].Of(pixel);
        if (alpha) *to++ = channels_[3].Of(pixel);
      }
      return;
    }
    // The leftmost pixel has the highest bits.
    const uint32_t mask = (1u << bits) - 1;
    for (size_t x = 0, at = 0; x < width; ++x, at += static_cast<size_t>(bits), to += 3) {
      const int shift = 8 - bits - static_cast<int>(at % 8);
      std::memcpy(to, ColourOf(uint32_t{from[at / 8]} >> shift & mask).data(), 3);
    }
  }

  // Pairs of bytes: a count and a value, or 0 and a command.
  Status ReadRuns(ImageU8& out) {
    const Colour ground = header_.bits == 24 ? Colour{} : header_.palette[0];
    for (int y = 0; y < out.height(); ++y) {
      for (int x = 0; x < out.width(); ++x)
        std::memcpy(out.row(y) + ptrdiff_t{3} * x, ground.data(), 3);
    }
    const size_t value_bytes = header_.bits == 24 ? 3 : 1;
    const auto height = static_cast<int64_t>(out.height());
    size_t at = 0;
    int64_t x = 0, y = 0;
    const auto left = [&] { return data_.size() - at; };
    // Pixel i of a run or a literal stretch whose bytes begin at `from`.
    const auto put = [&](const uint8_t* from, size_t i, bool literal) {
      const int64_t to_x = x++;
      if (to_x >= out.width() || y >= height) {
        broken_runs_ = true;
        return;
      }
      uint8_t* to = RowOf(static_cast<int>(y), out) + 3 * to_x;
      if (header_.bits == 24) {
        const uint8_t* bgr = from + (literal ? 3 * i : 0);
        to[0] = bgr[2];
        to[1] = bgr[1];
        to[2] = bgr[0];
      } else if (header_.bits == 8) {
        std::memcpy(to, ColourOf(from[literal ? i : 0]).data(), 3);
      } else {  // two to a byte, the high one first; a run takes turns
        const uint32_t two = from[literal ? i / 2 : 0];
        std::memcpy(to, ColourOf(i % 2 == 0 ? two >> 4 : two & 15).data(), 3);
      }
    };
    while (y < height) {
      if (left() < 2) return EndsAt(x, y, out);
      const size_t count = data_[at], command = data_[at + 1];
      if (count > 0) {
        if (left() < 1 + value_bytes) return EndsAt(x, y, out);
        for (size_t i = 0; i < count; ++i) put(data_.data() + at + 1, i, /*literal=*/false);
        at += 1 + value_bytes;
        continue;
      }
      at += 2;
      if (command == 0) {  // end of the row
        x = 0;
        ++y;
      } else if (command == 1) {  // end of the picture
        return OkStatus();
      } else if (command == 2) {  // a step right and on
        if (left() < 2) return EndsAt(x, y, out);
        x += data_[at];
        y += data_[at + 1];
        at += 2;
      } else {
        const size_t bytes = header_.bits == 4 ? (command + 1) / 2 : command * value_bytes;
        if (left() < bytes) return EndsAt(x, y, out);
        for (size_t i = 0; i < command; ++i) put(data_.data() + at, i, /*literal=*/true);
        at += bytes;
        at += std::min(bytes % 2, left());  // filled up to two bytes
      }
    }
    return OkStatus();
  }

  // The data ends where there is no command to end it: forgiven behind the last pixel.
  Status EndsAt(int64_t x, int64_t y, const ImageU8& out) const {
    if (y == out.height() - 1 && x >= out.width()) return OkStatus();
    return Truncated(header_, bytes_.size(), static_cast<uint64_t>(y));
  }

  // A mask for alpha and nothing in it: the writer has no alpha.
  static void IgnoreEmptyAlpha(ImageU8& out) {
    for (int y = 0; y < out.height(); ++y) {
      const uint8_t* p = out.row(y);
      for (int x = 0; x < out.width(); ++x) {
        if (p[4 * x + 3] != 0) return;
      }
    }
    for (int y = 0; y < out.height(); ++y) {
      uint8_t* p = out.row(y);
      for (int x = 0; x < out.width(); ++x) p[4 * x + 3] = 255;
    }
  }

  const BmpHeader& header_;
  const std::span<const uint8_t> bytes_, data_;
  const std::array<ChannelReader, 4> channels_;
  bool broken_runs_ = false, stray_index_ = false;
};

// Black, white and evenly between them: what Pillow takes for a grey picture.
bool IsGrey(const BmpHeader& header) {
  if (header.bits > 8 || header.palette_size != 1 << header.bits) return false;
  for (int i = 0; i < header.palette_size; ++i) {
    const auto v = static_cast<uint8_t>(header.bits == 1 ? 255 * i : i);
    if (header.palette[static_cast<size_t>(i)] != Colour{v, v, v}) return false;
  }
  return true;
}

}  // namespace

Result<Picture> DecodeBmp(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const BmpHeader header, ParseBmp(bytes));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, header.width, header.height));
  Picture picture;
  picture.format = Format::kBmp;
  picture.stored_width = static_cast<int>(header.width);
  picture.stored_height = static_cast<int>(header.height);
  picture.has_alpha = header.has_alpha();
  picture.was_grey = IsGrey(header);
  picture.orientation_applied = options.apply_orientation;
  BmpReader reader(header, bytes);
  PEEL_ASSIGN_OR_RETURN(picture.pixels, reader.Read());
  picture.warning = reader.Doubts();
  Metadata found;
  found.icc.assign(header.icc.begin(), header.icc.end());
  found.resolution = ResolutionPerMetre(header.x_per_metre, header.y_per_metre);
  AdoptMetadata(std::move(found), options, &picture);
  return picture;
}

Result<PictureInfo> ProbeBmp(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(const BmpHeader header, ParseBmp(bytes));
  PictureInfo info;
  info.format = Format::kBmp;
  info.width = static_cast<int>(header.width);
  info.height = static_cast<int>(header.height);
  info.channels = header.bits <= 8 ? 1 : header.has_alpha() ? 4 : 3;
  info.has_alpha = header.has_alpha();
  info.is_palette = header.bits <= 8;
  return info;
}

}  // namespace peel
