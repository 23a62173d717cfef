#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/bytes.h"
#include "src/codec/deflate.h"
#include "src/codec/icc.h"
#include "src/codec/png.h"
#include "src/codec/png_chunks.h"
#include "src/codec/png_filter.h"

namespace peel {
namespace {

void AppendChunk(std::string_view type, std::span<const uint8_t> data, std::vector<uint8_t>* out) {
  const size_t at = out->size();
  out->resize(at + 8);
  WriteBig32(out->data() + at, static_cast<uint32_t>(data.size()));
  std::memcpy(out->data() + at + 4, type.data(), 4);
  out->insert(out->end(), data.begin(), data.end());
  uint8_t crc[4];
  WriteBig32(crc, libdeflate_crc32(0, out->data() + at + 4, data.size() + 4));
  out->insert(out->end(), crc, crc + 4);
}

uint8_t ColourOf(int channels) {
  return channels == 1 ? kPngGrey : channels == 3 ? kPngRgb : kPngRgba;
}

void AppendHead(int width, int height, int channels, int depth, const Metadata* metadata,
                std::vector<uint8_t>* out) {
  out->insert(out->end(), kPngSignature.begin(), kPngSignature.end());
  std::array<uint8_t, 13> header = {};
  WriteBig32(header.data(), static_cast<uint32_t>(width));
  WriteBig32(header.data() + 4, static_cast<uint32_t>(height));
  header[8] = static_cast<uint8_t>(depth);
  header[9] = ColourOf(channels);
  AppendChunk("IHDR", header, out);
  if (metadata == nullptr) return;
  if (!metadata->icc.empty()) {
    const std::vector<uint8_t> icc = WritePngIcc(metadata->icc);
    if (!icc.empty()) AppendChunk("iCCP", icc, out);
  }
  if (!metadata->exif.empty()) AppendChunk("eXIf", metadata->exif, out);
  if (!metadata->xmp.empty()) {
    using namespace std::string_view_literals;
    // Keyword, not packed, no language, no translated keyword.
    constexpr std::string_view kHead = "XML:com.adobe.xmp\0\0\0\0\0"sv;
    std::vector<uint8_t> text(kHead.begin(), kHead.end());
    text.insert(text.end(), metadata->xmp.begin(), metadata->xmp.end());
    AppendChunk("iTXt", text, out);
  }
}

DeflateEffort EffortOf(PngEffort effort) {
  switch (effort) {
    case PngEffort::kDefault:
      return {.chain = 1, .nice = 64};
    case PngEffort::kSmall:
      return {.chain = 48, .nice = 192};
  }
  return {};
}

// Rows as they go into a PNG: 16-bit samples with their high byte first.
struct PngRows {
  const uint8_t* data = nullptr;
  ptrdiff_t stride = 0;  // bytes
  size_t row_bytes = 0;
  int height = 0;
  int pixel_bytes = 0;
};

// The picture is cut into pieces of whole rows, always in the same places, that are filtered and
// then packed independently; each becomes an IDAT chunk.
class PngPacker {
 public:
  PngPacker(const PngRows& rows, PngEffort effort, ThreadPool* pool)
      : rows_(rows), effort_(EffortOf(effort)), pool_(pool) {
    // Enough of them to occupy several processors; but each begins knowing little of what is to
    // come, which costs some hundred bytes.
    const size_t total = (rows.row_bytes + 1) * static_cast<size_t>(rows.height);
    const size_t piece_bytes = std::clamp(total / 8, size_t{1} << 20, size_t{4} << 20);
    rows_per_piece_ = static_cast<int>(std::clamp<size_t>(piece_bytes / (rows.row_bytes + 1), 1,
                                                          static_cast<size_t>(rows.height)));
    pieces_.resize(static_cast<size_t>(DivideUp(rows.height, rows_per_piece_)));
  }

  // Appends the IDAT chunks.
  Status Pack(std::vector<uint8_t>* out) {
    const auto total = CheckedMul<size_t>(rows_.row_bytes + 1, static_cast<size_t>(rows_.height));
    if (!total || rows_.row_bytes >= size_t{1} << 30) {
      return OutOfMemory("a picture of this size cannot be written as PNG");
    }
    PEEL_ASSIGN_OR_RETURN(filtered_, AlignedBuffer::Allocate(*total));
    ForEachPiece([&](size_t i) { Filter(i); });
    adler_ = 1;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      adler_ = CombineAdler32(adler_, pieces_[i].adler, PieceBytes(i));
    }
    ForEachPiece([&](size_t i) { pieces_[i].status = Compress(i); });
    size_t bytes = out->size() + 64;
    for (const Piece& piece : pieces_) {
      PEEL_RETURN_IF_ERROR(piece.status);
      bytes += piece.size;
    }
    out->reserve(bytes);
    for (const Piece& piece : pieces_) {
      out->insert(out->end(), piece.chunk.data(), piece.chunk.data() + piece.size);
    }
    return OkStatus();
  }

 private:
  struct Piece {
    uint32_t adler = 1;
    AlignedBuffer chunk;  // with its frame
    size_t size = 0;
    Status status;
  };

  template <typename F>
  void ForEachPiece(F&& f) {
    const auto body = [&](int64_t i, int) { f(static_cast<size_t>(i)); };
    if (pool_ != nullptr) {
      pool_->ParallelFor(static_cast<int64_t>(pieces_.size()), body);
    } else {
      for (size_t i = 0; i < pieces_.size(); ++i) f(i);
    }
  }

  int FirstRow(size_t i) const { return static_cast<int>(i) * rows_per_piece_; }
  size_t PieceStart(size_t i) const { return FirstRow(i) * (rows_.row_bytes + 1); }
  int PieceRows(size_t i) const { return std::min(rows_per_piece_, rows_.height - FirstRow(i)); }
  size_t PieceBytes(size_t i) const { return PieceRows(i) * (rows_.row_bytes + 1); }

  void Filter(size_t i) {
    uint8_t* to = filtered_.data() + PieceStart(i);
    FilterPngRows(rows_.data + FirstRow(i) * rows_.stride, rows_.stride, rows_.row_bytes,
                  PieceRows(i), rows_.pixel_bytes, i == 0, to);
    pieces_[i].adler = libdeflate_adler32(1, to, PieceBytes(i));
  }

  Status Compress(size_t i) {
    const size_t start = PieceStart(i), bytes = PieceBytes(i);
    Piece& piece = pieces_[i];
    const bool first = i == 0, last = i + 1 == pieces_.size();
    PEEL_ASSIGN_OR_RETURN(piece.chunk, AlignedBuffer::Allocate(DeflateBound(bytes) + 32));
    uint8_t* const chunk = piece.chunk.data();
    uint8_t* at = chunk + 8;
    std::copy_n("IDAT", 4, chunk + 4);
    if (first) {  // zlib's header: deflate, 32 KiB window, ordinary effort
      *at++ = 0x78;
      *at++ = 0x9C;
    }
    at += DeflatePiece({filtered_.data() + start, bytes}, start, last, effort_, at);
    if (last) {
      WriteBig32(at, adler_);
      at += 4;
    }
    WriteBig32(chunk, static_cast<uint32_t>(at - chunk - 8));
    WriteBig32(at, libdeflate_crc32(0, chunk + 4, static_cast<size_t>(at - chunk - 4)));
    piece.size = static_cast<size_t>(at + 4 - chunk);
    return OkStatus();
  }

  PngRows rows_;
  DeflateEffort effort_;
  ThreadPool* pool_;
  int rows_per_piece_ = 1;
  std::vector<Piece> pieces_;
  AlignedBuffer filtered_;
  uint32_t adler_ = 1;
};

Result<AlignedBuffer> BigEndian(ImageView<const uint16_t> pixels) {
  const int samples = pixels.width * pixels.channels;
  const auto bytes = CheckedProduct<size_t>(samples, pixels.height, 2);
  if (!bytes) return OutOfMemory("a picture of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer out, AlignedBuffer::Allocate(*bytes));
  uint8_t* to = out.data();
  for (int y = 0; y < pixels.height; ++y) {
    const uint16_t* row = pixels.row(y);
    for (int i = 0; i < samples; ++i, to += 2) {
      to[0] = static_cast<uint8_t>(row[i] >> 8);
      to[1] = static_cast<uint8_t>(row[i]);
    }
  }
  return out;
}

template <typename T>
Result<std::vector<uint8_t>> EncodeAny(ImageView<const T> pixels, const EncodeOptions& options) {
  PngRows rows;
  rows.pixel_bytes = pixels.channels * static_cast<int>(sizeof(T));
  rows.row_bytes = static_cast<size_t>(pixels.width) * static_cast<size_t>(rows.pixel_bytes);
  rows.height = pixels.height;
  AlignedBuffer swapped;
  if constexpr (sizeof(T) == 2) {
    PEEL_ASSIGN_OR_RETURN(swapped, BigEndian(pixels));
    rows.data = swapped.data();
    rows.stride = static_cast<ptrdiff_t>(rows.row_bytes);
  } else {
    rows.data = pixels.data;
    rows.stride = pixels.stride;
  }
  std::vector<uint8_t> out;
  AppendHead(pixels.width, pixels.height, pixels.channels, 8 * sizeof(T), options.metadata, &out);
  PEEL_RETURN_IF_ERROR(PngPacker(rows, options.png_effort, options.pool).Pack(&out));
  AppendChunk("IEND", {}, &out);
  return out;
}

}  // namespace

Result<std::vector<uint8_t>> EncodePng(ImageView<const uint8_t> pixels,
                                       const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

Result<std::vector<uint8_t>> EncodePng(ImageView<const uint16_t> pixels,
                                       const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

}  // namespace peel
