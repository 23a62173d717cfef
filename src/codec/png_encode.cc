#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/bytes.h"
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

template <typename T>
Result<std::vector<uint8_t>> EncodeAny(ImageView<const T> pixels, const EncodeOptions& options) {
  const size_t row_bytes = static_cast<size_t>(pixels.width) * pixels.channels * sizeof(T);
  const auto total = CheckedMul<size_t>(row_bytes + 1, pixels.height);
  if (!total) return OutOfMemory("a picture of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer filtered, AlignedBuffer::Allocate(*total));
  const int pixel_bytes = pixels.channels * static_cast<int>(sizeof(T));
  AlignedBuffer swapped;
  const auto* rows = reinterpret_cast<const uint8_t*>(pixels.data);
  ptrdiff_t stride = pixels.stride * static_cast<ptrdiff_t>(sizeof(T));
  if constexpr (sizeof(T) == 2) {
    PEEL_ASSIGN_OR_RETURN(swapped, AlignedBuffer::Allocate(row_bytes * pixels.height));
    uint8_t* to = swapped.data();
    for (int y = 0; y < pixels.height; ++y) {
      for (int i = 0; i < pixels.width * pixels.channels; ++i, to += 2) {
        to[0] = static_cast<uint8_t>(pixels.row(y)[i] >> 8);
        to[1] = static_cast<uint8_t>(pixels.row(y)[i]);
      }
    }
    rows = swapped.data();
    stride = static_cast<ptrdiff_t>(row_bytes);
  }
  FilterPngRows(rows, stride, row_bytes, pixels.height, pixel_bytes, true, filtered.data());

  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> deflate(
      libdeflate_alloc_compressor(5), libdeflate_free_compressor);
  if (!deflate) return OutOfMemory("no memory left for packing the PNG");
  const size_t bound = libdeflate_zlib_compress_bound(deflate.get(), *total);
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer packed, AlignedBuffer::Allocate(bound));
  const size_t size = libdeflate_zlib_compress(deflate.get(), filtered.data(), *total,
                                               packed.data(), bound);
  std::vector<uint8_t> out;
  out.reserve(size + 1024);
  AppendHead(pixels.width, pixels.height, pixels.channels, 8 * sizeof(T), options.metadata, &out);
  AppendChunk("IDAT", {packed.data(), size}, &out);
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
