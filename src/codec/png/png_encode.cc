#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/bilevel.h"
#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/png/deflate.h"
#include "src/codec/png/deflate_block.h"
#include "src/codec/png/png.h"
#include "src/codec/png/png_chunks.h"
#include "src/codec/png/png_filter.h"
#include "src/codec/png/png_write.h"
#include "src/image/rows.h"

namespace peel {
namespace {

void AppendChunk(std::string_view type, std::span<const uint8_t> data, std::vector<uint8_t>* out) {
  AppendPngChunk(type, data, out);
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
  if (const auto whole = WholePerMetre(metadata->resolution, INT32_MAX)) {
    std::array<uint8_t, 9> physical = {};
    WriteBig32(physical.data(), whole->x);
    WriteBig32(physical.data() + 4, whole->y);
    physical[8] = whole->unit != Resolution::Unit::kNone;  // pixels a metre
    AppendChunk("pHYs", physical, out);
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
  if (!metadata->iptc.empty()) {
    const std::vector<uint8_t> text = WritePngIptc(metadata->iptc);
    if (!text.empty()) AppendChunk("zTXt", text, out);
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
// packed independently; each becomes an IDAT chunk. What a piece needs of the rows before it, which
// deflate may point back to, is filtered again: a row's filter depends on no other row's.
class PngPacker {
 public:
  PngPacker(const PngRows& rows, PngEffort effort, ThreadPool* pool)
      : rows_(rows), line_(rows.row_bytes + 1), effort_(EffortOf(effort)), pool_(pool) {
    // Enough of them to occupy several processors; but each begins knowing little of what is to
    // come, which costs some hundred bytes.
    const size_t total = line_ * static_cast<size_t>(rows.height);
    const size_t piece_bytes = std::clamp(total / 8, size_t{1} << 20, size_t{4} << 20);
    rows_per_piece_ = static_cast<int>(
        std::clamp<size_t>(piece_bytes / line_, 1, static_cast<size_t>(rows.height)));
    pieces_.resize(static_cast<size_t>(DivideUp(rows.height, rows_per_piece_)));
  }

  // Appends the IDAT chunks.
  Status Pack(std::vector<uint8_t>* out) {
    PEEL_RETURN_IF_ERROR(MakePieces());
    size_t bytes = out->size() + 64;
    for (const Piece& one : pieces_) bytes += one.data.size() + 12;
    out->reserve(bytes);
    for (const Piece& one : pieces_) AppendChunk("IDAT", one.data, out);
    return OkStatus();
  }

  // What they hold.
  Result<std::vector<std::vector<uint8_t>>> Pieces() {
    PEEL_RETURN_IF_ERROR(MakePieces());
    std::vector<std::vector<uint8_t>> pieces;
    for (Piece& one : pieces_) pieces.push_back(std::move(one.data));
    return pieces;
  }

 private:
  Status MakePieces() {
    if (!CheckedMul<size_t>(line_, static_cast<size_t>(rows_.height)) ||
        rows_.row_bytes >= size_t{1} << 30) {
      return OutOfMemory("a picture of this size cannot be written as PNG");
    }
    std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool_)));
    const size_t piece = line_ * static_cast<size_t>(rows_per_piece_);
    for (Scratch& one : scratch) {
      PEEL_ASSIGN_OR_RETURN(
          one.filtered,
          AlignedBuffer::Allocate(piece + line_ * static_cast<size_t>(HistoryRows(rows_.height))));
      PEEL_ASSIGN_OR_RETURN(one.packed, AlignedBuffer::Allocate(DeflateBound(piece)));
    }
    ForRowBands(
        static_cast<int>(pieces_.size()), pool_,
        [&](int first, int last, int worker) {
          for (int i = first; i < last; ++i) {
            MakePiece(static_cast<size_t>(i), scratch[static_cast<size_t>(worker)]);
          }
        },
        1);
    uint32_t adler = 1;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      adler = CombineAdler32(adler, pieces_[i].adler, PieceBytes(i));
    }
    std::vector<uint8_t>& end = pieces_.back().data;
    end.resize(end.size() + 4);
    WriteBig32(&end[end.size() - 4], adler);
    return OkStatus();
  }

  struct Piece {
    uint32_t adler = 1;  // of its filtered rows
    std::vector<uint8_t> data;
  };
  // What a worker needs again for every piece.
  struct Scratch {
    AlignedBuffer filtered, packed;
  };

  int FirstRow(size_t i) const { return static_cast<int>(i) * rows_per_piece_; }
  int PieceRows(size_t i) const { return std::min(rows_per_piece_, rows_.height - FirstRow(i)); }
  size_t PieceBytes(size_t i) const { return line_ * static_cast<size_t>(PieceRows(i)); }
  // Rows before row `first` that a piece which begins there may point back to.
  int HistoryRows(int first) const {
    return static_cast<int>(
        std::min<size_t>(DivideUp(size_t{kMaxDistance}, line_), static_cast<size_t>(first)));
  }

  void MakePiece(size_t i, Scratch& scratch) {
    const int before = HistoryRows(FirstRow(i)), top = FirstRow(i) - before;
    FilterPngRows(rows_.data + top * rows_.stride, rows_.stride, rows_.row_bytes,
                  before + PieceRows(i), rows_.pixel_bytes, top == 0, scratch.filtered.data());
    const size_t history = line_ * static_cast<size_t>(before);
    const std::span<const uint8_t> rows(scratch.filtered.data() + history, PieceBytes(i));
    pieces_[i].adler = libdeflate_adler32(1, rows.data(), rows.size());
    const size_t size =
        DeflatePiece(rows, history, i + 1 == pieces_.size(), effort_, scratch.packed.data());
    std::vector<uint8_t>& data = pieces_[i].data;
    data.reserve(size + 6);
    // zlib's header: deflate, 32 KiB window, ordinary effort
    if (i == 0) data = {0x78, 0x9C};
    data.insert(data.end(), scratch.packed.data(), scratch.packed.data() + size);
  }

  PngRows rows_;
  size_t line_;  // bytes of a filtered row
  DeflateEffort effort_;
  ThreadPool* pool_;
  int rows_per_piece_ = 1;
  std::vector<Piece> pieces_;
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

Result<AlignedBuffer> Bilevel(ImageView<const uint8_t> grey, size_t row_bytes) {
  const auto bytes = CheckedProduct<size_t>(row_bytes, grey.height);
  if (!bytes) return OutOfMemory("a picture of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer out, AlignedBuffer::Allocate(*bytes));
  for (int y = 0; y < grey.height; ++y) {
    PackBits(grey.row(y), grey.width, /*black_is_one=*/false,
             out.data() + static_cast<size_t>(y) * row_bytes);
  }
  return out;
}

template <typename T>
Result<std::vector<uint8_t>> EncodeAny(ImageView<const T> pixels, const EncodeOptions& options) {
  PngRows rows;
  rows.pixel_bytes = pixels.channels * static_cast<int>(sizeof(T));
  rows.row_bytes = static_cast<size_t>(pixels.width) * static_cast<size_t>(rows.pixel_bytes);
  rows.height = pixels.height;
  int depth = 8 * sizeof(T);
  AlignedBuffer converted;
  if constexpr (sizeof(T) == 2) {
    PEEL_ASSIGN_OR_RETURN(converted, BigEndian(pixels));
  } else if (options.bilevel && pixels.channels == 1) {
    depth = 1;
    rows.row_bytes = (rows.row_bytes + 7) / 8;
    PEEL_ASSIGN_OR_RETURN(converted, Bilevel(pixels, rows.row_bytes));
  } else {
    rows.data = pixels.data;
    rows.stride = pixels.stride;
  }
  if (rows.data == nullptr) {
    rows.data = converted.data();
    rows.stride = static_cast<ptrdiff_t>(rows.row_bytes);
  }
  std::vector<uint8_t> out;
  AppendHead(pixels.width, pixels.height, pixels.channels, depth, options.metadata, &out);
  PEEL_RETURN_IF_ERROR(PngPacker(rows, options.png_effort, options.pool).Pack(&out));
  AppendChunk("IEND", {}, &out);
  return out;
}

}  // namespace

void AppendPngChunk(std::string_view type, std::span<const uint8_t> data,
                    std::vector<uint8_t>* out) {
  const size_t at = out->size();
  out->resize(at + 8);
  WriteBig32(out->data() + at, static_cast<uint32_t>(data.size()));
  std::memcpy(out->data() + at + 4, type.data(), 4);
  out->insert(out->end(), data.begin(), data.end());
  uint8_t crc[4];
  WriteBig32(crc, libdeflate_crc32(0, out->data() + at + 4, data.size() + 4));
  out->insert(out->end(), crc, crc + 4);
}

void AppendPngHead(int width, int height, int channels, const Metadata* metadata,
                   std::vector<uint8_t>* out) {
  AppendHead(width, height, channels, 8, metadata, out);
}

Result<std::vector<std::vector<uint8_t>>> PackPng(ImageView<const uint8_t> pixels, PngEffort effort,
                                                  ThreadPool* pool) {
  PngRows rows;
  rows.pixel_bytes = pixels.channels;
  rows.row_bytes = static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.channels);
  rows.height = pixels.height;
  rows.data = pixels.data;
  rows.stride = pixels.stride;
  return PngPacker(rows, effort, pool).Pieces();
}

Result<std::vector<uint8_t>> EncodePng(ImageView<const uint8_t> pixels,
                                       const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

Result<std::vector<uint8_t>> EncodePng(ImageView<const uint16_t> pixels,
                                       const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

}  // namespace peel
