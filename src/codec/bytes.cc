#include "src/codec/bytes.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace peel {

std::vector<uint8_t> InflateAtMost(std::span<const uint8_t> zlib_stream, size_t max_bytes) {
  z_stream z = {};
  if (inflateInit(&z) != Z_OK) return {};
  z.next_in = const_cast<Bytef*>(zlib_stream.data());
  z.avail_in = static_cast<uInt>(std::min<size_t>(zlib_stream.size(), UINT32_MAX));
  std::vector<uint8_t> out;
  int result = Z_OK;
  // Grows with what is really there, not with what a header claims.
  while (result == Z_OK && out.size() < max_bytes) {
    const size_t have = out.size();
    const size_t step = std::min(std::max<size_t>(have, 4096), max_bytes - have);
    out.resize(have + step);
    z.next_out = out.data() + have;
    z.avail_out = static_cast<uInt>(step);
    result = inflate(&z, Z_NO_FLUSH);
    out.resize(have + step - z.avail_out);
    if (result == Z_BUF_ERROR) break;  // the stream ends too early
  }
  inflateEnd(&z);
  if (result != Z_STREAM_END) out.clear();
  return out;
}

std::vector<uint8_t> PackBehind(std::string_view head, std::span<const uint8_t> data) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> deflate(
      libdeflate_alloc_compressor(9), libdeflate_free_compressor);
  if (!deflate) return {};
  std::vector<uint8_t> out(head.begin(), head.end());
  const size_t bound = libdeflate_zlib_compress_bound(deflate.get(), data.size());
  out.resize(head.size() + bound);
  const size_t size = libdeflate_zlib_compress(deflate.get(), data.data(), data.size(),
                                               out.data() + head.size(), bound);
  out.resize(size == 0 ? 0 : head.size() + size);
  return out;
}

}  // namespace peel
