#include "src/codec/metadata/iptc.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "src/codec/bytes.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kJpegTag = "Photoshop 3.0\0"sv;
constexpr size_t kMaxSegment = 65533;
constexpr size_t kMaxIptc = size_t{16} << 20;
constexpr uint16_t kIptcResource = 0x0404;
constexpr uint8_t kMark = 0x1C;  // before every record

bool StartsWith(std::span<const uint8_t> data, std::string_view text) {
  return data.size() >= text.size() && std::memcmp(data.data(), text.data(), text.size()) == 0;
}

}  // namespace

std::vector<uint8_t> IptcFromPhotoshop(std::span<const uint8_t> resources) {
  // "8BIM", number, name (its length first, padded to even), size, data (padded to even).
  while (resources.size() >= 12 && StartsWith(resources, "8BIM")) {
    const uint16_t number = ReadBig16(resources.data() + 4);
    const size_t name = (size_t{resources[6]} + 2) / 2 * 2;
    if (resources.size() < 6 + name + 4) break;
    resources = resources.subspan(6 + name);
    const size_t size = ReadBig32(resources.data());
    resources = resources.subspan(4);
    if (size > resources.size()) break;
    if (number == kIptcResource && size <= kMaxIptc) {
      return {resources.begin(), resources.begin() + static_cast<ptrdiff_t>(size)};
    }
    resources = resources.subspan(std::min(size + size % 2, resources.size()));
  }
  return {};
}

std::vector<uint8_t> PhotoshopFromIptc(std::span<const uint8_t> iptc) {
  if (iptc.empty()) return {};
  std::vector<uint8_t> out = {'8', 'B', 'I', 'M', kIptcResource >> 8, kIptcResource & 0xFF, 0, 0};
  out.resize(12);
  WriteBig32(out.data() + 8, static_cast<uint32_t>(iptc.size()));
  out.insert(out.end(), iptc.begin(), iptc.end());
  if (out.size() % 2 != 0) out.push_back(0);
  return out;
}

std::vector<uint8_t> CleanIptc(std::span<const uint8_t> iptc) {
  if (iptc.size() > kMaxIptc) return {};
  std::vector<uint8_t> in(iptc.begin(), iptc.end());
  if (in.size() >= 4 && in[0] != kMark && in[3] == kMark) {
    for (size_t i = 0; i + 4 <= in.size(); i += 4) {
      std::swap(in[i], in[i + 3]);
      std::swap(in[i + 1], in[i + 2]);
    }
  }
  std::vector<uint8_t> out;
  // Mark, record, number, size; where its highest bit is set it says how many bytes of size follow.
  for (size_t at = 0; in.size() - at >= 5 && in[at] == kMark;) {
    size_t head = 5, size = ReadBig16(&in[at + 3]);
    if (size >= 0x8000) {
      const size_t bytes = size & 0x7FFF;
      if (bytes > 4 || in.size() - at - head < bytes) break;
      size = 0;
      for (size_t i = 0; i < bytes; ++i) size = size << 8 | in[at + head + i];
      head += bytes;
    }
    if (size > in.size() - at - head) break;
    const bool preview = in[at + 1] == 2 && in[at + 2] >= 200 && in[at + 2] <= 202;
    const auto begin = in.begin() + static_cast<ptrdiff_t>(at);
    if (!preview) out.insert(out.end(), begin, begin + static_cast<ptrdiff_t>(head + size));
    at += head + size;
  }
  return out;
}

std::vector<uint8_t> IptcFromJpeg(std::span<const std::span<const uint8_t>> segments) {
  std::vector<uint8_t> resources;
  for (const auto& segment : segments) {
    if (!StartsWith(segment, kJpegTag)) continue;
    resources.insert(resources.end(), segment.begin() + kJpegTag.size(), segment.end());
  }
  return IptcFromPhotoshop(resources);
}

std::vector<std::vector<uint8_t>> SplitJpegIptc(std::span<const uint8_t> iptc) {
  constexpr size_t kPart = kMaxSegment - kJpegTag.size();
  const std::vector<uint8_t> resources = PhotoshopFromIptc(iptc);
  std::vector<std::vector<uint8_t>> segments;
  for (size_t at = 0; at < resources.size(); at += kPart) {
    auto& segment = segments.emplace_back(kJpegTag.begin(), kJpegTag.end());
    segment.insert(
        segment.end(), resources.begin() + static_cast<ptrdiff_t>(at),
        resources.begin() + static_cast<ptrdiff_t>(std::min(at + kPart, resources.size())));
  }
  return segments;
}

}  // namespace peel
