#include "src/codec/icc.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "src/codec/bytes.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kJpegTag = "ICC_PROFILE\0"sv;
constexpr size_t kJpegHeader = 14;  // tag, number, count
constexpr size_t kJpegPart = 65533 - kJpegHeader;
constexpr size_t kIccHeader = 128;

}  // namespace

IccSpace IccColourSpace(std::span<const uint8_t> icc) {
  if (icc.size() < kIccHeader + 4 || icc.size() > kMaxIccBytes) return IccSpace::kInvalid;
  if (std::memcmp(icc.data() + 36, "acsp", 4) != 0) return IccSpace::kInvalid;
  if (ReadBig32(icc.data()) > icc.size()) return IccSpace::kInvalid;
  const std::string_view space(reinterpret_cast<const char*>(icc.data()) + 16, 4);
  if (space == "RGB ") return IccSpace::kRgb;
  if (space == "GRAY") return IccSpace::kGrey;
  if (space == "CMYK") return IccSpace::kCmyk;
  return IccSpace::kOther;
}

std::vector<uint8_t> IccForRgb(std::span<const uint8_t> icc) {
  if (IccColourSpace(icc) != IccSpace::kRgb) return {};
  return {icc.begin(), icc.end()};
}

std::vector<uint8_t> JoinJpegIcc(std::span<const std::span<const uint8_t>> segments) {
  if (segments.empty()) return {};
  std::array<std::span<const uint8_t>, 256> parts = {};
  size_t count = 0, total = 0;
  for (const auto& segment : segments) {
    if (segment.size() < kJpegHeader) return {};
    const size_t number = segment[12];
    if (count == 0) count = segment[13];
    if (segment[13] != count || number == 0 || number > count || parts[number].data() != nullptr) {
      return {};
    }
    parts[number] = segment.subspan(kJpegHeader);
    total += parts[number].size();
  }
  if (total > kMaxIccBytes) return {};
  std::vector<uint8_t> icc;
  icc.reserve(total);
  for (size_t i = 1; i <= count; ++i) {
    if (parts[i].data() == nullptr) return {};
    icc.insert(icc.end(), parts[i].begin(), parts[i].end());
  }
  return icc;
}

std::vector<std::vector<uint8_t>> SplitJpegIcc(std::span<const uint8_t> icc) {
  const size_t count = (icc.size() + kJpegPart - 1) / kJpegPart;
  if (count > 255) return {};
  std::vector<std::vector<uint8_t>> segments(count);
  for (size_t i = 0; i < count; ++i) {
    const auto part = icc.subspan(i * kJpegPart, std::min(kJpegPart, icc.size() - i * kJpegPart));
    auto& segment = segments[i];
    segment.assign(kJpegTag.begin(), kJpegTag.end());
    segment.push_back(static_cast<uint8_t>(i + 1));
    segment.push_back(static_cast<uint8_t>(count));
    segment.insert(segment.end(), part.begin(), part.end());
  }
  return segments;
}

std::vector<uint8_t> ReadPngIcc(std::span<const uint8_t> chunk) {
  const auto nul = std::find(chunk.begin(), chunk.end(), uint8_t{0});
  if (chunk.end() - nul < 2 || nul[1] != 0) return {};
  return InflateAtMost({nul + 2, chunk.end()}, kMaxIccBytes);
}

std::vector<uint8_t> WritePngIcc(std::span<const uint8_t> icc) {
  constexpr std::string_view kName = "ICC profile\0\0"sv;  // name, NUL, method
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> deflate(
      libdeflate_alloc_compressor(9), libdeflate_free_compressor);
  if (!deflate) return {};
  std::vector<uint8_t> chunk(kName.begin(), kName.end());
  const size_t bound = libdeflate_zlib_compress_bound(deflate.get(), icc.size());
  chunk.resize(kName.size() + bound);
  const size_t size = libdeflate_zlib_compress(deflate.get(), icc.data(), icc.size(),
                                               chunk.data() + kName.size(), bound);
  chunk.resize(size == 0 ? 0 : kName.size() + size);
  return chunk;
}

}  // namespace peel
